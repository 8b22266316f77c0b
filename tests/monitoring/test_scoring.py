"""What a text is: the same in any company, and never an error."""

import json
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

from monitoring.enums import Blame, CrisisType, Emotion, Sentiment
from monitoring.scoring import score, score_batch
from monitoring.scoring.features import word_rows
from monitoring.scoring.model import SHIPPED, load

HOSTILE = [
    "",
    " ",
    "\n\n",
    "😡" * 500,
    "\u202eabc \u0645\u0631\u062d\u0628\u0627",
    "\x00nul\x00",
    "half \ud83d of a pair \ude00",
    "a" * 100_000,
    "@" * 5000,
    "http://" * 3000,
    "\U0010ffff\ufffe\uffff",
    "#@!?" * 2000,
    "<script>alert(1)</script>",
]


def test_plain_feelings_are_recognised_in_both_languages() -> None:
    texts = [
        "This is wonderful, thank you so much, I love it!",
        "Terrible, awful service. I am furious.",
        "Hvor er det dejligt, tusind tak, jeg elsker det!",
        "Elendigt og forfærdeligt, jeg er rasende.",
    ]
    found = [one.sentiment for one in score(texts)]
    assert found == ["positive", "negative", "positive", "negative"]


def test_a_negated_word_loses_its_weight() -> None:
    plain, negated = score(["I am happy with it", "I am not happy with it"])
    assert negated.sentiment_score < plain.sentiment_score


def test_danish_is_told_from_norwegian_and_english() -> None:
    texts = [
        "Jeg kan ikke forstå, hvad der er sket med min bestilling hos jer",
        "Jeg skjønner ikke hva som har skjedd med bestillingen min hos dere",
        "I do not understand what happened to my order with you",
    ]
    assert score_batch(texts).language == ["da", "no", "en"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_gets_an_ordinary_answer(text: str) -> None:
    (found,) = score([text])
    assert found.sentiment in Sentiment.values
    assert found.crisis_type in CrisisType.values
    assert -1 <= found.sentiment_score <= 1
    assert 0 <= found.confidence <= 1


def test_an_enormous_text_costs_no_more_than_its_beginning() -> None:
    enormous = "terrible service " * 3_000_000
    (whole,) = score([enormous])
    (beginning,) = score([enormous[:1000]])
    assert whole == beginning


def test_a_text_scores_the_same_alone_and_in_any_company() -> None:
    texts = [*HOSTILE, "I love this", "Jeg hader det her", *(f"filler {n}" for n in range(300))]
    together = score(texts)
    assert together == [score([text])[0] for text in texts]
    assert together[::-1] == score(texts[::-1])


def test_an_empty_batch_gives_empty_columns() -> None:
    arrays = score_batch([])
    assert arrays.language == []
    assert arrays.sentiment == []
    assert len(arrays.sentiment_score) == 0


def test_columns_agree_with_each_other() -> None:
    arrays = score_batch(["Great!", "Awful!", "The shop opens at nine."] * 200)
    assert len(set(map(len, (arrays.language, arrays.sentiment, arrays.crisis_type)))) == 1
    assert np.isfinite(arrays.sentiment_score).all()
    assert ((arrays.confidence > 1 / 3 - 1e-9) & (arrays.confidence <= 1)).all()


def test_shared_posts_have_one_fingerprint_and_other_opinions_another() -> None:
    said = "The plane to Oslo is cancelled and nobody at the desk tells us why"
    kin = [
        said,
        f"RT @someone: {said}",
        f"{said} https://example.org/x",
        f"{said}!!! 😡",
        said.upper(),
    ]
    other = "The plane to Oslo was lovely and everybody at the desk was kind to us"
    prints = [one.fingerprint for one in score([*kin, other])]
    assert len(set(prints[:-1])) == 1
    assert prints[-1] not in prints[:-1]
    assert all(0 < each < 2**63 for each in prints)


def test_texts_too_short_to_be_anybodys_have_no_fingerprint() -> None:
    assert [one.fingerprint for one in score(["thank you", "😡😡😡", "", "tak @x"])] == [0, 0, 0, 0]


def test_a_question_is_told_from_a_statement_in_both_languages() -> None:
    texts = ["When does the shop in Hull open today?", "The shop in Hull opens at nine today."]
    texts += ["Hvornår åbner butikken i Vejle i dag?", "Butikken i Vejle åbner klokken ni i dag."]
    assert [one.question for one in score(texts)] == [True, False, True, False]


def test_every_share_is_one() -> None:
    for found in score(["Brand på fabrikken, tre såret", "I love it", "", "why??"]):
        for sure in (found.emotion_confidence, found.blame_confidence, found.crisis_confidence):
            assert 0 < sure <= 1
        assert found.emotion in Emotion.values
        assert found.blame in Blame.values


@pytest.mark.parametrize("broken", ["turned", "wide"])
def test_a_table_that_is_not_bytes_row_after_row_is_refused(broken: str, tmp_path: Path) -> None:
    base = dict(np.load(SHIPPED))
    part = base["weights"][:64]
    base["weights"] = np.asfortranarray(part) if broken == "turned" else part.astype(np.int16)
    np.savez(tmp_path / "broken.npz", **base)
    with pytest.raises(ValueError, match="bytes, row after row"):
        load(tmp_path / "broken.npz")


def test_the_table_is_the_files_weights_each_raised_above_zero() -> None:
    weights = np.load(SHIPPED)["weights"]
    table = load(SHIPPED).table.view(np.uint8)
    assert np.array_equal(table[:, : weights.shape[1]].view(np.int8) ^ -128, weights)
    assert not table[:, weights.shape[1] :].any()


def test_a_layer_of_units_tells_what_it_was_taught_and_leaves_other_answers(
    tmp_path: Path, settings: Settings
) -> None:
    """A model file as tools/learn_taught.py writes it: one unit that stands for the word "sick"."""
    base = dict(np.load(SHIPPED))
    about = json.loads(str(base["about"]))
    unit = np.zeros((len(base["weights"]), 1), dtype=np.int8)
    unit[word_rows(["sick"], about["bits"])] = 127
    path = tmp_path / "taught.npz"
    about["inner"] = {"sentiment": 1}
    inner = {
        "weights": np.hstack((base["weights"], unit)),
        "scale": np.append(base["scale"], 1.0),
        "about": np.array(json.dumps(about)),
        "sentiment_inner_plain": np.zeros((5, 1)),
        "sentiment_inner_offset": np.zeros(1),
        "sentiment_inner_out": np.array([[0.0, 0.0, 20.0]]),
    }
    np.savez(path, **{**base, **inner})
    texts = ["a sick board", "a board", "awful and sick", "", "awful", "ikke sick"]
    before = score_batch(texts)
    settings.SCORING_MODEL = str(path)
    after = score_batch(texts)
    # Negated it is another word, which the unit does not know.
    assert [label == "positive" for label in after.sentiment] == [True, False, True] + [False] * 3
    assert np.allclose(after.sentiment_score[[1, 3, 4, 5]], before.sentiment_score[[1, 3, 4, 5]])
    assert after.crisis_type == before.crisis_type
    assert np.array_equal(after.emotion_confidence, before.emotion_confidence)
