"""What a rule would have called: a kind of alarm run over counts of the past. Pure.

Each step is judged by the steps before it only, as the judge does, though as finished steps: an
alarm that the judge would raise within a step is dated to its end, five minutes later at most.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from .detection import DayRise, Detector, NegativeShare, Silence
from .enums import DetectionKind
from .memory import REACH_UNIT
from .peaks import Peaks
from .steps import SECONDS, STEP, Count

Floats = NDArray[np.float64]
# The kinds that can be rehearsed from counts.
REHEARSED = (
    DetectionKind.VOLUME,
    DetectionKind.NEGATIVE_SHARE,
    DetectionKind.REACH,
    DetectionKind.SLOW_RISE,
    DetectionKind.SILENCE,
)
# What the share is judged over: the steps that the judge has not remembered yet.
OPEN_STEPS = 3
# A call belongs to a case that began in the day before it; or that begins within two hours.
AFTER = timedelta(hours=24)
BEFORE = timedelta(hours=2)
LEAST_SUM_OF_REACH = 50_000
# Days like these need not be looked at with every step.
HOUR = 12


@dataclass(frozen=True, slots=True)
class Call:
    """An alarm that would have been raised. `count` is what was said in that step."""

    at: datetime
    score: float
    count: int


@dataclass(frozen=True, slots=True)
class Known:
    """A case that is known: when it began, when people knew of it, and where it can be read."""

    began_at: datetime
    label: str
    url: str = ""
    noticed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A known case, and the first call that belongs to it with its delay from the beginning."""

    known: Known
    call: Call | None

    @property
    def delay(self) -> timedelta | None:
        return self.call.at - self.known.began_at if self.call else None


@dataclass(frozen=True)
class Outcome:
    """What was called over `weeks`, which cases it meets, and which calls meet none."""

    calls: list[Call]
    matches: list[Match]
    others: list[Call]
    weeks: float

    @property
    def weekly(self) -> float:
        return len(self.calls) / self.weeks if self.weeks else 0.0

    @property
    def others_weekly(self) -> float:
        return len(self.others) / self.weeks if self.weeks else 0.0

    @property
    def found(self) -> int:
        return sum(match.call is not None for match in self.matches)


def scores(
    kind: DetectionKind,
    counts: Sequence[Count],
    *,
    windows: Sequence[int] | None = None,
    peaks: Peaks | None = None,
) -> Floats:
    """The score of each step (0.5 is a balanced alarm). `windows` in seconds."""
    if not counts:
        return np.zeros(0)
    peaks = peaks or Peaks()
    factors = np.array([peaks.factor(count.starts_at) for count in counts])
    return _SCORERS[kind](counts, factors, windows)


def calls(
    counts: Sequence[Count], found: Floats, *, threshold: float, cooldown: timedelta
) -> list[Call]:
    """The steps at which an alarm would have been raised: the first, then silence, and so on."""
    quiet_until = datetime.min.replace(tzinfo=UTC)
    raised = []
    for place in np.flatnonzero(found >= threshold).tolist():
        count = counts[place]
        at = count.starts_at + STEP
        if at >= quiet_until:
            raised.append(Call(at, round(float(found[place]), 3), count.total))
            quiet_until = at + cooldown
    return raised


def weigh(
    raised: Sequence[Call], known: Sequence[Known], *, since: datetime, until: datetime
) -> Outcome:
    """Hold the calls against the cases that are known."""
    matches = [Match(case, _first(raised, case)) for case in known]
    meeting = {
        call.at
        for call in raised
        if any(case.began_at - BEFORE <= call.at <= case.began_at + AFTER for case in known)
    }
    others = [call for call in raised if call.at not in meeting]
    return Outcome(list(raised), matches, others, (until - since) / timedelta(weeks=1))


def _first(raised: Sequence[Call], case: Known) -> Call | None:
    return next(
        (c for c in raised if case.began_at - BEFORE <= c.at <= case.began_at + AFTER), None
    )


def _volume(counts: Sequence[Count], factors: Floats, windows: Sequence[int] | None) -> Floats:
    totals = np.array([count.total for count in counts]) / factors
    return _detector(counts, windows).run(totals).score


def _reach(counts: Sequence[Count], factors: Floats, windows: Sequence[int] | None) -> Floats:
    reaches = np.array([count.reach for count in counts], dtype=np.float64)
    found = _detector(counts, windows).run(np.sqrt(reaches / factors / REACH_UNIT))
    total = np.concatenate(([0.0], np.cumsum(reaches)))
    ends = np.arange(1, len(counts) + 1)
    starts = np.maximum(ends - found.minutes * 60 // SECONDS, 0)
    enough = total[ends] - total[starts] >= LEAST_SUM_OF_REACH
    return np.where(enough, found.score, 0.0)


def _detector(counts: Sequence[Count], windows: Sequence[int] | None) -> Detector:
    start = counts[0].starts_at.timestamp()
    return Detector(step=SECONDS, start=start, windows=windows)


def _share(counts: Sequence[Count], _factors: Floats, _windows: Sequence[int] | None) -> Floats:
    known, found = NegativeShare(), np.zeros(len(counts))
    for place in range(len(counts)):
        first = max(place - OPEN_STEPS + 1, 0)
        recent = counts[first : place + 1]
        total = sum(count.total for count in recent)
        found[place] = known.judge(total, sum(count.negative for count in recent)).score
        if len(recent) == OPEN_STEPS:
            known.push(recent[0].total, recent[0].negative)
    return found


def _rise(counts: Sequence[Count], factors: Floats, _windows: Sequence[int] | None) -> Floats:
    known, found = DayRise(), np.zeros(len(counts))
    for place, (count, factor) in enumerate(zip(counts, factors.tolist(), strict=True)):
        known.push(count.total / factor)
        if place % HOUR == HOUR - 1:
            found[place] = known.judge([]).score
    return found


def _silence(counts: Sequence[Count], factors: Floats, windows: Sequence[int] | None) -> Floats:
    totals = np.array([count.total for count in counts]) / factors
    usual = _detector(counts, windows).run(totals).expected.tolist()
    known, found = Silence(), np.zeros(len(counts))
    for place, (count, expected) in enumerate(zip(counts, usual, strict=True)):
        known.push(count.total, expected)
        found[place] = known.judge([]).score if not count.total else 0.0
    return found


_SCORERS: dict[DetectionKind, Callable[[Sequence[Count], Floats, Sequence[int] | None], Floats]] = {
    DetectionKind.VOLUME: _volume,
    DetectionKind.NEGATIVE_SHARE: _share,
    DetectionKind.REACH: _reach,
    DetectionKind.SLOW_RISE: _rise,
    DetectionKind.SILENCE: _silence,
}
