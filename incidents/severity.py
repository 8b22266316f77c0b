"""How bad it is, and why: severity 1 to 4 from what was measured, by a plan's matrix.

A reason is `{"code": …, figures …}`; `why` puts reasons into the reader's language. The targets of
an incident's clocks hang on its severity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from monitoring.enums import CrisisType

from . import matrix as matrices
from .enums import Axis, Severity

Reason = dict[str, Any]


@dataclass(frozen=True)
class Targets:
    """What the clocks count towards. `update`: the longest silence between internal updates."""

    respond: timedelta
    update: timedelta | None
    detect: timedelta = timedelta(minutes=10)
    acknowledge: timedelta = timedelta(minutes=5)
    resolve: timedelta = timedelta(hours=24)


# A holding statement within 30 min to 24 h, and an update every 1 to 4 h, are what practitioners
# go by; half of the public expects a first answer within the hour.
TARGETS: dict[Severity, Targets] = {
    Severity.SEV1: Targets(timedelta(minutes=30), timedelta(hours=1)),
    Severity.SEV2: Targets(timedelta(hours=1), timedelta(hours=2)),
    Severity.SEV3: Targets(timedelta(hours=4), timedelta(hours=4)),
    Severity.SEV4: Targets(timedelta(hours=24), None, resolve=timedelta(hours=72)),
}


def ratio(value: float, expected_high: float) -> float:
    """How many times the top of the expected band; a quiet brand's band counts as one mention."""
    return round(value / max(expected_high, 1.0), 1)


@dataclass(frozen=True)
class Judgement:
    """`severity` with the `scores` that led to it (see matrix.py) and its `reasons`."""

    severity: Severity
    scores: matrices.Scores
    reasons: list[Reason]


def judge(
    figures: matrices.Figures,
    matrix: matrices.Matrix | None = None,
    *,
    kept: matrices.Scores | None = None,
) -> Judgement:
    """Judge by a plan's matrix, without one by the standard; `kept` are scores set by people."""
    used = matrix or matrices.standard(figures.kind)
    scores = matrices.score(figures, used, kept=kept)
    return Judgement(matrices.level(scores, used), scores, matrices.reasons(scores))


_WORDS: dict[str, Callable[[Reason], str]] = {
    "volume": lambda r: (
        _("Mentions at %(ratio)s times the expected maximum.")
        % {"ratio": number_format(r["ratio"], 1)}
    ),
    "negative": lambda r: (
        _("%(percent)d%% of what is said is negative.") % {"percent": round(r["share"] * 100)}
    ),
    "reach": lambda r: (
        _("It reaches up to %(reach)s people.")
        % {"reach": number_format(r["reach"], 0, force_grouping=True)}
    ),
    "kind": lambda r: _("It is about: %(kind)s.") % {"kind": CrisisType(r["crisis_type"]).label},
    "influence": lambda r: (
        _("The largest account that speaks of it has %(followers)s followers.")
        % {"followers": number_format(r["followers"], 0, force_grouping=True)}
    ),
    "blaming": lambda r: (
        _("%(percent)d%% of the posts hold us responsible.") % {"percent": round(r["share"] * 100)}
    ),
    "scored": lambda r: (
        _("%(name)s scored %(axis)s at %(points)d of 2.")
        % {"name": r["name"], "axis": Axis(r["axis"]).label, "points": r["points"]}
    ),
    "person": lambda r: _("Set by %(name)s.") % {"name": r["name"]},
    "step": lambda _r: _("Raised by the escalation policy."),
}


def why(reasons: list[Reason]) -> list[str]:
    """Put stored reasons into the active language."""
    return [_WORDS[reason["code"]](reason) for reason in reasons if reason["code"] in _WORDS]


def targets(severity: int, plan: Mapping[str, Any] | None = None) -> Targets:
    """Return what the clocks count towards: a plan's times, else the product's.

    `plan` is `Incident.plan`; a plan's time of null means that there is no such duty.
    """
    usual = TARGETS[Severity(severity)]
    if not plan:
        return usual
    times = plan["content"]["times"][str(int(severity))]
    update = times["update"]
    return replace(
        usual,
        acknowledge=timedelta(seconds=times["acknowledge"]),
        respond=timedelta(seconds=times["respond"]),
        update=timedelta(seconds=update) if update else None,
    )


def due_times(
    severity: int, *, since: datetime, plan: Mapping[str, Any] | None = None
) -> tuple[datetime, datetime | None]:
    """Return (first response due, next internal update due) counted from `since`."""
    due = targets(severity, plan)
    return since + due.respond, since + due.update if due.update else None
