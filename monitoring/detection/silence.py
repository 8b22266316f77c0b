"""Is nothing said where much is usual? A source that broke, or a brand that always is spoken of.

What was missed is the sum of the usual level since the last mention, so nights weigh nothing, and a
brand of three mentions a day, whose usual hour is empty, is never called silent.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

DAY = 288
# Days whose longest gap is remembered, and how many must be known.
DAYS = 28
LEAST_DAYS = 3
# An alarm has missed so many mentions, lasts so many times the longest gap, and an hour at least.
MISSED = 12.0
TIMES = 2.0
LEAST_STEPS = 12


@dataclass(frozen=True, slots=True)
class SilenceVerdict:
    """Steps since the last mention, the mentions `missed`, and `strength`: 1 is an alarm."""

    steps: int
    missed: float
    longest: int
    strength: float
    ready: bool

    @property
    def score(self) -> float:
        return self.strength / (self.strength + 1)


@dataclass(slots=True)
class Silence:
    """The gap that is open, and the longest of each of the last days, in steps of five minutes."""

    gap: int = 0
    missed: float = 0.0
    longest: list[int] = field(default_factory=list)
    today: int = 0
    steps: int = 0

    def push(self, value: float, usual: float) -> None:
        """Remember a finished step and what was usual in it."""
        self.gap, self.missed = (0, 0.0) if value else (self.gap + 1, self.missed + usual)
        self.today = max(self.today, self.gap)
        self.steps += 1
        if self.steps % DAY == 0:
            self.longest = [*self.longest, self.today][-DAYS:]
            self.today = 0

    def judge(self, running: list[tuple[float, float]]) -> SilenceVerdict:
        """Judge the gap with the steps (value, usual) that are not remembered yet."""
        gap, missed = self.gap, self.missed
        for value, usual in running:
            gap, missed = (0, 0.0) if value else (gap + 1, missed + usual)
        # The gap that is open may itself be the longest of the days it spans.
        spanned = gap // DAY + 1
        known = self.longest[: len(self.longest) - spanned] if gap > DAY else self.longest
        longest = max(known, default=0)
        ready = len(known) >= LEAST_DAYS
        needed = max(TIMES * longest, LEAST_STEPS)
        strength = min(missed / MISSED, gap / needed) if ready else 0.0
        return SilenceVerdict(gap, missed, longest, strength, ready)

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        return cls(**{**state, "longest": list(state["longest"])})
