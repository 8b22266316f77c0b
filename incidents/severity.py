"""How bad it is, and why: severity 1 to 4 from what a detection measured, with its reasons.

A reason is `{"code": …, figures …}`; `why` puts reasons into the reader's language. The targets of
an incident's clocks hang on its severity.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from monitoring.enums import CrisisType

from .enums import Severity

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
# Kinds in which people may be hurt or the law sets a deadline: never below SEV2.
GRAVE = (CrisisType.PRODUCT_SAFETY, CrisisType.DATA_BREACH)
SERIOUS = (
    CrisisType.LEGAL_REGULATORY,
    CrisisType.PR_DISASTER,
    CrisisType.VIRAL_BACKLASH,
    CrisisType.MISINFORMATION,
    CrisisType.SERVICE_DISRUPTION,
)
# The least figure for two points and for one.
RATIO = (6.0, 3.0)
NEGATIVE = (0.6, 0.4)
REACH = (1_000_000, 100_000)
# The least points for each severity.
POINTS = ((Severity.SEV1, 6), (Severity.SEV2, 4), (Severity.SEV3, 2), (Severity.SEV4, 0))


class Measured(Protocol):
    """What is read off a detection."""

    value: float
    expected_high: float
    negative_share: float
    reach: int
    crisis_type: str


def ratio(value: float, expected_high: float) -> float:
    """How many times the top of the expected band; a quiet brand's band counts as one mention."""
    return round(value / max(expected_high, 1.0), 1)


def judge(measured: Measured) -> tuple[Severity, list[Reason]]:
    """Return the severity and the reasons that count towards it, the weightiest first."""
    weighed = [
        _weigh("volume", ratio(measured.value, measured.expected_high), RATIO, "ratio"),
        _weigh("negative", round(measured.negative_share, 3), NEGATIVE, "share"),
        _weigh("reach", measured.reach, REACH, "reach"),
        _weigh_kind(measured.crisis_type),
    ]
    counting = sorted((each for each in weighed if each[0]), key=lambda each: -each[0])
    points = sum(weight for weight, _reason in counting)
    severity = next(severity for severity, least in POINTS if points >= least)
    if measured.crisis_type in GRAVE:
        severity = min(severity, Severity.SEV2)
    return severity, [reason for _weight, reason in counting]


def _weigh(code: str, figure: float, least: tuple[float, float], name: str) -> tuple[int, Reason]:
    weight = 2 if figure >= least[0] else 1 if figure >= least[1] else 0
    return weight, {"code": code, name: figure}


def _weigh_kind(crisis_type: str) -> tuple[int, Reason]:
    weight = 2 if crisis_type in GRAVE else 1 if crisis_type in SERIOUS else 0
    return weight, {"code": "kind", "crisis_type": str(crisis_type)}


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
    "person": lambda r: _("Set by %(name)s.") % {"name": r["name"]},
    "step": lambda _r: _("Raised by the escalation policy."),
}


def why(reasons: list[Reason]) -> list[str]:
    """Put stored reasons into the active language."""
    return [_WORDS[reason["code"]](reason) for reason in reasons if reason["code"] in _WORDS]


def due_times(severity: int, *, since: datetime) -> tuple[datetime, datetime | None]:
    """Return (first response due, next internal update due) counted from `since`."""
    targets = TARGETS[Severity(severity)]
    return since + targets.respond, since + targets.update if targets.update else None
