"""The communication plan of a brand as it is now, as it was, and who is named in it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import Brand, User
from incidents import plan_shape
from incidents.models import Incident
from responses.models_plan import CommunicationPlan, CommunicationPlanVersion

from . import shape


def plan_of(brand_id: int) -> CommunicationPlan | None:
    rows = CommunicationPlan.objects.filter(brand=brand_id)
    return rows.select_related("brand", "owner", "reviewed_by").first()


def latest(brand_id: int) -> CommunicationPlanVersion | None:
    """The newest version: what holds now."""
    rows = CommunicationPlanVersion.objects.filter(plan__brand=brand_id)
    return rows.select_related("edited_by", "plan").order_by("-number").first()


def content_of(brand_id: int) -> shape.Content:
    found = latest(brand_id)
    return found.content if found else shape.empty()


def as_of(brand_id: int, at: datetime) -> CommunicationPlanVersion | None:
    """The version that held at a moment; None if nothing was written by then."""
    rows = CommunicationPlanVersion.objects.filter(plan__brand=brand_id, edited_at__lte=at)
    return rows.order_by("-number").first()


def digest(content: Mapping[str, Any], section: str) -> str:
    """What a form carries to tell whether its section was changed by somebody else."""
    return hashlib.sha256(json.dumps(content[section], sort_keys=True).encode()).hexdigest()[:16]


def names(ids: set[int]) -> dict[int, str]:
    return {user.pk: str(user) for user in User.objects.filter(pk__in=ids)}


def kind_of(incident: Incident) -> str:
    """The kind of crisis that an incident is: its plan's, else by what the posts are about."""
    if incident.plan:
        return str(incident.plan.get("kind") or "")
    return str(plan_shape.KINDS.get(incident.crisis_type, ""))


def maps_for(content: Mapping[str, Any], kind: str) -> list[shape.Content]:
    """The message maps of a kind of crisis, its own before those of every kind."""
    fitting = [row for row in content["maps"] if row["kind"] in (kind, "")]
    return sorted(fitting, key=lambda row: row["kind"] == "")


def brands_of(user: User) -> list[Brand]:
    return list(Brand.objects.visible_to(user).order_by("name", "pk"))
