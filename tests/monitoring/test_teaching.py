"""What the fast tier is taught with: texts in other words, words with opinions, even answers."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from tools import corpora
from tools.learning import Fitted, Seen, Student, even, together
from tools.train_scoring import Eyes, quantised, word_table
from tools.variants import NEAREST, Changer, neighbours
from tools.vectors import Vectors, beside, opinions

_LIST = """ekstase,,sb.,11010946,5,ekstase;ekstasen;ekstasers
sløj,,adj.,1,-2,sløj;sløje;sløjt
ekstasen,,sb.,2,1,ekstasen
rod,,sb.,3,50003881,rod;roden
"""


def _folder(tmp_path: Path, name: str, lines: str) -> Path:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines.encode()))
    return tmp_path


def test_the_danish_list_gives_all_forms_the_first_weight_and_no_slips(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "lexicons/danish_sentiment_lexicon_DDS.csv.gz", _LIST)
    found = corpora.danish_words(folder)
    assert found == {
        **dict.fromkeys(("ekstase", "ekstasen", "ekstasers"), 5.0),
        **dict.fromkeys(("sløj", "sløje", "sløjt"), -2.0),
    }


def test_without_the_danish_list_there_are_no_words_of_it(tmp_path: Path) -> None:
    assert corpora.danish_words(tmp_path) == {}


def test_figures_of_words_stand_beside_their_vectors() -> None:
    known = Vectors(["a", "c"], np.array([[1, 2], [3, 4]], dtype=np.float32))
    found = beside(known, ["c", "b"], np.array([[5.0], [6.0]]))
    assert found.words == ["a", "b", "c"]
    assert found.table.tolist() == [[1, 2, 0], [0, 0, 6], [3, 4, 5]]


def test_an_opinion_is_told_from_that_of_most_words() -> None:
    logits = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 1.0], [0.0, 5.0, -3.0]])
    figures = opinions(["lampe", "stol", "lort"], logits, {"lort": -3.0})
    assert figures[0].tolist() == figures[1].tolist() == [0, 0, 0, 0]
    assert figures[2, 0] > 0 > figures[2, 1]
    assert figures[2, 2:].tolist() == [0, 1]


def test_what_was_learned_of_a_words_figures_is_folded_into_its_rows() -> None:
    """A word that no text taught has the opinion that its figures give it."""
    known = beside(
        Vectors(["fin"], np.ones((1, 2), dtype=np.float32)), ["sløj"], np.array([[0.0, 2.0]])
    )
    eyes = Eyes(known, word_table({}))
    seen = eyes.see(["det er sløj", "ikke sløj", "fin", "noget andet"])
    source = np.random.default_rng(1)
    shapes = (seen.rows.shape[1], 3), (seen.meaning.shape[1], 3), (seen.plain.shape[1], 3)
    rows, meaning, plain = (source.normal(size=shape).astype(np.float32) for shape in shapes)
    fitted = Fitted(rows, meaning, plain, np.zeros(3, dtype=np.float32))
    folded = seen.rows @ eyes.folded(fitted) + seen.plain @ plain
    assert np.abs(seen.meaning[:3]).max(axis=1).min() > 0
    assert np.allclose(folded, fitted.logits(seen), atol=1e-3)


def test_students_together_say_the_mean_of_what_each_says() -> None:
    source = np.random.default_rng(1)

    def drawn(*shape: int) -> np.ndarray[Any, Any]:
        return source.normal(size=shape).astype(np.float32)

    def student() -> Student:
        return Student(Fitted(drawn(9, 7), drawn(4, 7), drawn(5, 7), drawn(7)), drawn(4, 3))

    students = [student(), student(), student()]
    seen = Seen(sp.csr_matrix(drawn(6, 9)), drawn(6, 4), drawn(6, 5))
    each = [one.logits(seen) for one in students]
    found = together(students)
    assert np.allclose(found.logits(seen), np.mean(each, axis=0), atol=1e-4)
    assert not np.allclose(each[0], each[1], atol=0.1)
    assert found.out.shape == (12, 3)
    assert np.allclose(together(students[:1]).logits(seen), each[0], atol=1e-4)


def test_a_strong_word_keeps_its_weight_where_few_are_clipped() -> None:
    weights = np.full((100_000, 1), 0.01, dtype=np.float32)
    weights[::2] *= -1
    weights[:3, 0] = 2.0, -2.0, 1.0
    kept, cut = (
        small * size for small, size in (quantised(weights, clipped=1e-5), quantised(weights))
    )
    assert np.allclose(kept[:3, 0], weights[:3, 0], rtol=0.02)
    assert cut[0, 0] == pytest.approx(0.01, rel=0.02)


def test_every_kind_of_answer_weighs_the_same_in_either_part() -> None:
    target = np.eye(3, dtype=np.float32)[[0, 0, 0, 1, 2, 0, 1, 1, 2]]
    weight = np.array([1, 2, 1, 1, 0.5, 3, 1, 1, 1], dtype=np.float32)
    few = np.arange(9) < 5
    weighed = weight * even(target, weight, few)
    for part in (few, ~few):
        share = (target[part] * weighed[part, None]).sum(axis=0)
        assert np.allclose(share, share[0])
        assert weighed[part].sum() == pytest.approx(weight[part].sum())


def test_a_word_is_changed_for_one_that_is_near_it() -> None:
    words = [f"ord{letter}" for letter in "abcdefghijklmnopqrst"]
    places = np.arange(len(words), dtype=np.float32) / 10
    table = np.column_stack((np.cos(places), np.sin(places)))
    near = neighbours(Vectors(words, table), ["orda orda ordb"], words)
    assert set(near) == {"orda", "ordb"}
    assert len(near["orda"]) == NEAREST
    assert "ordb" in near["orda"]
    assert "ordt" not in near["orda"]


def test_too_few_words_have_no_neighbours() -> None:
    assert neighbours(Vectors(["en"], np.ones((1, 2), np.float32)), ["en en"], []) == {}


def test_a_changed_text_keeps_its_marks_and_capitals() -> None:
    changer = Changer({"dårlig": ["elendig"]}, [], random.Random(1))
    made = {changer.changed("Dårlig! dårlig, service", ["x"]) for _ in range(300)}
    assert any("Elendig!" in text and "elendig," in text for text in made)
    assert {word for text in made for word in text.split()} == {
        *("Dårlig!", "Elendig!", "dårlig,", "elendig,", "service", "x")
    }


def test_nothing_is_made_of_a_text_that_is_kept_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach = pytest.importorskip("tools.teach", reason="teaching needs torch")
    folder = tmp_path / "data"
    for corpus in corpora.SENTIMENT:
        _rows(folder, corpus.path, ["et ganske almindeligt opslag om noget andet her"])
    posts = [f"opslag{n} taler om ting{n} og intet andet i dag" for n in range(200)]
    _rows(folder, "sentiment/da_social", posts)
    _rows(folder, "sentiment/en_tweeteval_val", ["a tweet that is measured on"])
    (folder / "lexicons").mkdir()
    for language in ("da-32", "en-165", "sv-165", "fr-165", "emoticon-8"):
        (folder / "lexicons" / f"AFINN-{language}.txt").write_text("god\t3\n")
    monkeypatch.setattr(teach, "PIECES", {"sentiment/da_social": 400})
    monkeypatch.setattr(teach, "CHANGED", {"sentiment/da_social": 400})
    monkeypatch.setattr(teach, "vectors", lambda *_: Vectors([], np.zeros((0, 1), np.float32)))
    made = " ".join(each.text for each in teach.texts(folder, tmp_path / "none", hold_out=True))
    apart = {f"ting{n}" for n in range(4, 200, corpora.FIFTH)}
    assert "ting0" in made.split()
    assert not apart & set(made.split())
    everything = teach.texts(folder, tmp_path / "none", hold_out=False)
    assert apart & {word for each in everything for word in each.text.split()}


def _rows(folder: Path, path: str, texts: list[str]) -> None:
    lines = "".join(json.dumps({"text": text, "label": "neutral"}) + "\n" for text in texts)
    _folder(folder, f"{path}.jsonl.gz", lines)
