from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from incidents import matrix, severity, spans
from incidents.enums import Severity
from incidents.matrix import Figures
from monitoring.enums import CrisisType

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def figures(
    value: float = 20, expected_high: float = 10, negative_share: float = 0.1,
    reach: int = 500, crisis_type: str = "none",
) -> Figures:  # fmt: skip
    speed = severity.ratio(value, expected_high)
    return Figures(reach=reach, speed=speed, kind=crisis_type, negative=negative_share)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (figures(), Severity.SEV4),
        (figures(value=30, negative_share=0.4), Severity.SEV3),
        (figures(value=60, negative_share=0.6), Severity.SEV2),
        (figures(value=60, negative_share=0.6, reach=1_000_000), Severity.SEV1),
        (figures(value=60, negative_share=0.7, crisis_type="product_safety"), Severity.SEV1),
        (figures(crisis_type="data_breach"), Severity.SEV2),
        (figures(crisis_type="viral_backlash"), Severity.SEV4),
        (figures(value=3, expected_high=0), Severity.SEV4),
    ],
)
def test_severity_follows_the_figures(measured: Figures, expected: Severity) -> None:
    assert severity.judge(measured).severity == expected


def test_reasons_are_the_figures_that_counted_the_weightiest_first() -> None:
    measured = figures(value=45, negative_share=0.71, reach=50, crisis_type="misinformation")
    assert severity.judge(measured).reasons == [
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


def test_five_axes_are_scored_apart() -> None:
    measured = Figures(
        reach=1_200_000, speed=3.5, influence=150_000, kind="viral_backlash",
        negative=0.2, blaming=0.45,
    )  # fmt: skip
    scores = severity.judge(measured).scores
    points = {axis: each["points"] for axis, each in scores.items()}
    assert points == {"reach": 2, "speed": 1, "influence": 1, "harm": 1, "blame": 2}


def test_a_plans_own_matrix_is_used_with_its_floor() -> None:
    mine = matrix.STANDARD | {"reach": [100, 200], "levels": {"1": 2, "2": 1, "3": 1}, "floor": 3}
    assert severity.judge(Figures(reach=300), mine).severity == Severity.SEV1
    assert severity.judge(Figures(reach=50), mine).severity == Severity.SEV3


def test_a_threshold_of_nothing_is_not_in_use() -> None:
    assert severity.judge(Figures(reach=5), matrix.STANDARD | {"reach": [0, 0]}).severity == 4


def test_what_a_person_scored_is_not_overwritten() -> None:
    kept = {"harm": {"points": 2, "by": "Alice", "why": "A child"}}
    judged = severity.judge(figures(), kept=kept)
    assert judged.scores["harm"]["points"] == 2
    assert severity.why(judged.reasons) == ["Alice scored Harm at 2 of 2."]


def test_what_would_make_it_sev1_is_told_with_figures() -> None:
    judged = severity.judge(Figures(reach=150_000, speed=7, negative=0.7, kind="viral_backlash"))
    assert judged.severity == Severity.SEV1
    judged = severity.judge(Figures(reach=150_000, speed=7, negative=0.5))
    assert judged.severity == Severity.SEV2
    way = matrix.way_to(1, judged.scores, matrix.STANDARD)
    assert way.missing == 2
    assert way.words == "2 more points make this SEV1. They can come from:"
    assert way.ways[0] == "+1: a reach of 1,000,000 people"
    assert "+1: 60% negative, or 40% holding us responsible" in way.ways
    done = matrix.way_to(2, judged.scores, matrix.STANDARD)
    assert (done.missing, done.ways) == (0, [])


def test_spans_are_read_as_people_write_them() -> None:
    read = {"30 min": 1800, "1 h 30 min": 5400, "2 t": 7200, "3 d": 259200, "45": 2700, "1h": 3600}
    assert {written: spans.parse(written) for written in read} == read
    assert [spans.parse(spans.written(each)) for each in read.values()] == list(read.values())
    for wrong in ("", "soon", "5 years", "-3 min", "9999 d"):
        with pytest.raises(ValueError):  # noqa: PT011 - what was written is all it says
            spans.parse(wrong)
