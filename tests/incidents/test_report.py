from datetime import UTC, datetime, timedelta

import pytest

from incidents import report
from monitoring.selectors import Point

BEGAN = datetime(2026, 11, 19, 8, 15, tzinfo=UTC)


def points(*minutes: int) -> list[Point]:
    return [Point(1, BEGAN + timedelta(minutes=at), 1, 0, 0, 0, 0.0, 1.0) for at in minutes]


@pytest.mark.parametrize("steps", range(2, 120))
def test_a_curve_without_gaps_is_drawn_without_gaps(steps: int) -> None:
    every = points(*range(0, steps * 5, 5))
    actual, _low, _high = report._sliced(every, since=BEGAN, length=steps * 300.0)
    assert actual == [1.0] * steps


def test_a_step_that_is_missing_is_a_gap() -> None:
    actual, _low, _high = report._sliced(points(0, 5, 15), since=BEGAN, length=1200.0)
    assert actual == [1.0, 1.0, None, 1.0]
