"""A detection in words, in the reader's language."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation

from monitoring.enums import CrisisType, DetectionKind
from monitoring.models import Detection
from monitoring.reasons import headline, sentences


def _detection(*reasons: dict, kind: str = DetectionKind.VOLUME) -> Detection:
    return Detection(kind=kind, reasons=list(reasons), negative_share=0.71)


def _volume(**changed: int) -> dict:
    return {"code": "volume", "count": 412, "minutes": 5, "low": 20, "high": 67, **changed}


def test_volume_says_how_many_and_how_many_are_usual() -> None:
    detection = _detection(_volume())
    assert headline(detection) == "412 mentions in 5 minutes"
    assert sentences(detection) == ["412 mentions in 5 minutes where 20 to 67 are usual."]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"count": 1}, "1 mention in 5 minutes where 20 to 67 are usual."),
        ({"minutes": 60}, "412 mentions in 1 hour where 20 to 67 are usual."),
        ({"minutes": 180}, "412 mentions in 3 hours where 20 to 67 are usual."),
        ({"minutes": 1}, "412 mentions in 1 minute where 20 to 67 are usual."),
        ({"low": 0, "high": 0}, "412 mentions in 5 minutes where 0 are usual."),
        ({"count": 12345}, "12,345 mentions in 5 minutes where 20 to 67 are usual."),
    ],
)
def test_figures_and_plurals_are_right(changed: dict, told: str) -> None:
    assert sentences(_detection(_volume(**changed))) == [told]


def test_figures_follow_the_readers_locale() -> None:
    with translation.override("da"):
        assert "12.345" in sentences(_detection(_volume(count=12345)))[0]


def test_every_other_reason_has_its_sentence() -> None:
    detection = _detection(
        {"code": "negative", "share": 0.712, "usual": 0.15},
        {"code": "words", "words": ["plastic", "batch", "porridge"]},
        {"code": "networks", "networks": [["x", 1300], ["news", 12]]},
        {"code": "accounts", "accounts": [["@anna", 52000]]},
        {"code": "kind", "crisis_type": CrisisType.PRODUCT_SAFETY.value},
        {"code": "short_history"},
    )
    assert sentences(detection) == [
        "71% are negative; 15% is usual.",
        "New words: plastic, batch, porridge.",
        "Most of it on: X (1,300), News (12).",
        "Largest account: @anna (52,000 followers).",
        "It is about: Product safety.",
        "There is less than a day of history: what is usual is still being learned.",
    ]


def test_the_beginning_is_told_in_the_readers_zone() -> None:
    # A day of this year that is not today: told without its year.
    now = datetime.now(UTC)
    moment = datetime(now.year, 3 if now.month != 3 else 2, 18, 23, 5, tzinfo=UTC)
    detection = _detection({"code": "since", "at": moment.isoformat()})
    with timezone.override("Europe/Copenhagen"):
        assert sentences(detection) == [f"Above the usual since 19 {moment:%b} 00:05."]


def test_a_share_has_a_headline_of_its_own() -> None:
    share = {"code": "negative", "share": 0.71, "usual": 0.2}
    detection = _detection(share, _volume(), kind=DetectionKind.NEGATIVE_SHARE)
    assert headline(detection) == "Unusually negative: 71%"


def test_reasons_of_a_newer_version_are_left_out_and_none_at_all_is_fine() -> None:
    assert sentences(_detection({"code": "phase_of_the_moon"})) == []
    assert headline(_detection()) == "Unusual volume"
