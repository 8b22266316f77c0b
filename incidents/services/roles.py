"""Roles in an incident: given, handed over with a note, given up; each change is in the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed
from core.errors import Refused
from incidents.enums import EntryKind, IncidentRole
from incidents.models import Incident
from incidents.models_roles import RoleHolding

from . import care
from .notices import tell
from .plan_tasks import follow_role
from .timeline import append, lock, readable, show

PARTS = ["roles", "timeline", "head", "tasks"]


@dataclass(frozen=True)
class Given:
    """A seat that changes hands: `note` is what whoever takes over must know."""

    role: IncidentRole
    user: User
    by: User | None
    now: datetime
    note: str = ""
    is_deputy: bool = False


@transaction.atomic
def assign(  # noqa: PLR0913 - who gets what, from whom, when and why
    incident_id: int,
    role: IncidentRole | str,
    user: User,
    *,
    by: User,
    note: str = "",
    is_deputy: bool = False,
    now: datetime,
) -> RoleHolding:
    """Give `user` the role, or with `is_deputy` make them its deputy; whoever held it is relieved.

    The same person again changes nothing. Refused for a role that does not exist, and for who may
    not see the incident or, as a lead, not run it.
    """
    if role not in IncidentRole.values:
        raise Refused(_("There is no such role."))
    said = readable(note) if note.strip() else ""
    incident = lock(incident_id)
    _able(incident, IncidentRole(role), user)
    given = Given(IncidentRole(role), user, by, now, said, is_deputy)
    held = _seated(incident, given)
    if held and held.user_id == user.pk:
        return held
    return _change(incident, given, held)


def _able(incident: Incident, role: IncidentRole, user: User) -> None:
    """Refuse who could not do the work: told apart from a stranger only to those who see both."""
    visible = Incident.objects.visible_to(user).filter(pk=incident.pk).exists()
    if not (user.is_active and visible):
        raise Refused(_("%(name)s cannot see this incident.") % {"name": user})
    if role == IncidentRole.LEAD and not allowed(user, Permission.RUN_INCIDENT, incident.brand):
        raise Refused(_("%(name)s may not run incidents of this brand.") % {"name": user})


def _seated(incident: Incident, given: Given) -> RoleHolding | None:
    found: RoleHolding | None = (
        incident.holdings.filter(role=given.role, is_deputy=given.is_deputy, until=None)
        .select_related("user")
        .first()
    )
    return found


def _change(incident: Incident, given: Given, held: RoleHolding | None) -> RoleHolding:
    """Seat somebody else in a locked incident, and tell everybody whom it concerns."""
    before = held.user if held else None
    if held is None and given.role == IncidentRole.LEAD and not given.is_deputy:
        before = incident.lead
    row = seat(incident, given, held=held)
    _log(incident, given, before)
    _tell(incident, given, before, row)
    show(incident, PARTS, brand=given.role == IncidentRole.LEAD)
    return row


def seat(incident: Incident, given: Given, *, held: RoleHolding | None = None) -> RoleHolding:
    """Write who holds a role of a locked incident; the lead is a column of the incident, too.

    Writes no entry and announces nothing. `held` is the row that ends, if the caller knows it.
    """
    held = held or _seated(incident, given)
    if held:
        _end(held, at=given.now)
    if given.role == IncidentRole.LEAD and not given.is_deputy:
        incident.lead = given.user
        incident.save(update_fields=["lead"])
    row = RoleHolding(
        incident=incident,
        role=given.role,
        is_deputy=given.is_deputy,
        user=given.user,
        since=given.now,
        given_by=given.by,
        note=given.note,
    )
    care.begin(row, incident, now=given.now)
    row.save()
    if not given.is_deputy:
        before = held.user if held else None
        follow_role(incident, given.role, given.user, before=before, now=given.now)
    return row


def _end(held: RoleHolding, *, at: datetime) -> None:
    held.until, held.care_at = max(at, held.since), None
    held.save(update_fields=["until", "care_at"])


def _log(incident: Incident, given: Given, before: User | None) -> None:
    params: dict[str, Any] = {"role": given.role.value, "name": str(given.user)}
    if given.is_deputy:
        params["code"] = "deputy"
    elif before and before != given.user:
        params |= {"code": "handed", "before": str(before)}
    else:
        params["code"] = "taken" if given.by == given.user else "given"
    append(incident, EntryKind.ROLE, actor=given.by, params=params, text=given.note, now=given.now)
    audit.record(
        "incident.role",
        actor=given.by,
        brand=incident.brand,
        subject=incident.reference,
        role=given.role.value,
        after=str(given.user),
    )


def _tell(incident: Incident, given: Given, before: User | None, row: RoleHolding) -> None:
    """Whoever gets a role from somebody else learns of it, and whoever is relieved, too."""
    facts: dict[str, Any] = {
        "actor": str(given.by or ""),
        "role": given.role.value,
        "name": str(given.user),
    }
    key, now = f"role.{row.pk}", given.now
    if given.user != given.by:
        kind = "deputy_given" if given.is_deputy else "role_given"
        tell([given.user], kind, incident=incident, key=key, now=now, **facts)
    if before and before not in (given.user, given.by):
        tell([before], "role_passed", incident=incident, key=key, now=now, **facts)


@transaction.atomic
def release(
    incident_id: int,
    role: IncidentRole | str,
    *,
    by: User,
    is_deputy: bool = False,
    now: datetime,
) -> None:
    """Leave a role, or the place of its deputy, empty; nothing happens if nobody holds it.

    Refused for the lead: somebody must have it, so it is handed over instead.
    """
    if role == IncidentRole.LEAD and not is_deputy:
        raise Refused(_("An incident needs a lead: hand the role over instead."))
    incident = lock(incident_id)
    held = incident.holdings.filter(role=role, is_deputy=is_deputy, until=None).first()
    if held is None:
        return
    _end(held, at=now)
    params = {"code": "left", "role": held.role, "name": str(held.user)}
    append(incident, EntryKind.ROLE, actor=by, params=params, now=now)
    audit.record(
        "incident.role", actor=by, brand=incident.brand, subject=incident.reference, role=held.role
    )
    show(incident, PARTS)
