"""How an incident was handled, in figures: approvals, promises, roles. Codes and seconds; the page
puts them into words. Roles, not names: a review asks what happened, not who is to blame."""

from collections import defaultdict
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Count

from incidents.enums_record import PromiseState
from incidents.models import Incident
from incidents.models_promises import Promise
from incidents.models_roles import RoleHolding
from responses.models_policy import ApprovalStep

# Steps that are looked at.
MOST = 2_000


def handling(incident: Incident, *, now: datetime) -> dict[str, Any]:
    """Return the figures: three queries."""
    return {
        "approvals": _approvals(incident),
        "promises": _promises(incident),
        "roles": _roles(incident, now=now),
    }


def _approvals(incident: Incident) -> list[dict[str, Any]]:
    """Each step by its name: how often it was asked, and how long an answer took (seconds)."""
    done = ApprovalStep.objects.filter(
        version__draft__incident=incident, opened_at__isnull=False, done_at__isnull=False
    )
    took: dict[str, list[float]] = defaultdict(list)
    for step in done.order_by("pk").only("name", "opened_at", "done_at")[:MOST]:
        if step.opened_at and step.done_at:
            took[step.name].append((step.done_at - step.opened_at).total_seconds())
    return [
        {"name": name, "asked": len(each), "median": median(each), "longest": max(each)}
        for name, each in took.items()
    ]


def _promises(incident: Incident) -> dict[str, int]:
    """How many were kept, broken, and still stand open; entered by mistake counts neither way."""
    counted = Promise.objects.filter(incident=incident).values_list("state").annotate(Count("pk"))
    found: dict[str, int] = dict(counted.order_by("state"))
    return {
        state.value: found.get(state.value, 0)
        for state in (PromiseState.KEPT, PromiseState.BROKEN, PromiseState.OPEN)
    }


def _roles(incident: Incident, *, now: datetime) -> list[dict[str, Any]]:
    """Each role in the order in which it was first held: its hands, and seconds in all."""
    end = incident.resolved_at or now
    found: dict[str, dict[str, Any]] = {}
    held = RoleHolding.objects.filter(incident=incident, is_deputy=False).order_by("since", "pk")
    for role, user, since, until in held.values_list("role", "user_id", "since", "until"):
        row = found.setdefault(role, {"role": role, "hands": set(), "seconds": 0.0})
        row["hands"].add(user)
        row["seconds"] += max((min(until or end, end) - since).total_seconds(), 0.0)
    return [row | {"hands": len(row["hands"])} for row in found.values()]
