"""Noting who has been told, and saying why the public hears something before they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed, require
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.models import Incident
from incidents.services import write_entry
from incidents.services.timeline import lock_current
from responses.enums_plan import Audience
from responses.models_telling import EarlyWord, Telling
from responses.plan import order, reading
from responses.services.engage.waking import wake
from responses.services.rows import lock_draft, refuse_closed
from responses.services.telling import tell

LONGEST = 300
DEEDS = ("told", "waive", "take_back", "take_order")


@dataclass(frozen=True)
class Deed:
    """What is noted: one of DEEDS, of whom, and by what they were told or why they need not be."""

    what: str
    audience: str = ""
    note: str = ""


def do(incident_id: int, deed: Deed, *, by: User, now: datetime) -> None:
    """Note it. Refused for a deed that there is not."""
    if deed.what == "take_order":
        take_order(incident_id, by=by, now=now)
    elif deed.what == "told":
        mark_told(incident_id, deed.audience, means=deed.note, by=by, now=now)
    elif deed.what == "waive":
        waive(incident_id, deed.audience, reason=deed.note, by=by, now=now)
    elif deed.what == "take_back":
        take_back(incident_id, deed.audience, by=by, now=now)
    else:
        raise Refused(_("Say what happened."))


@transaction.atomic
def mark_told(incident_id: int, audience: str, *, means: str, by: User, now: datetime) -> Telling:
    """Note that an audience has been told, and by what; the first word stays.

    Refused for an audience that is not in the incident's order.
    """
    row = _locked(incident_id, audience, by=by)
    if row.told_at is None:
        row.told_at, row.told_by, row.waived = now, by, ""
        row.means = clean(means).strip()[:LONGEST]
        row.save()
        _tell(row, "audience_told", by=by, now=now, means=row.means)
    return row


@transaction.atomic
def waive(incident_id: int, audience: str, *, reason: str, by: User, now: datetime) -> Telling:
    """Say why an audience need not be told here. Conflict if it has been."""
    row = _locked(incident_id, audience, by=by)
    said = clean(reason).strip()[:LONGEST]
    if row.told_at:
        raise Conflict(_("They have been told already."))
    if row.audience == Audience.PUBLIC:
        raise Refused(_("The public has a place in every order."))
    if not said:
        raise Refused(_("Say why they need not be told."))
    row.waived = said
    row.save()
    _tell(row, "audience_waived", by=by, now=now, reason=said)
    return row


@transaction.atomic
def take_back(incident_id: int, audience: str, *, by: User, now: datetime) -> Telling:
    """Take back what was noted of an audience: it is open again."""
    row = _locked(incident_id, audience, by=by)
    if not row.is_open:
        row.told_at, row.told_by, row.means, row.waived = None, None, "", ""
        row.save()
        _tell(row, "audience_open", by=by, now=now)
    return row


@transaction.atomic
def take_order(incident_id: int, *, by: User, now: datetime) -> list[Telling]:
    """Take over the plan's order as it is now; what was noted of its audiences stays."""
    incident = _lock(incident_id, by=by)
    before = {row.audience: row for row in order.order_of(incident)}
    wanted = order.made(incident, reading.content_of(incident.brand_id)["order"])
    if not wanted:
        raise Refused(_("The communication plan has no order of telling."))
    for row in wanted:
        if known := before.get(row.audience):
            row.told_at, row.told_by, row.means = known.told_at, known.told_by, known.means
            row.waived = known.waived
    incident.tellings.all().delete()
    Telling.objects.bulk_create(wanted)
    audiences = order.named([Audience(row.audience) for row in wanted])
    _record(incident, "order_taken", by=by, now=now, order=audiences)
    return wanted


@transaction.atomic
def say_early(draft_id: int, *, reason: str, by: User, now: datetime) -> EarlyWord:
    """Say why a draft goes out before those who come first are told; it then waits for nobody.

    For whoever may publish or approve. Refused without a reason, and where nothing holds it up.
    """
    draft = lock_draft(draft_id)
    if not allowed(by, Permission.PUBLISH, draft.incident.brand_id):
        require(by, Permission.APPROVE, draft.incident.brand_id)
    refuse_closed(draft)
    said = clean(reason).strip()[:1000]
    if not said:
        raise Refused(_("Say why it cannot wait until they have been told."))
    waits = order.holding(draft)
    if not waits:
        raise Conflict(_("It waits for nobody to be told."))
    word = EarlyWord.objects.create(
        draft=draft, reason=said, untold=[each.value for each in waits], said_by=by, said_at=now
    )
    tell(
        draft,
        EntryKind.PUBLICATION,
        "early",
        actor=by,
        now=now,
        untold=[each.value for each in waits],
        reason=said,
    )
    live.publish(f"incident.{draft.incident_id}", "tellings")
    wake(draft.incident_id, now=now)
    return word


def _lock(incident_id: int, *, by: User) -> Incident:
    incident = lock_current(incident_id)
    require(by, Permission.RUN_INCIDENT, incident.brand_id)
    return incident


def _locked(incident_id: int, audience: str, *, by: User) -> Telling:
    """The audience's row, written if it was only the plan's so far; the incident is locked."""
    incident = _lock(incident_id, by=by)
    if not incident.tellings.exists():
        Telling.objects.bulk_create(order.order_of(incident))
    row = incident.tellings.filter(audience=audience).first()
    if row is None:
        raise Refused(_("They are not in the order of telling."))
    row.incident = incident
    return row


def _tell(row: Telling, code: str, *, by: User, now: datetime, **params: Any) -> None:
    _record(row.incident, code, by=by, now=now, audience=row.audience, **params)


def _record(incident: Incident, code: str, *, by: User, now: datetime, **params: Any) -> None:
    write_entry(
        incident.pk, EntryKind.PUBLICATION, actor=by, params={"code": code, **params}, now=now
    )
    facts = {} if incident.is_private else params
    audit.record(
        f"telling.{code}", actor=by, brand=incident.brand, subject=incident.reference, **facts
    )
    wake(incident.pk, now=now)
    for part in ("tellings", "drafts", "head"):
        live.publish(f"incident.{incident.pk}", part)
