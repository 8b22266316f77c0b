"""What a plan's words mean in practice: held against the brand's incidents, and its last drill."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from accounts.models import User
from incidents import matrix, plan_shape
from incidents.enums import Closing, Severity, State
from incidents.models import EscalationPolicy, Incident
from incidents.models_escalation import FireDrill
from incidents.models_plan import CrisisPlan

from .plans import policy_for

SPAN = timedelta(days=90)
# What turned out to be nothing, or goes on as another, would count wrongly.
UNCOUNTED = (Closing.DISMISSED, Closing.MERGED)


@dataclass(frozen=True)
class Practice:
    """`applied` incidents of the last 90 days; by the matrix they would be of these severities.

    `differing` of them were judged otherwise. `tasks` counts by a task's key how often it would
    have come.
    """

    applied: int
    severities: list[tuple[Severity, int]]
    differing: int
    tasks: Mapping[str, int]
    policy: EscalationPolicy | None
    drill: FireDrill | None


@dataclass(frozen=True)
class _Past:
    severity: int
    by_matrix: Severity
    personal_data: bool


def practice(
    plan: CrisisPlan, content: Mapping[str, Any], user: User, *, now: datetime
) -> Practice:
    """Hold a version's content against the incidents that `user` may see: three queries."""
    past = _past(plan, content["matrix"], user, now)
    counts = Counter(each.by_matrix for each in past)
    policy = policy_for(plan.brand_id, content["policy"])
    drills = FireDrill.objects.filter(policy=policy) if policy else FireDrill.objects.none()
    return Practice(
        applied=len(past),
        severities=[(level, counts[level]) for level in Severity if counts[level]],
        differing=sum(each.by_matrix != each.severity for each in past),
        tasks={task["key"]: _often(task, past) for task in content["tasks"]},
        policy=policy,
        drill=drills.order_by("-started_at").first(),
    )


def _past(plan: CrisisPlan, used: Mapping[str, Any], user: User, now: datetime) -> list[_Past]:
    """The incidents of the plan's kind, or that ran on it. Figures are taken as they were kept."""
    kinds = [kind for kind, answer in plan_shape.KINDS.items() if answer == plan.kind]
    mine = Q(crisis_type__in=kinds) | Q(plan__id=plan.pk)
    rows = (
        Incident.objects.visible_to(user)
        .filter(mine, brand=plan.brand_id, detected_at__gt=now - SPAN, detected_at__lte=now)
        .exclude(closed_as__in=UNCOUNTED)
        .exclude(state=State.TRIAGE)
    )
    named = rows.values_list("severity", "scores", "crisis_type", "personal_data")
    return [_Past(severity, _level(scores, kind, used), personal)
            for severity, scores, kind, personal in named]  # fmt: skip


def _level(scores: matrix.Scores, kind: str, used: Mapping[str, Any]) -> Severity:
    return matrix.level(matrix.score(matrix.known(scores, kind=kind), used, kept=scores), used)


def _often(task: Mapping[str, Any], past: list[_Past]) -> int:
    """How often its conditions held, by the severity that the incident really had."""
    return sum(
        plan_shape.holds(task, severity=each.severity, personal_data=each.personal_data)
        for each in past
    )
