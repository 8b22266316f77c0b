from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from incidents import severity
from incidents.enums import Severity
from monitoring.enums import CrisisType

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass
class Figures:
    value: float = 20
    expected_high: float = 10
    negative_share: float = 0.1
    reach: int = 500
    crisis_type: str = "none"


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (Figures(), Severity.SEV4),
        (Figures(value=30, negative_share=0.4), Severity.SEV3),
        (Figures(value=60, negative_share=0.6), Severity.SEV2),
        (Figures(value=60, negative_share=0.6, reach=1_000_000), Severity.SEV1),
        (Figures(value=60, negative_share=0.7, crisis_type="product_safety"), Severity.SEV1),
        (Figures(crisis_type="data_breach"), Severity.SEV2),
        (Figures(crisis_type="viral_backlash"), Severity.SEV4),
        (Figures(value=3, expected_high=0), Severity.SEV4),
    ],
)
def test_severity_follows_the_figures(figures: Figures, expected: Severity) -> None:
    assert severity.judge(figures)[0] == expected


def test_reasons_are_the_figures_that_counted_the_weightiest_first() -> None:
    figures = Figures(value=45, negative_share=0.71, reach=50, crisis_type="misinformation")
    assert severity.judge(figures)[1] == [
        {"code": "negative", "share": 0.71},
        {"code": "volume", "ratio": 4.5},
        {"code": "kind", "crisis_type": "misinformation"},
    ]


def test_reasons_are_told_in_words_with_the_readers_numbers() -> None:
    reasons = [
        {"code": "volume", "ratio": 6.1},
        {"code": "negative", "share": 0.71},
        {"code": "reach", "reach": 4_800_000},
        {"code": "kind", "crisis_type": CrisisType.PRODUCT_SAFETY},
        {"code": "person", "name": "Bob Berg"},
        {"code": "from a later version"},
    ]
    with translation.override("en"):
        assert severity.why(reasons) == [
            "Mentions at 6.1 times the expected maximum.",
            "71% of what is said is negative.",
            "It reaches up to 4,800,000 people.",
            "It is about: Product safety.",
            "Set by Bob Berg.",
        ]
    with translation.override("da"):
        assert "6,1" in severity.why(reasons)[0]
        assert "4.800.000" in severity.why(reasons)[2]


def test_the_graver_the_sooner_a_response_is_due() -> None:
    due = [severity.due_times(level, since=NOON)[0] - NOON for level in Severity]
    assert due == [timedelta(minutes=30), timedelta(hours=1), timedelta(hours=4), timedelta(days=1)]


def test_the_least_severity_needs_no_internal_updates() -> None:
    assert severity.due_times(4, since=NOON)[1] is None
    assert severity.due_times(1, since=NOON)[1] == NOON + timedelta(hours=1)
