"""The rules that stand for a brand: those that people made, and the standard one of each kind."""

from dataclasses import dataclass
from datetime import timedelta

from .enums import DetectionKind, Sensitivity
from .models_signals import DetectionRule

# A score of 0.5 is an alarm of a balanced rule. How often each calls: docs/detection.md.
_VOLUME = {Sensitivity.FEWER: 0.57, Sensitivity.BALANCED: 0.5, Sensitivity.MORE: 0.33}
_OTHERS = {Sensitivity.FEWER: 0.6, Sensitivity.BALANCED: 0.5, Sensitivity.MORE: 0.42}
WINDOWS = (15, 60, 180, 720, 1440)
COOLDOWN = timedelta(hours=24)
# What follows from an alarm for volume is not told beside it.
FOLLOWS_VOLUME = (DetectionKind.NEGATIVE_SHARE, DetectionKind.REACH, DetectionKind.SLOW_RISE)
# The kinds whose mentions can be limited, and the kinds that look through a window.
SCOPED = (DetectionKind.VOLUME, DetectionKind.NEGATIVE_SHARE, DetectionKind.REACH)
WINDOWED = (DetectionKind.VOLUME, DetectionKind.REACH)


@dataclass(frozen=True)
class Rule:
    """A rule as the judge applies it; `row` is None for a standard one that nobody changed."""

    kind: DetectionKind
    sensitivity: Sensitivity = Sensitivity.BALANCED
    cooldown: timedelta = COOLDOWN
    row: DetectionRule | None = None

    @property
    def pk(self) -> int | None:
        return self.row.pk if self.row else None

    @property
    def key(self) -> str:
        """Under which Baseline.quiet_until keeps its silence: a renamed kind's rule is its kind."""
        return f"rule:{self.pk}" if self.row and self.row.name else self.kind.value

    @property
    def is_standard(self) -> bool:
        return self.row is None or not self.row.name

    @property
    def threshold(self) -> float:
        """The score from which it calls."""
        return threshold(self.kind, self.sensitivity)


def threshold(kind: DetectionKind, sensitivity: Sensitivity) -> float:
    return (_VOLUME if kind in WINDOWED else _OTHERS)[sensitivity]


def of_row(row: DetectionRule) -> Rule:
    return Rule(
        DetectionKind(row.kind),
        Sensitivity(row.sensitivity),
        timedelta(hours=row.cooldown_hours),
        row,
    )


def standing(brand_id: int) -> list[Rule]:
    """The rules that are switched on, the standard ones first. One query."""
    rows = list(DetectionRule.objects.filter(brand=brand_id))
    changed = {row.kind for row in rows if not row.name}
    standard = [Rule(kind) for kind in DetectionKind if kind not in changed]
    made = [of_row(row) for row in rows if row.is_active]
    return sorted([*standard, *made], key=lambda rule: not rule.is_standard)
