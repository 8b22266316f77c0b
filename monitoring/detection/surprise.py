"""How surprising the last minutes and hours are, against this brand's own past.

Several windows end in the current step. Each window's sum is compared with the exponentially
weighted mean and variance of such sums. The largest of them, in standard deviations, is divided
by the root of the brand's usual daily peak of the same figure: the geometric mean of "unusual
now" and "a record here". Neither is robust on purpose: what happens often is not a crisis.

A view with `seasonal` looks at logarithms instead, and at the mean of the same hour on other days:
it sees what lasts (a storm that swells through a morning) where the other sees what bursts.

Rows come in blocks of an hour. All rows of a block are judged by what was known when it began,
so a chunk of many blocks costs a short loop over blocks and array work over rows. Sums of whole
numbers are exact in float64, hence one row at a time gives the very same figures as a million.
"""

from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import figures

Floats = NDArray[np.float64]
# Logarithms are cut to this, so that their sums are exact too.
_FINE = 65536.0


@dataclass
class Surprise:
    """Memory of the window sums; `windows` and `block` are in steps, `half_life` in blocks."""

    windows: tuple[int, ...]
    block: int
    blocks_a_day: int
    half_life: float
    seasonal: bool = False
    hours: int = 0
    mean: list[float] = field(default_factory=list)
    square: list[float] = field(default_factory=list)
    # The values before the open block, as many as the longest window needs.
    before: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    peak: float = 0.0
    # Of a seasonal view: the mean of each hour of the day, and how many were seen.
    daily: list[list[float]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    def judge(self, rows: Floats, *, learn: bool) -> tuple[Floats, NDArray[np.intp], Floats]:
        """Return (surprise, index of the weightiest window, its sum) for rows from a block's start.

        Windows of fewer than LEAST_MENTIONS count as nothing. With `learn`, complete blocks enter
        the memory.
        """
        if not self.mean:
            self._begin(float(rows[0]))
        counted = self._window_sums(rows, self.before)
        sums = counted
        if self.seasonal:
            sums = self._window_sums(_logs(rows), _logs(self.before))
        z = self._deviations(sums, learn=learn)
        z[counted < figures.LEAST_MENTIONS] = 0.0
        if learn:
            self._remember(rows)
        best = z.argmax(axis=0)
        each = np.arange(len(rows))
        top = np.maximum(z[best, each], 0.0)
        return top / np.sqrt(self._bars(top, learn=learn)), best, counted[best, each]

    def state(self) -> dict[str, Any]:
        names = ["hours", "mean", "square", "before", "peaks", "peak"]
        if self.seasonal:
            return {name: getattr(self, name) for name in names} | {
                "daily": [list(means) for means in self.daily],
                "seen": list(self.seen),
            }
        return {name: getattr(self, name) for name in names}

    def _begin(self, first: float) -> None:
        # As if it had always been like the first step.
        self.before = [first] * (max(self.windows) - 1)
        level = float(np.log1p(first)) if self.seasonal else first
        self.mean = [level * width for width in self.windows]
        if self.seasonal:
            # A seasonal view keeps the variance about the hour's mean in place of the square.
            self.square = [0.0] * len(self.windows)
            self.daily = [list(self.mean) for _ in range(self.blocks_a_day)]
            self.seen = [0] * self.blocks_a_day
        else:
            self.square = [mean * mean for mean in self.mean]

    def _window_sums(self, rows: Floats, before: ArrayLike) -> Floats:
        """Sum of the last w values at each row: (windows, rows)."""
        all_rows = np.concatenate((before, rows))
        total = np.concatenate(([0.0], np.cumsum(all_rows)))
        end = len(all_rows) - len(rows) + 1
        return np.stack([total[end:] - total[end - w : len(total) - w] for w in self.windows])

    def _deviations(self, sums: Floats, *, learn: bool) -> Floats:
        """Distance from the mean in standard deviations: (windows, rows)."""
        starts = np.arange(0, sums.shape[1], self.block)
        known = self._known(sums, starts, learn=learn)
        rows = np.minimum(self.block, sums.shape[1] - starts)
        mean, spread = np.repeat(known, rows, axis=0).transpose(1, 2, 0)
        deviations: Floats = (sums - mean) / spread
        return deviations

    def _known(self, sums: Floats, starts: NDArray[np.intp], *, learn: bool) -> Floats:
        """What was known when each block began: (blocks, [mean, spread], windows)."""
        first = np.add.reduceat(sums, starts, axis=1).T / self.block
        second = np.add.reduceat(sums * sums, starts, axis=1).T / self.block
        full = sums.shape[1] // self.block
        known = []
        learn_block = self._learn_seasonal if self.seasonal else self._learn
        for index, (value, square) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
            mean = self._hour_mean(self.hours + index * (not learn)) if self.seasonal else self.mean
            known.append((mean, self._spread()))
            if learn and index < full:
                learn_block(value, square)
        return np.array(known)

    def _learn(self, value: list[float], square: list[float]) -> None:
        alpha = self._alpha()
        self.mean = [a + alpha * (b - a) for a, b in zip(self.mean, value, strict=True)]
        self.square = [a + alpha * (b - a) for a, b in zip(self.square, square, strict=True)]

    def _learn_seasonal(self, value: list[float], square: list[float]) -> None:
        hour = self.hours % self.blocks_a_day
        means = self._hour_mean(self.hours)
        alpha = self._alpha()
        for window, (mean, first, second) in enumerate(zip(means, value, square, strict=True)):
            stray = second - 2 * mean * first + mean * mean
            self.square[window] += alpha * (stray - self.square[window])
        self.mean = [a + alpha * (b - a) for a, b in zip(self.mean, value, strict=True)]
        self.seen[hour] += 1
        weight = max(1 - 0.5 ** (1 / figures.SEASON_HALF_LIFE), 1 / self.seen[hour])
        pairs = zip(self.daily[hour], value, strict=True)
        self.daily[hour] = [a + weight * (b - a) for a, b in pairs]

    def _alpha(self) -> float:
        """Count a block; return how much it weighs."""
        self.hours += 1
        return float(max(1 - 0.5 ** (1 / self.half_life), 1 / self.hours))

    def _hour_mean(self, hours: int) -> list[float]:
        """What is known of this hour of the day; before two days are, of all hours."""
        hour = hours % self.blocks_a_day
        return self.daily[hour] if self.seen[hour] >= 2 else self.mean

    def _spread(self) -> list[float]:
        """Standard deviation of the sums: what was observed, and the noise of counting."""
        if not self.hours:
            return [inf] * len(self.windows)
        return [
            ((square if self.seasonal else max(square - mean * mean, 0.0)) + mean + width) ** 0.5
            for mean, square, width in zip(self.mean, self.square, self.windows, strict=True)
        ]

    def _remember(self, rows: Floats) -> None:
        full = len(rows) // self.block * self.block
        keep = max(self.windows) - 1
        self.before = [*self.before, *rows[:full].tolist()][-keep:] if keep else []

    def _bars(self, top: Floats, *, learn: bool) -> Floats:
        """The usual daily peak that holds at each row."""
        # _known has already counted the learned blocks; find the block the rows began with.
        began = self.hours - (len(top) // self.block if learn else 0)
        day = self.blocks_a_day * self.block
        position = began % self.blocks_a_day * self.block
        bars = np.empty(len(top))
        row = 0
        while row < len(top):
            stop = min(row + day - position, len(top))
            bars[row:stop] = self._bar()
            if learn:
                self._learn_peak(top, row, stop, closes=stop - row == day - position)
            row, position = stop, 0
        return bars

    def _learn_peak(self, top: Floats, row: int, stop: int, *, closes: bool) -> None:
        # Rows of the open block come again with the next call; only full blocks may count.
        counted = top[row : min(stop, len(top) // self.block * self.block)]
        self.peak = max(self.peak, float(counted.max(initial=0.0)))
        if closes:
            self.peaks = [*self.peaks, self.peak][-figures.PEAK_DAYS :]
            self.peak = 0.0

    def _bar(self) -> float:
        if len(self.peaks) < 3:
            return max(figures.PEAK_PRIOR, *self.peaks, 0.0)
        return max(figures.PEAK_LEAST, _quantile(self.peaks, figures.PEAK_QUANTILE))


def _logs(values: ArrayLike) -> Floats:
    logs: Floats = np.round(np.log1p(values) * _FINE) / _FINE
    return logs


def _quantile(values: list[float], share: float) -> float:
    """What numpy's quantile returns, without the cost of an array."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
