"""Private incidents: who is let in, who is not any more, and how each of them learns of it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from accounts.selectors import members
from core import live
from core.errors import Conflict, Refused
from incidents import selectors
from incidents.enums import EntryKind, Joined
from incidents.models import Incident
from incidents.models_cases import IncidentMember
from monitoring.services.rehearsals import forget_case
from notifications.models import Urgency
from notifications.services import withdraw

from .briefs import end_outsiders
from .notices import tell
from .timeline import append, lock, readable, show

PARTS = ["head", "members", "timeline"]


@transaction.atomic
def make_private(
    incident_id: int, *, people: Iterable[User], by: User, reason: str, now: datetime
) -> Incident:
    """Close the incident to all but `people`, its lead and `by`, who become its members.

    Whoever is outside now loses the page, their sockets and the notices about it. Refused without
    a reason and for who is not of the brand; Conflict if it is private already.
    """
    why = readable(reason)
    incident = lock(incident_id)
    if incident.is_private:
        raise Conflict(_("The incident is private already."))
    chosen = {each.pk: each for each in (by, *people, incident.lead) if each}
    _refuse_strangers(incident, chosen.values())
    incident.is_private = True
    incident.save(update_fields=["is_private"])
    seat(incident, chosen.values(), joined=Joined.CHOSEN, by=by, now=now)
    params = {"code": "private", "people": [str(each) for each in chosen.values()]}
    append(incident, EntryKind.MEMBER, actor=by, params=params, text=why, now=now)
    _tell_added(incident, chosen.values(), by=by, now=now)
    _shut_out(incident, selectors.outsiders(incident), now=now)
    forget_case(incident.brand, reverse("incidents:incident", args=[incident.reference]))
    _record("incident.private", incident, by)
    show(incident, PARTS, brand=True)
    return incident


@transaction.atomic
def make_public(incident_id: int, *, by: User, reason: str, now: datetime) -> Incident:
    """Open a private incident to everybody of the brand, all that was written included.

    Its members are forgotten: private again, it begins with who is chosen then.
    """
    why = readable(reason)
    incident = lock(incident_id)
    if not incident.is_private:
        raise Conflict(_("The incident is not private."))
    told = [each for each in selectors.insiders(incident) if each != by]
    incident.is_private = False
    incident.save(update_fields=["is_private"])
    incident.members.all().delete()
    params = {"code": "public"}
    append(incident, EntryKind.MEMBER, actor=by, params=params, text=why, now=now)
    key = f"public.{incident.entries_count}"
    tell(told, "public", incident=incident, key=key, now=now, actor=str(by))
    _record("incident.public", incident, by)
    show(incident, PARTS, brand=True)
    return incident


@transaction.atomic
def add_member(incident_id: int, person: User, *, by: User, reason: str, now: datetime) -> Incident:
    """Let somebody of the brand into a private incident; a member already changes nothing."""
    why = readable(reason)
    incident = _lock_private(incident_id)
    _refuse_strangers(incident, [person])
    if not seat(incident, [person], joined=Joined.CHOSEN, by=by, now=now):
        return incident
    params = {"code": "added", "people": [str(person)]}
    append(incident, EntryKind.MEMBER, actor=by, params=params, text=why, now=now)
    _tell_added(incident, [person], by=by, now=now)
    _record("incident.member_added", incident, by, person)
    show(incident, PARTS)
    return incident


@transaction.atomic
def remove_member(
    incident_id: int, person: User, *, by: User, reason: str, now: datetime
) -> Incident:
    """Take somebody out of a private incident; who is none changes nothing.

    Refused for the lead, and for the last who may run it: somebody must be able to.
    """
    why = readable(reason)
    incident = _lock_private(incident_id)
    if incident.lead_id == person.pk:
        raise Refused(_("%(name)s leads the incident. Hand the lead over first.") % _named(person))
    able = selectors.insiders(incident, permission=Permission.RUN_INCIDENT)
    if not able.exclude(pk=person.pk).exists():
        raise Refused(_("%(name)s is the last who may run it. Add another first.") % _named(person))
    removed, _rows = incident.members.filter(user=person).delete()
    if not removed:
        return incident
    params = {"code": "removed", "people": [str(person)]}
    append(incident, EntryKind.MEMBER, actor=by, params=params, text=why, now=now)
    _shut_out(incident, [person], now=now)
    _record("incident.member_removed", incident, by, person)
    show(incident, PARTS)
    return incident


@transaction.atomic
def open_sealed(incident_id: int, *, by: User, reason: str, now: datetime) -> Incident:
    """Break the glass: an administrator of the brand lets themselves into a private incident.

    For when nobody inside can be reached. The reason is audited and told to every member by a
    page. Forbidden to everybody else.
    """
    why = readable(reason)
    incident = _lock_private(incident_id)
    require(by, Permission.MANAGE_BRAND, incident.brand_id)
    inside = list(selectors.insiders(incident))
    if not seat(incident, [by], joined=Joined.OPENED, by=by, now=now):
        return incident
    entry = append(
        incident, EntryKind.MEMBER, actor=by, params={"code": "opened"}, text=why, now=now
    )
    key = f"opened.{entry.number}"
    tell(
        inside,
        "opened_sealed",
        incident=incident,
        key=key,
        now=now,
        actor=str(by),
        urgency=Urgency.PAGE,
    )
    audit.record(
        "incident.opened_sealed",
        actor=by,
        brand=incident.brand,
        subject=incident.reference,
        reason=why,
    )
    show(incident, PARTS)
    return incident


def admit_called(incident: Incident, called: Iterable[User], *, now: datetime) -> None:
    """Make whom the ladder of a locked private incident calls its members: they must see it."""
    if not incident.is_private:
        return
    fresh = seat(incident, called, joined=Joined.CALLED, by=None, now=now)
    if fresh:
        params = {"code": "called", "people": [str(each) for each in fresh]}
        append(incident, EntryKind.MEMBER, params=params, now=now)
        show(incident, ["members"])


def seat_first(
    incident: Incident, people: Iterable[User], *, by: User | None, now: datetime
) -> None:
    """Give an incident that is opened as a private one its members. Refused for strangers."""
    chosen = {each.pk: each for each in (by, *people) if each}
    _refuse_strangers(incident, chosen.values())
    seat(incident, chosen.values(), joined=Joined.CHOSEN, by=by, now=now)
    params = {"code": "began", "people": [str(each) for each in chosen.values()]}
    append(incident, EntryKind.MEMBER, actor=by, params=params, now=now)
    _tell_added(incident, chosen.values(), by=by, now=now)
    if by:
        _record("incident.private", incident, by)


def _lock_private(incident_id: int) -> Incident:
    incident = lock(incident_id)
    if not incident.is_private:
        raise Conflict(_("The incident is not private: everybody of the brand sees it."))
    return incident


def _refuse_strangers(incident: Incident, people: Iterable[User]) -> None:
    known = set(members(incident.brand_id).values_list("pk", flat=True))
    for each in people:
        if each.pk not in known:
            raise Refused(_("%(name)s is not a member of the brand.") % _named(each))


def seat(
    incident: Incident, people: Iterable[User], *, joined: Joined, by: User | None, now: datetime
) -> list[User]:
    """Write the members; return those who were none before."""
    known = set(incident.members.values_list("user_id", flat=True))
    fresh = [each for each in people if each.pk not in known]
    IncidentMember.objects.bulk_create(
        IncidentMember(incident=incident, user=each, joined=joined, added_by=by, since=now)
        for each in fresh
    )
    return fresh


def _tell_added(
    incident: Incident, people: Iterable[User], *, by: User | None, now: datetime
) -> None:
    others = [each for each in people if by is None or each.pk != by.pk]
    key = f"member.{incident.entries_count}"
    tell(others, "member", incident=incident, key=key, now=now, actor=str(by or ""))


def _shut_out(incident: Incident, people: Iterable[User], *, now: datetime) -> None:
    """Take back what they were told and the roles they held; their sockets are judged anew."""
    shut = list(people)
    held = incident.holdings.filter(user__in=shut, until=None)
    held.update(until=now, care_at=None)
    end_outsiders(incident, now=now)
    withdraw(shut, about=incident.reference)
    for each in shut:
        live.publish(f"user.{each.pk}", "membership")


def _record(action: str, incident: Incident, by: User, person: User | None = None) -> None:
    facts = {"person": str(person)} if person else {}
    audit.record(action, actor=by, brand=incident.brand, subject=incident.reference, **facts)


def _named(person: User) -> dict[str, str]:
    return {"name": str(person)}
