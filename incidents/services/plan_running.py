"""A crisis plan on a running incident: copied when it opens, moved to a newer one by people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from incidents import matrix, plan_shape, severity
from incidents.enums import Axis, EntryKind, PlanKind, PlanState
from incidents.models import Incident
from incidents.models_plan import PlanVersion

from .plan_tasks import add_due
from .silence import follow
from .timeline import append, lock, readable, show

Copy = dict[str, Any]
PARTS = ["plan", "roles", "tasks", "timeline", "head"]


def chosen(brand_id: int, crisis_type: str) -> Copy | None:
    """Return the copy of the published plan that answers a crisis type; None if there is none."""
    kind = plan_shape.KINDS.get(crisis_type)
    if kind is None:
        return None
    versions = _published(brand_id).filter(plan__kind=kind)
    found = versions.order_by("-number").first()
    return copy_of(found) if found else None


def _published(brand_id: int) -> Any:
    versions = PlanVersion.objects.filter(
        plan__brand=brand_id, plan__retired_at=None, state=PlanState.PUBLISHED
    )
    return versions.select_related("plan")


def copy_of(version: PlanVersion) -> Copy:
    """Return what an incident keeps of a version."""
    plan = version.plan
    return {
        "id": plan.pk,
        "version": version.number,
        "name": plan.name,
        "kind": plan.kind,
        "language": plan.language,
        "content": version.content,
    }


def touches_personal_data(crisis_type: str, plan: Mapping[str, Any] | None) -> bool:
    """Whether it is about personal data from the beginning."""
    kind = plan["kind"] if plan else plan_shape.KINDS.get(crisis_type)
    return kind == PlanKind.DATA_BREACH


@transaction.atomic
def adopt(incident_id: int, version_id: int, *, by: User, now: datetime) -> Incident:
    """Have the incident run on this published version: another plan, or a newer one of its own.

    Tasks that are there stay, the plan's are added, the clocks follow. Its ladder goes on as it is.
    Refused for a version of another brand or that is not published; Conflict if it is resolved.
    """
    incident = lock(incident_id)
    version = _published(incident.brand_id).filter(pk=version_id).first()
    if version is None:
        raise Refused(_("There is no such plan."))
    if not incident.is_open:
        raise Conflict(_("The incident is resolved."))
    before = incident.plan
    fresh = copy_of(version)
    if before == fresh:
        return incident
    incident.plan = fresh
    incident.personal_data |= touches_personal_data(incident.crisis_type, fresh)
    _rescore(incident)
    _wind_clocks(incident, now=now)
    incident.save(update_fields=["plan", "personal_data", "scores", "respond_by", "update_by"])
    follow(incident, now=now)
    same = before is not None and before["id"] == fresh["id"]
    params = {"code": "moved" if same else "plan", "plan": version.plan.name,
              "version": version.number}  # fmt: skip
    append(incident, EntryKind.STATE, actor=by, params=params, now=now)
    add_due(incident, now=now)
    audit.record(
        "incident.plan", actor=by, brand=incident.brand, subject=incident.reference,
        after=f"{version.plan.name} {version.number}",
    )  # fmt: skip
    show(incident, PARTS)
    return incident


def _wind_clocks(incident: Incident, *, now: datetime) -> None:
    respond_by, _update = severity.due_times(
        incident.severity, since=incident.detected_at, plan=incident.plan
    )
    if not incident.responded_at:
        incident.respond_by = respond_by
    incident.update_by = severity.due_times(incident.severity, since=now, plan=incident.plan)[1]


def matrix_of(incident: Incident) -> matrix.Matrix:
    """Return the matrix that the incident goes by: its plan's, else the standard."""
    if incident.plan:
        found: matrix.Matrix = incident.plan["content"]["matrix"]
        return found
    return matrix.standard(incident.crisis_type)


def _rescore(incident: Incident) -> None:
    """Count the figures that are known by the new plan's thresholds."""
    incident.scores = matrix.score(
        matrix.known(incident.scores, kind=incident.crisis_type),
        matrix_of(incident),
        kept=incident.scores,
    )


@transaction.atomic
def set_personal_data(incident_id: int, concerned: bool, *, by: User, now: datetime) -> Incident:
    """Say whether personal data is concerned; tasks that hang on it are added, never taken away."""
    incident = lock(incident_id)
    if not concern(incident, concerned, by=by, now=now):
        return incident
    audit.record(
        "incident.personal_data", actor=by, brand=incident.brand,
        subject=incident.reference, after=concerned,
    )  # fmt: skip
    show(incident, PARTS)
    return incident


def concern(incident: Incident, concerned: bool, *, by: User, now: datetime) -> bool:
    """Note in a locked incident whether personal data is concerned; False if it is known."""
    if incident.personal_data == concerned:
        return False
    incident.personal_data = concerned
    incident.save(update_fields=["personal_data"])
    code = "personal_data" if concerned else "no_personal_data"
    append(incident, EntryKind.STATE, actor=by, params={"code": code}, now=now)
    add_due(incident, now=now)
    return True


@transaction.atomic
def score_axis(
    incident_id: int, axis: Axis | str, points: int, *, by: User, why: str, now: datetime
) -> Incident:
    """Score an axis by hand, with a reason: what people know weighs more than what is measured.

    The severity stays: the page says what the matrix says now, and people change it.
    """
    if axis not in Axis.values:
        raise Refused(_("There is no such axis."))
    if points not in (0, 1, 2):
        raise Refused(_("An axis is scored 0, 1 or 2."))
    said = readable(why)[:300]
    incident = lock(incident_id)
    scores = matrix.score(
        matrix.known(incident.scores, kind=incident.crisis_type),
        matrix_of(incident),
        kept=incident.scores,
    )
    before = scores[Axis(axis).value]
    scores[Axis(axis).value] = before | {
        "points": points, "by": str(by), "why": said, "at": now.isoformat()
    }  # fmt: skip
    incident.scores = scores
    incident.save(update_fields=["scores"])
    params = {"code": "scored", "axis": Axis(axis).value, "points": points}
    append(incident, EntryKind.STATE, actor=by, params=params, text=said, now=now)
    audit.record(
        "incident.scored", actor=by, brand=incident.brand, subject=incident.reference,
        axis=str(axis), points=points,
    )  # fmt: skip
    show(incident, ["plan", "timeline"])
    return incident
