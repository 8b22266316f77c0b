"""How loud it will be in the next hours, with an interval. From counts of five minutes alone.

The middle is the usual of that time of day, plus what of today's excess over the usual remains,
plus part of its present growth; all in logarithms. How much remains after half an hour and after
six was measured on synthetic storms. The interval is not theory: it spans what this brand's own
forecasts of the last fourteen days missed by, in calm and in storm apart, beside what those of the
synthetic storms missed by; the less a brand has lived through, the more the latter weigh.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
DAY = 288
# Half an hour: what a rate is read from, and how often the past is asked how it went on.
SPAN = 6
DAYS = 14
# Steps ahead at which it is known what remains; between them it is drawn through.
AHEAD = (6, 12, 24, 36, 48, 72)
# A storm is so many times the usual, and loud enough not to be chance (an hour).
STORM_TIMES = 1.8
STORM_LEAST = 20.0
FAST = 0.5
# What one in five forecasts may miss: the interval is to hold four of five.
TAIL = 0.1
# As many of the brand's own forecasts weigh as much as what was measured on synthetic storms.
PRIOR_WEIGHT = 40
# Logarithms are of counts and this, so that silence is a number.
_ZERO = 2.0


@dataclass(frozen=True)
class _Manner:
    """What remains of the excess, how much of the growth goes on, and the misses (10 and 90 %)."""

    remains: Floats
    grows: Floats
    below: Floats
    above: Floats


def _manner(*rows: Sequence[float]) -> _Manner:
    return _Manner(*(np.array(row) for row in rows))


# By tools/measure_forecast.py: sixty synthetic fortnights with eight storms each.
_STORM = _manner(
    (0.97, 0.96, 0.92, 0.88, 0.83, 0.73),
    (-0.06, 0.16, 0.44, 0.56, 0.58, 0.53),
    (-0.41, -0.52, -0.7, -0.84, -0.97, -1.14),
    (0.42, 0.54, 0.76, 0.99, 1.18, 1.5),
)
# A storm that grows by more than two thirds in half an hour may go anywhere.
_FAST = _manner(
    (1.02, 0.98, 0.94, 0.85, 0.79, 0.67),
    (0.02, 0.24, 0.27, 0.35, 0.38, 0.39),
    (-0.77, -0.86, -1.11, -1.22, -1.32, -1.39),
    (0.77, 0.99, 1.22, 1.35, 1.5, 1.58),
)
_CALM = _manner(
    (0.8, 0.77, 0.71, 0.64, 0.56, 0.43),
    (-0.35, -0.31, -0.26, -0.22, -0.18, -0.15),
    (-0.48, -0.53, -0.59, -0.65, -0.69, -0.74),
    (0.45, 0.52, 0.66, 0.82, 1.0, 1.41),
)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A moment `minutes` from now: mentions an hour, and the bounds that four of five keep."""

    minutes: int
    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """When the middle first passes `level` mentions an hour. `rising` says from which side."""

    level: float
    minutes: int
    rising: bool


