"""What is usual at this hour of this weekday: the band that charts draw. Robust, unlike the alarm.

The level of an hour is a median over past weeks, so one bad Tuesday does not move next Tuesday.
The width follows how far ordinary steps stray from the level: two quantiles of the residual,
moved a little after each hour, a step that no single hour can make large.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import figures

Floats = NDArray[np.float64]
WEEK = 168


@dataclass
class Band:
    """Memory of hourly totals by hour of the week; `block` is the steps of an hour."""

    block: int
    # The hour of the week of the next block, 0 = Thursday 00:00 UTC (the epoch's).
    slot: int = 0
    hours: int = 0
    seen: list[list[float]] = field(default_factory=lambda: [[] for _ in range(WEEK)])
    below: float = -1.6
    above: float = 2.0
    # Running level for hours that have no history of their own yet.
    level: float = 0.0

    def judge(self, rows: Floats, *, learn: bool) -> tuple[Floats, Floats, Floats]:
        """Return (level, low, high) for rows from a block's start; with `learn`, remember."""
        level = self._levels(rows, learn=learn)
        root = np.sqrt(level + 1.0)
        below, above = self._widths((rows - level) / root, learn=learn)
        return level, np.maximum(level + below * root, 0.0), level + above * root

    def state(self) -> dict[str, Any]:
        names = ("slot", "hours", "below", "above", "level")
        # The outer list is changed in place; the lists in it never are.
        return {"seen": list(self.seen), **{name: getattr(self, name) for name in names}}

    def _levels(self, rows: Floats, *, learn: bool) -> Floats:
        """The expected value at each row, drawn straight through the hours' borders."""
        ends = []
        if not self.hours:
            self.level = float(rows[0])
        for start in range(0, len(rows), self.block):
            ends.append(self._borders())
            block = rows[start : start + self.block]
            if learn and len(block) == self.block:
                self._learn_level(float(block.sum()) / self.block)
        at = (np.arange(self.block) + 0.5) / self.block
        left, right = np.array(ends).T[:, :, None]
        levels: Floats = (left + (right - left) * at).ravel()[: len(rows)]
        return levels

    def _borders(self) -> tuple[float, float]:
        here = self._level(self.slot)
        before, after = self._level(self.slot - 1), self._level(self.slot + 1)
        return (before + here) / 2, (here + after) / 2

    def _level(self, slot: int) -> float:
        """Median of this hour of the week, and of this hour on the last seven days."""
        weeks = self.seen[slot % WEEK]
        # The same hour of each day: every 24th place of the week.
        days = [values[-1] for values in self.seen[slot % 24 :: 24] if values]
        if len(days) < 2:
            return self.level
        return (_median(weeks) + _median(days)) / 2 if len(weeks) > 2 else _median(days)

    def _learn_level(self, mean: float) -> None:
        self.hours += 1
        self.seen[self.slot] = [*self.seen[self.slot], mean][-figures.WEEKS :]
        self.slot = (self.slot + 1) % WEEK
        self.level += max(1 / 24, 1 / self.hours) * (mean - self.level)

    def _widths(self, strays: Floats, *, learn: bool) -> tuple[Floats, Floats]:
        """The two quantiles that hold at each row."""
        full = len(strays) // self.block
        held = []
        ordered = np.sort(strays[: full * self.block].reshape(full, self.block), axis=1).tolist()
        for index in range(-(-len(strays) // self.block)):
            held.append((self.below, self.above))
            if learn and index < full:
                self._learn_width(ordered[index])
        below, above = np.repeat(np.array(held), self.block, axis=0)[: len(strays)].T
        return below, above

    def _learn_width(self, strays: list[float]) -> None:
        """Move each quantile towards having its share of the hour's steps outside."""
        reach = 0.2 * (self.above - self.below)
        over = 1 - bisect_right(strays, self.above) / self.block
        under = bisect_left(strays, self.below) / self.block
        self.above = max(self.above + reach * (over - figures.BAND_TAIL), 1.0)
        self.below = min(self.below - reach * (under - figures.BAND_TAIL), -0.5)


def _median(values: list[float]) -> float:
    """What statistics.median returns, at a third of its cost."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
