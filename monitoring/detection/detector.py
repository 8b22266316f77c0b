"""The streaming detector: one number per step in, a verdict out. Small state, plain JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import figures
from .band import WEEK, Band
from .surprise import Surprise

Floats = NDArray[np.float64]
# What a detector is made of, and what of it is changed in place.
_PARTS = ("slow", "quick", "lasting", "band")
_CHANGING = ("seen", "square", "daily")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one step is worth. `score` is 0 to 1, at or above 0.5 the threshold is passed.

    `alarm` is set once per incident. `minutes` is the length of the window that weighs most and
    `mentions` its sum. `ready` is false while history is too short to be sure of the band.
    `expected` is the usual level, where the band is drawn around.
    """

    expected_low: float
    expected_high: float
    score: float
    alarm: bool
    minutes: int
    mentions: float
    ready: bool
    expected: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The same for many steps, as arrays."""

    expected_low: Floats
    expected_high: Floats
    score: Floats
    alarm: NDArray[np.bool_]
    minutes: NDArray[np.intp]
    mentions: Floats
    ready: NDArray[np.bool_]
    expected: Floats

    def __getitem__(self, index: int) -> Verdict:
        return Verdict(
            float(self.expected_low[index]),
            float(self.expected_high[index]),
            float(self.score[index]),
            bool(self.alarm[index]),
            int(self.minutes[index]),
            float(self.mentions[index]),
            bool(self.ready[index]),
            float(self.expected[index]),
        )


class Detector:
    """Judges counts per step, each by what came before it.

    `step` is the length of a step in seconds; `start` the epoch second at which the first step
    begins (it decides the hour of the week; without it the band knows hours only relatively).
    `windows`, in seconds, stand in the place of the usual ones.
    """

    def __init__(
        self, *, step: int = 300, start: float = 0.0, windows: Sequence[int] | None = None
    ) -> None:
        if step <= 0:
            raise ValueError("A step is at least one second long.")
        self.step = step
        self.windows = list(windows) if windows else None
        self.block = block = max(1, figures.HOUR // step)
        self.block_seconds = block * step
        self.slow = self._view(windows or figures.SLOW_WINDOWS, figures.SLOW_HALF_LIFE)
        self.quick = self._view(windows or figures.QUICK_WINDOWS, figures.QUICK_HALF_LIFE)
        self.lasting = self._view(
            windows or figures.SLOW_WINDOWS, figures.SLOW_HALF_LIFE, seasonal=True
        )
        # The middle of the first block names its hour.
        slot = int((start + self.block_seconds / 2) // figures.HOUR) % WEEK
        self.band = Band(block, slot)
        self.open: list[float] = []
        self.hold = 0

    def _view(
        self, windows: Sequence[int], half_life: float, *, seasonal: bool = False
    ) -> Surprise:
        steps = dict.fromkeys(max(1, seconds // self.step) for seconds in windows)
        day = max(1, 86400 // self.block_seconds)
        return Surprise(tuple(steps), self.block, day, half_life, seasonal)

    def peek(self, value: float) -> Verdict:
        """Judge a step as if it ended with `value`, without remembering it."""
        return self._judge(np.array([*self.open, value]), learn=False)[-1]

    def push(self, value: float) -> Verdict:
        """Judge a finished step and remember it."""
        return self.run([value])[0]

    def run(self, values: ArrayLike) -> Verdicts:
        """Push many steps at once; the same figures as pushing them one by one."""
        new = np.asarray(values, dtype=np.float64)
        if not len(new):
            empty = np.zeros(0)
            none = np.zeros(0, dtype=bool)
            nothing = np.zeros(0, dtype=np.intp)
            return Verdicts(empty, empty, empty, none, nothing, empty, none, empty)
        rows = np.concatenate((self.open, new))
        skip = len(self.open)
        verdicts = self._judge(rows, learn=True, skip=skip)
        self.open = rows[len(rows) // self.block * self.block :].tolist()
        return verdicts

    def state(self) -> dict[str, Any]:
        """Everything there is to remember, for JSON; about 12 kB."""
        return {
            "step": self.step,
            "windows": self.windows,
            "open": list(self.open),
            "hold": self.hold,
            **{name: getattr(self, name).state() for name in _PARTS},
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Go on where `state()` was taken; the figures that follow are the same."""
        detector = cls(step=state["step"], windows=state["windows"])
        detector.open = list(state["open"])
        detector.hold = state["hold"]
        for part in _PARTS:
            for name, value in state[part].items():
                # Lists that are changed in place are the detector's own.
                own = list(value) if name in _CHANGING else value
                setattr(getattr(detector, part), name, own)
        return detector

    def _judge(self, rows: Floats, *, learn: bool, skip: int = 0) -> Verdicts:
        hours = self.slow.hours
        level, low, high = self.band.judge(rows, learn=learn)
        score, minutes, mentions = self._score(rows, learn=learn)
        ready = hours + np.arange(len(rows)) // self.block >= figures.READY_HOURS
        new = slice(skip, None)
        alarm = self._alarms(score[new], learn=learn)
        judged = (low[new], high[new], score[new])
        return Verdicts(*judged, alarm, minutes[new], mentions[new], ready[new], level[new])

    def _score(self, rows: Floats, *, learn: bool) -> tuple[Floats, NDArray[np.intp], Floats]:
        """Return (score, minutes of the weightiest window, its sum) for each row."""
        slow, best, mentions = self.slow.judge(rows, learn=learn)
        quick, _best, _mentions = self.quick.judge(rows, learn=learn)
        lasting, lasting_best, lasting_mentions = self.lasting.judge(rows, learn=learn)
        both = np.sqrt(slow * quick)
        burst = both / (both + figures.THRESHOLD)
        sure = burst >= figures.SURE
        # Always below SURE: what bursts comes first.
        rest = 0.999 * figures.SURE * lasting / (lasting + figures.LASTING)
        score = np.where(sure, burst, rest)
        widths = np.array(self.slow.windows) * self.step // 60
        minutes = widths[np.where(sure, best, lasting_best)]
        return score, minutes, np.where(sure, mentions, lasting_mentions)

    def _alarms(self, score: Floats, *, learn: bool) -> NDArray[np.bool_]:
        """The first step over the threshold, then silence for the length of the hold."""
        alarm = np.zeros(len(score), dtype=bool)
        silent = self.hold
        for index in np.flatnonzero(score >= 0.5).tolist():
            if index >= silent:
                alarm[index] = True
                silent = index + 1 + figures.HOLD // self.step
        if learn:
            self.hold = max(silent - len(score), 0)
        return alarm