@dataclass(frozen=True)
class Forecast:
    """`rate` is mentions an hour now; `usual` at this time of day; `ahead` every ten minutes.

    `own` is how many of the brand's own forecasts the interval is made of.
    """

    rate: float
    usual: float
    storm: bool
    ahead: list[Ahead]
    own: int

    @property
    def peak(self) -> Ahead:
        return max(self.ahead, key=lambda each: each.middle)

    def crossing(self) -> Crossing | None:
        """The next round number that the middle passes, or the usual on the way down."""
        level = _round_up(1.02 * self.rate)
        rising = self._passes("middle", level, rising=True)
        if rising or not self.storm:
            return rising
        return self._passes("middle", max(1.5 * self.usual, 1.0), rising=False)

    def possible(self) -> Crossing | None:
        """The highest of the next round numbers that one time in ten is passed."""
        highest = max(each.high for each in self.ahead)
        level = _round_up(0.55 * highest)
        if level <= 1.02 * self.rate:
            return None
        return self._passes("high", level, rising=True)

    def state(self) -> dict[str, Any]:
        """For JSON: [[minutes, middle, low, high], …]."""
        return {
            "rate": round(self.rate, 1),
            "usual": round(self.usual, 1),
            "storm": self.storm,
            "own": self.own,
            "ahead": [
                [each.minutes, round(each.middle, 1), round(each.low, 1), round(each.high, 1)]
                for each in self.ahead
            ],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Forecast":
        ahead = [Ahead(*row) for row in state["ahead"]]
        return cls(state["rate"], state["usual"], state["storm"], ahead, state["own"])

    def _passes(self, line: str, level: float, *, rising: bool) -> Crossing | None:
        for each in self.ahead:
            value = getattr(each, line)
            if value >= level if rising else value <= level:
                return Crossing(level, each.minutes, rising)
        return None


def forecast(counts: ArrayLike, *, tail: float = TAIL) -> Forecast | None:
    """Forecast from finished steps of five minutes, the newest last; None for less than an hour.

    More than fourteen days are not looked at. `tail` is the share that the interval leaves out on
    either side.
    """
    steps = np.asarray(counts, dtype=np.float64)[-DAYS * DAY :]
    if len(steps) < 2 * SPAN:
        return None
    rates = _rates(steps)
    here = np.array([len(steps) - 1])
    excess, growth, usual, bases = _features(rates, here)
    rate = float(rates[-1])
    now_usual = float(np.expm1(usual[0] - np.log(_ZERO)) * _ZERO)
    manners = _manners(excess, growth, rates[here])
    storm = int(manners[0]) > 0
    manner = _MANNERS[int(manners[0])]
    middle = _middles(excess, growth, bases, manner)[:, 0]
    misses = _own_misses(rates, int(manners[0]))
    # The middle learns from its misses too: some brands' storms end sooner than others'.
    low, between, high = _interval(misses, manner, tail)
    ahead = _drawn(rate, middle + between, middle + low, middle + high)
    return Forecast(rate, max(now_usual, 0.0), storm, ahead, len(misses))


def _rates(steps: Floats) -> Floats:
    """Mentions an hour over the half hour that ends with each step."""
    total = np.concatenate(([0.0], np.cumsum(steps)))
    ends = np.arange(1, len(steps) + 1)
    starts = np.maximum(ends - SPAN, 0)
    rates: Floats = (total[ends] - total[starts]) * 12 / (ends - starts)
    return rates


def _log(rates: ArrayLike) -> Floats:
    logs: Floats = np.log(np.asarray(rates) + _ZERO)
    return logs


def _features(rates: Floats, at: NDArray[np.intp]) -> tuple[Floats, Floats, Floats, Floats]:
    """Return excess, growth and usual at each origin, and the usual at each step ahead."""
    logs = _log(rates[at])
    usual = _usual(rates, at, at)
    growth = logs - _log(rates[np.maximum(at - SPAN, 0)])
    bases = np.array([_usual(rates, at + ahead, at) for ahead in AHEAD])
    return logs - usual, growth, usual, bases


def _usual(rates: Floats, at: NDArray[np.intp], known: NDArray[np.intp]) -> Floats:
    """Median of the same time on the days before that are known; without any, of all."""
    days = at[None, :] - DAY * np.arange(1, DAYS + 1)[:, None]
    usable = (days >= SPAN) & (days <= known[None, :])
    values = np.where(usable, _log(rates)[np.clip(days, 0, len(rates) - 1)], np.nan)
    values.sort(axis=0)
    found = usable.sum(axis=0)
    columns = np.arange(len(at))
    lower = values[np.maximum((found - 1) // 2, 0), columns]
    upper = values[np.maximum(found // 2, 0), columns]
    overall = float(np.median(_log(rates)))
    usual: Floats = np.where(found > 0, (lower + upper) / 2, overall)
    return usual


_MANNERS = (_CALM, _STORM, _FAST)


def _manners(excess: Floats, growth: Floats, rates: Floats) -> NDArray[np.intp]:
    """In which manner each origin goes on: a place in _MANNERS."""
    storm = (excess > np.log(STORM_TIMES)) & (rates >= STORM_LEAST)
    manners: NDArray[np.intp] = storm * np.where(growth > FAST, 2, 1)
    return manners


def _middles(excess: Floats, growth: Floats, bases: Floats, manner: _Manner) -> Floats:
    """The middle at each step ahead, in logarithms: (ahead, origins)."""
    remains, grows = manner.remains[:, None], manner.grows[:, None]
    # Growth is a factor in half an hour; more than threefold is not carried on.
    middles: Floats = bases + remains * excess + grows * np.clip(growth, -1.1, 1.1)
    return middles


def _own_misses(rates: Floats, manner: int) -> Floats:
    """By how much the brand's own forecasts of this manner missed: (forecasts, ahead)."""
    last = len(rates) - 1 - AHEAD[-1]
    origins = np.arange(2 * DAY, last + 1, SPAN)
    if not len(origins):
        return np.zeros((0, len(AHEAD)))
    excess, growth, _usual_then, bases = _features(rates, origins)
    alike = _manners(excess, growth, rates[origins]) == manner
    middles = _middles(excess, growth, bases, _MANNERS[manner])
    came = np.array([_log(rates[origins + ahead]) for ahead in AHEAD])
    misses: Floats = (came - middles)[:, alike].T
    return misses


def _interval(misses: Floats, manner: _Manner, tail: float) -> tuple[Floats, Floats, Floats]:
    """The quantiles of the brand's own misses together with what was measured before."""
    spread = _normal_grid()
    prior = np.where(spread < 0, -spread * manner.below[:, None], spread * manner.above[:, None])
    every = np.concatenate((misses, prior.T))
    low, between, high = np.quantile(every, (tail, 0.5, 1 - tail), axis=0)
    return low, between, high


def _normal_grid() -> Floats:
    """PRIOR_WEIGHT quantiles of a bell curve whose 90 % quantile is 1."""
    curve = NormalDist(0, 1 / NormalDist().inv_cdf(1 - TAIL))
    shares = (np.arange(PRIOR_WEIGHT) + 0.5) / PRIOR_WEIGHT
    return np.array([curve.inv_cdf(share) for share in shares])


def _drawn(rate: float, middle: Floats, low: Floats, high: Floats) -> list[Ahead]:
    """Every ten minutes, drawn straight in logarithms from what is now."""
    known = np.concatenate(([0], AHEAD)) * 5
    now = float(np.log(rate + _ZERO))
    grid = np.arange(10, AHEAD[-1] * 5 + 1, 10)
    lines = [
        np.maximum(np.exp(np.interp(grid, known, np.concatenate(([now], line)))) - _ZERO, 0.0)
        for line in (middle, low, high)
    ]
    return [
        Ahead(int(minutes), float(mid), float(least), float(most))
        for minutes, mid, least, most in zip(grid, *lines, strict=True)
    ]


def _round_up(value: float) -> float:
    """The next of 10, 15, 20, 30, 40, 50, 60, 80, 100, 150 …"""
    size = 10.0
    while True:
        for times in (1, 1.5, 2, 3, 4, 5, 6, 8):
            if times * size >= value:
                return times * size
        size *= 10
