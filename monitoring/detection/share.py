"""Is the share of negative mentions more than usual? Small state, plain JSON."""

from dataclasses import asdict, dataclass
from math import log
from typing import Any, Self

# Half-life of "usual" in five-minute steps: ten days.
HALF_LIFE = 2880
# Before anything is known: one in five is negative, as sure of it as twenty mentions make one.
PRIOR_SHARE = 0.2
PRIOR_MENTIONS = 20.0
# Fewer mentions than this say nothing about a share.
LEAST_MENTIONS = 30
# The history that is needed, in mentions.
READY_MENTIONS = 200.0
# An alarm is unlikely by chance, and large: odds at least this many times the usual.
DEVIATIONS = 5.0
ODDS = 2.5


@dataclass(slots=True)
class ShareVerdict:
    """`share` and `usual` from 0 to 1; `strength` how far above it is, 1 is an alarm."""

    share: float
    usual: float
    strength: float

    @property
    def alarm(self) -> bool:
        return self.strength >= 1

    @property
    def score(self) -> float:
        """From 0 to 1; an alarm has at least 0.5."""
        return self.strength / (self.strength + 1)


@dataclass(slots=True)
class NegativeShare:
    """Weighted counts of the past, and how much more than by chance the share strays."""

    mentions: float = 0.0
    negative: float = 0.0
    stray: float = 2.0

    def push(self, total: float, negative: float) -> None:
        """Remember a finished step."""
        keep = 0.5 ** (1 / HALF_LIFE)
        if total >= 5:
            usual = self.usual
            chance = total * usual * (1 - usual)
            self.stray += 0.01 * ((negative - total * usual) ** 2 / chance - self.stray)
        self.mentions = self.mentions * keep + total
        self.negative = self.negative * keep + negative

    def judge(self, total: float, negative: float) -> ShareVerdict:
        """Judge the mentions of a span that is not part of what is remembered yet."""
        usual = self.usual
        if total < LEAST_MENTIONS:
            return ShareVerdict(negative / total if total else 0.0, usual, 0.0)
        share = negative / total
        chance = (total * usual * (1 - usual) * max(self.stray, 1.0)) ** 0.5
        deviations = (negative - total * usual) / chance
        odds = (share / max(1 - share, 1e-9)) / (usual / (1 - usual))
        known = self.mentions >= READY_MENTIONS
        strength = min(deviations / DEVIATIONS, log(max(odds, 1.0)) / log(ODDS))
        return ShareVerdict(share, usual, max(strength, 0.0) if known else 0.0)

    @property
    def usual(self) -> float:
        """The usual share, never quite 0 or 1."""
        known = self.negative + PRIOR_SHARE * PRIOR_MENTIONS
        return known / (self.mentions + PRIOR_MENTIONS)

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        return cls(**state)
