"""One shift hands over to the next: the note, and the signature of whoever takes over."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from incidents import selectors
from incidents.enums import EntryKind, IncidentRole
from incidents.models import Incident
from incidents.models_updates import IncidentHandOver

from .notices import tell
from .roles import assign
from .timeline import append, lock_current, show

LONGEST = 20_000
PARTS = ["handover", "timeline"]


@transaction.atomic
def hand_over(
    incident_id: int, *, taker: User, text: str, takes_lead: bool = True, by: User, now: datetime
) -> IncidentHandOver:
    """Write the note that `taker` is to sign, who is told. An unsigned one before is replaced.

    Refused for who cannot see the incident, cannot lead it where they are to, and for oneself.
    """
    said = _text(text)
    incident = lock_current(incident_id)
    _refuse(incident, taker, takes_lead=takes_lead, by=by)
    incident.handovers.filter(signed_at=None).delete()
    note = IncidentHandOver.objects.create(
        incident=incident,
        giver=by,
        taker=taker,
        text=said,
        takes_lead=takes_lead,
        created_at=now,
        changed_at=now,
    )
    params = {"code": "written", "name": str(taker)}
    append(incident, EntryKind.HANDOVER, actor=by, params=params, now=now)
    key = f"handover.{note.pk}"
    tell([taker], "handover", incident=incident, key=key, now=now, actor=str(by))
    _record("incident.handover", incident, by)
    show(incident, PARTS)
    return note


def _refuse(incident: Incident, taker: User, *, takes_lead: bool, by: User) -> None:
    if taker.pk == by.pk:
        raise Refused(_("Hand over to somebody else."))
    able = selectors.insiders(incident, permission=Permission.RUN_INCIDENT if takes_lead else None)
    if not able.filter(pk=taker.pk).exists():
        raise Refused(_("%(name)s cannot take this incident over.") % {"name": taker})


def _text(text: str) -> str:
    said = clean(text).strip()
    if not said:
        raise Refused(_("Write something first."))
    if len(said) > LONGEST:
        raise Refused(_("A hand-over note has at most %(most)d characters.") % {"most": LONGEST})
    return said


def _record(action: str, incident: Incident, by: User) -> None:
    audit.record(action, actor=by, brand=incident.brand_id, subject=incident.reference)


@transaction.atomic
def edit_note(note_id: int, text: str, *, by: User, now: datetime) -> IncidentHandOver:
    """Change a note that is not signed yet: by whoever gives it or takes it."""
    said = _text(text)
    note = _lock(note_id)
    if by.pk not in (note.giver_id, note.taker_id):
        raise Forbidden(_("Only who hands over and who takes over change the note."))
    note.text, note.changed_at = said, now
    note.save(update_fields=["text", "changed_at"])
    show(note.incident, ["handover"])
    return note


@transaction.atomic
def sign(note_id: int, *, by: User, now: datetime) -> IncidentHandOver:
    """Take over: the taker signs what they have read, and leads from then on if that was meant."""
    note = _lock(note_id)
    if by.pk != note.taker_id:
        raise Forbidden(_("Only who takes over signs the note."))
    note.signed_at = now
    note.save(update_fields=["signed_at"])
    incident = lock_current(note.incident_id)
    params = {"code": "signed", "name": str(note.giver or "–")}
    append(incident, EntryKind.HANDOVER, actor=by, params=params, now=now)
    if note.giver:
        key = f"handover.signed.{note.pk}"
        tell([note.giver], "handover_signed", incident=incident, key=key, now=now, actor=str(by))
    _record("incident.handover_signed", incident, by)
    if note.takes_lead:
        assign(incident.pk, IncidentRole.LEAD, by, by=by, now=now)
    show(incident, PARTS)
    return note


def _lock(note_id: int) -> IncidentHandOver:
    """Return the note with its incident locked. Conflict once it is signed."""
    known = IncidentHandOver.objects.get(pk=note_id)
    lock_current(known.incident_id)
    note = IncidentHandOver.objects.select_related("incident", "giver", "taker").get(pk=note_id)
    if note.signed_at:
        raise Conflict(_("The note is signed: write a new one."))
    return note
