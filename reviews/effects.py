"""What a publication changed: what was said after it, held against what was to be expected.

Nobody knows how a storm would have gone on without it. So the expected course is the desk's own
forecast (monitoring.detection.forecast), made of nothing but what was said before the publication:
where it stood above the usual, where it was heading, and how the brand's own storms went on. Storms
calm by themselves; that is no statement's merit, and the forecast knows it. Its interval is what
such forecasts miss by. Only what lies outside is called an effect, and even then it is "after", not
"because of": something else may have happened in the same hour. docs/reviews.md tells how often
nothing at all was taken for an effect.

Pure: counts in, figures out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitoring.detection.forecast import SPAN, Forecast, forecast

STEP_MINUTES = 5
# How far is looked ahead: so many minutes, the longest that nothing else disturbs.
HORIZONS = (120, 60, 30)
# Fewer expected than this an hour, and chance alone explains everything.
LEAST_EXPECTED = 20.0
# The interval leaves out this share on either side: it holds nine times in ten.
TAIL = 0.05


class Verdict(StrEnum):
    """What can be said."""

    FEWER = "FEWER"
    MORE = "MORE"
    UNCLEAR = "UNCLEAR"
    TOO_FEW = "TOO_FEW"
    TOO_SHORT = "TOO_SHORT"


@dataclass(frozen=True)
class Effect:
    """`minutes` after it `seen` were said an hour, where `expected` were to come.

    `low` and `high` are what nine of ten courses keep between, `change` the share by which it was
    more or less. All None where nothing can be said.
    """

    verdict: Verdict
    minutes: int = 0
    seen: float = 0.0
    expected: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def change(self) -> float | None:
        return None if self.expected is None else self.seen / max(self.expected, 1.0) - 1


def effect(before: Sequence[int], after: Sequence[int]) -> Effect:
    """Estimate what changed. Counts of each five minutes without gaps, oldest first.

    `before` ends with the step before the publication: up to fourteen days, the more the better.
    `after` begins with the first whole step behind it and ends where something else happened.
    """
    minutes = next((each for each in HORIZONS if len(after) * STEP_MINUTES >= each), 0)
    expected = forecast(before, tail=TAIL) if minutes else None
    if expected is None:
        return Effect(Verdict.TOO_SHORT)
    there = next(each for each in expected.ahead if each.minutes == minutes)
    end = minutes // STEP_MINUTES
    seen = sum(after[end - SPAN : end]) * 60 / (SPAN * STEP_MINUTES)
    if there.middle < LEAST_EXPECTED:
        return Effect(Verdict.TOO_FEW, minutes, seen)
    low = there.low * _lasted(before, minutes, expected) if expected.storm else there.low
    verdict = Verdict.UNCLEAR
    if seen < low:
        verdict = Verdict.FEWER
    elif seen > there.high:
        verdict = Verdict.MORE
    return Effect(verdict, minutes, seen, there.middle, low, there.high)


def _lasted(before: Sequence[int], minutes: int, expected: Forecast) -> float:
    """The share of the present rate that has stood for as long as is looked ahead, at most 1.

    What came up only now may be a spike, over within the hour with no help from anybody, and
    statements come when it is highest. What has lasted is trusted to go on as the forecast says.
    """
    steps = minutes // STEP_MINUTES
    spans = [before[-back - SPAN : len(before) - back] for back in range(0, steps + 1, SPAN)]
    least = min(sum(span) * 60 / (SPAN * STEP_MINUTES) for span in spans if len(span) == SPAN)
    return min(least / max(expected.rate, 1.0), 1.0)
