"""Crisis plans for who asks, and what a running incident's copy says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from incidents import severity
from incidents.enums import PlanState
from incidents.models import EscalationPolicy, Incident
from incidents.models_plan import CrisisPlan, PlanVersion

# A plan that nobody has read for so long is stale.
STALE = timedelta(days=365)


def targets(incident: Incident) -> dict[str, int | None]:
    """Return the seconds to acknowledge, to respond and between updates, by the severity now.

    From the incident's copy of its plan, without one the usual; `update` is None for no duty.
    """
    times = severity.targets(incident.severity, incident.plan)
    return {
        "acknowledge": int(times.acknowledge.total_seconds()),
        "respond": int(times.respond.total_seconds()),
        "update": int(times.update.total_seconds()) if times.update else None,
    }


def visible(user: User) -> QuerySet[CrisisPlan]:
    """Return the plans in use that `user` may see, with their versions, the newest first."""
    rows = CrisisPlan.objects.visible_to(user).filter(retired_at=None)
    versions = PlanVersion.objects.select_related("edited_by", "published_by").order_by("-number")
    return rows.select_related("brand", "owner", "reviewed_by").prefetch_related(
        Prefetch("versions", queryset=versions, to_attr="history")
    )


def is_stale(plan: CrisisPlan, *, now: datetime) -> bool:
    """Whether it is a year since somebody last found the plan right."""
    return (plan.reviewed_at or plan.created_at) < now - STALE


def latest(plan: CrisisPlan) -> PlanVersion:
    """Return the draft, without one the newest published version."""
    found: PlanVersion = plan.versions.select_related("edited_by", "plan").order_by("-number")[0]
    return found


def published(plan: CrisisPlan) -> PlanVersion | None:
    """Return the version that new incidents run on."""
    shown = plan.versions.filter(state=PlanState.PUBLISHED).order_by("-number")
    return shown.select_related("published_by", "plan").first()


def policy_for(brand_id: int, planned: int | None) -> EscalationPolicy | None:
    """Return the policy that a plan names, else (and if it is gone) the brand's usual one."""
    policies = EscalationPolicy.objects.filter(brand=brand_id)
    named = policies.filter(pk=planned).first() if planned else None
    return named or policies.filter(is_default=True).first()


@dataclass(frozen=True)
class Offer:
    """A version that an incident could move to."""

    version: PlanVersion
    newer: bool


def offers(incident: Incident) -> list[Offer]:
    """Return the published plans of the brand that the incident does not run on already.

    A newer version of its own plan comes first.
    """
    own = incident.plan or {"id": 0, "version": 0}
    rows = PlanVersion.objects.filter(
        plan__brand=incident.brand_id, plan__retired_at=None, state=PlanState.PUBLISHED
    ).select_related("plan")
    newest = rows.order_by("plan_id", "-number").distinct("plan_id")
    found = [
        Offer(row, newer=row.plan_id == own["id"])
        for row in newest
        if (row.plan_id, row.number) != (own["id"], own["version"])
    ]
    return sorted(found, key=lambda offer: (not offer.newer, offer.version.plan.name))
