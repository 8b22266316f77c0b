"""Is the last day as a whole far above other days? What takes a day to build escapes short windows.

The last 24 hours, whenever they end, are compared with whole days before them: a day holds a
morning, an evening and a night, so no hour of the day needs to be known. Robust: one bad Tuesday
does not move the bar; what is loud every Saturday does.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

DAY = 288
# Whole days remembered, and how many must be known.
DAYS = 28
LEAST_DAYS = 4
# A day of fewer mentions is never an alarm.
LEAST_MENTIONS = 40
# An alarm is so many times the median day, and so many times what one day in ten exceeds …
TIMES = 1.6
TIMES_HIGH = 1.25
# … and so many deviations away (of the logarithm; days stray by an eighth at least).
DEVIATIONS = 3.0
LEAST_STRAY = 0.12


@dataclass(frozen=True, slots=True)
class RiseVerdict:
    """`total` of the last 24 hours, the `usual` day, and `strength`: 1 is an alarm."""

    total: float
    usual: float
    strength: float
    ready: bool

    @property
    def score(self) -> float:
        """From 0 to 1; an alarm has at least 0.5."""
        return self.strength / (self.strength + 1)


@dataclass(slots=True)
class DayRise:
    """The steps of the last day, and the sums of the days before, in steps of five minutes."""

    recent: list[float] = field(default_factory=list)
    days: list[float] = field(default_factory=list)
    steps: int = 0

    def push(self, value: float) -> None:
        """Remember a finished step."""
        self.recent.append(value)
        if len(self.recent) > DAY:
            del self.recent[0]
        self.steps += 1
        if self.steps % DAY == 0:
            self.days = [*self.days, sum(self.recent)][-DAYS:]

    def judge(self, running: list[float]) -> RiseVerdict:
        """Judge the day that ends with the steps that are not remembered yet."""
        steps = [*self.recent, *running][-DAY:]
        total = float(sum(steps))
        # The whole days overlap with the last 24 hours by what came since the latest was closed.
        before = self.days[:-1] if self.steps % DAY < DAY // 2 else self.days
        if len(before) < LEAST_DAYS or len(steps) < DAY:
            return RiseVerdict(total, 0.0, 0.0, False)
        usual = float(np.median(before))
        strength = 0.0 if total < LEAST_MENTIONS else _strength(total, usual, before)
        return RiseVerdict(total, usual, strength, True)

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        return cls(list(state["recent"]), list(state["days"]), state["steps"])


def _strength(total: float, usual: float, days: list[float]) -> float:
    """The weakest of the three conditions, each as a share of what it must be."""
    logs = np.log1p(days)
    stray = max(1.4826 * float(np.median(np.abs(logs - np.median(logs)))), LEAST_STRAY)
    stray = (stray**2 + 1 / (usual + 1)) ** 0.5
    return float(
        min(
            _excess(total / max(usual, 1.0), TIMES),
            _excess(total / max(float(np.quantile(days, 0.9, method="higher")), 1.0), TIMES_HIGH),
            (np.log1p(total) - np.log1p(usual)) / stray / DEVIATIONS,
        )
    )


def _excess(times: float, least: float) -> float:
    """0 at the usual, 1 at `least` times it, and so on in the logarithm."""
    return max(float(np.log(max(times, 1e-9)) / np.log(least)), 0.0)
