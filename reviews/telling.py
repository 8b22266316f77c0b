"""What was worked out, put into the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from incidents.enums import IncidentRole
from incidents.enums_record import PromiseState

from .effects import Effect, Verdict

# The scale on which what was said is drawn against what was to come.
WIDTH = 200


@dataclass(frozen=True)
class Told:
    """One effect: `verdict` colours it, `words` say it, the rest is where it is drawn (pixels)."""

    label: str
    verdict: str
    words: str
    seen: float | None = None
    left: float | None = None
    right: float | None = None
    middle: float | None = None

    @property
    def width(self) -> float:
        return (self.right or 0.0) - (self.left or 0.0)


@dataclass(frozen=True)
class Moment:
    at: datetime
    texts: list[Mapping[str, Any]]
    effects: list[Told]


def moments(figures: Mapping[str, Any]) -> list[Moment]:
    """Put the stored moments into words."""
    return [
        Moment(
            datetime.fromisoformat(each["at"]),
            [text for text in each["texts"] if text["part"] == 1],
            [
                told(_("All mentions"), Effect(**each["total"])),
                told(_("Negative mentions"), Effect(**each["negative"])),
            ],
        )
        for each in figures.get("moments", ())
    ]


def told(label: str, found: Effect) -> Told:
    """Say what changed, how sure that is, or why nothing can be said."""
    verdict = Verdict(found.verdict)
    if verdict == Verdict.TOO_SHORT:
        words = _(
            "Nothing can be said: too little is known from before, or something else went out"
            " within half an hour."
        )
        return Told(label, verdict.value, words)
    if verdict == Verdict.TOO_FEW or found.expected is None:
        words = _("Nothing can be said: so few were to be expected that chance explains anything.")
        return Told(label, verdict.value, words)
    low, high = found.low or 0.0, found.high or 0.0
    scale = WIDTH / max(high, found.seen, 1.0)
    return Told(
        label,
        verdict.value,
        f"{_course(found, low, high)} {_judgement(verdict, found)}",
        found.seen * scale,
        low * scale,
        high * scale,
        found.expected * scale,
    )


def _course(found: Effect, low: float, high: float) -> str:
    return _(
        "%(minutes)s minutes later %(seen)s were said an hour, where about %(expected)s were to be"
        " expected; nine times in ten between %(low)s and %(high)s."
    ) % {
        "minutes": formats.number(found.minutes),
        "seen": formats.number(found.seen),
        "expected": formats.number(found.expected or 0.0),
        "low": formats.number(low),
        "high": formats.number(high),
    }


def _judgement(verdict: Verdict, found: Effect) -> str:
    if verdict == Verdict.UNCLEAR:
        return _("That is no more than chance explains.")
    share = {"share": formats.percent(abs(found.change or 0.0))}
    if verdict == Verdict.FEWER:
        return _("That is %(share)s fewer than expected, and more than chance explains.") % share
    return _("That is %(share)s more than expected, and more than chance explains.") % share


@dataclass(frozen=True)
class Step:
    name: str
    asked: int
    median: str
    longest: str


def approvals(figures: Mapping[str, Any]) -> list[Step]:
    """Put the steps' times into words."""
    return [
        Step(
            each["name"] or _("Approval"),
            each["asked"],
            formats.duration(each["median"]),
            formats.duration(each["longest"]),
        )
        for each in figures.get("handling", {}).get("approvals", ())
    ]


def promises(figures: Mapping[str, Any]) -> str:
    """Say how many promises were kept; "" where none was given."""
    found = figures.get("handling", {}).get("promises", {})
    kept, broken, left = (
        found.get(state.value, 0)
        for state in (PromiseState.KEPT, PromiseState.BROKEN, PromiseState.OPEN)
    )
    if not kept + broken + left:
        return ""
    return _("%(kept)s of %(all)s promises were kept, %(broken)s broken; %(left)s still open.") % {
        "kept": formats.number(kept),
        "all": formats.number(kept + broken + left),
        "broken": formats.number(broken),
        "left": formats.number(left),
    }


@dataclass(frozen=True)
class Held:
    role: str
    hands: int
    took: str


def roles(figures: Mapping[str, Any]) -> list[Held]:
    """Put the roles' times into words."""
    return [
        Held(
            str(IncidentRole(each["role"]).label), each["hands"], formats.duration(each["seconds"])
        )
        for each in figures.get("handling", {}).get("roles", ())
    ]
