"""Mending what was written to the room, so that everybody can see what stood there before."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Forbidden, Refused
from incidents import composer, entries
from incidents.enums import EntryKind
from incidents.models import Incident, TimelineEntry
from incidents.models_facts import Decision
from incidents.models_timeline import EntryEdit
from incidents.selectors.audience import nameable

from .decisions import Why, add_decision
from .timeline import lock, naming, readable, say, show, tell_named

# So long whoever wrote a line may still mend it in place.
EDITABLE = timedelta(minutes=5)
MOST_PINNED = 5


def may_edit(entry: TimelineEntry, user: User, *, now: datetime) -> bool:
    """Whether `user` may still mend the line in place. Decisions are only ever corrected."""
    mendable = entry.kind in entries.WRITTEN and entry.kind != EntryKind.DECISION
    written_at = entry.entered_at or entry.at
    return mendable and entry.actor_id == user.pk and now < written_at + EDITABLE


def _entry(incident: Incident, number: int) -> TimelineEntry:
    found: TimelineEntry = incident.entries.select_related("actor").get(number=number)
    return found


@transaction.atomic
def edit_entry(
    incident_id: int, number: int, *, text: str, by: User, now: datetime
) -> TimelineEntry:
    """Mend one's own line within five minutes; what it said is kept. The same text does nothing.

    TimelineEntry.DoesNotExist if there is no such line.
    """
    incident, said = lock(incident_id), readable(text)
    entry = _entry(incident, number)
    if entry.kind not in entries.WRITTEN or entry.actor_id != by.pk:
        raise Forbidden(_("Only what you wrote yourself can be edited. Correct it instead."))
    if not may_edit(entry, by, now=now):
        raise Conflict(_("It can no longer be edited. Write a correction instead."))
    if entry.text == said:
        return entry
    people = composer.named(nameable(incident), said) if "@" in said else {}
    EntryEdit.objects.create(entry=entry, text=entry.text, at=now, by=by)
    entry.text, entry.edited_at, entry.params = said, now, naming(people)
    entry.save(update_fields=["text", "edited_at", "params"])
    tell_named(incident, entry, people.values(), by=by, now=now)
    show(incident, ["timeline"])
    return entry


@transaction.atomic
def correct_entry(
    incident_id: int, number: int, *, text: str, by: User, now: datetime
) -> TimelineEntry:
    """Write what is right as a line of its own, which points to the one that was wrong.

    Refused for what the desk itself told: that is a record. TimelineEntry.DoesNotExist if there is
    no such line.
    """
    incident, said = lock(incident_id), readable(text)
    wrong = _entry(incident, number)
    if wrong.kind not in entries.WRITTEN:
        raise Refused(_("What CrisisDesk recorded cannot be corrected. Write a note about it."))
    entry = _written(incident, wrong, said, by=by, now=now)
    entry.corrects = wrong
    entry.save(update_fields=["corrects"])
    if wrong.pinned_at:
        # What stays in sight is what holds.
        entry.pinned_at, wrong.pinned_at = wrong.pinned_at, None
        entry.save(update_fields=["pinned_at"])
        wrong.save(update_fields=["pinned_at"])
    _record(incident, "incident.corrected", entry, by=by)
    show(incident, ["timeline"])
    return entry


def _written(
    incident: Incident, wrong: TimelineEntry, text: str, *, by: User, now: datetime
) -> TimelineEntry:
    """Write the correction; that of a numbered decision is a decision again."""
    if decision := Decision.objects.filter(entry=wrong).first():
        why = Why(reason=text, corrects=decision.number)
        return add_decision(incident.pk, by=by, text=text, why=why, now=now)
    return say(incident.pk, EntryKind(wrong.kind), by=by, text=text, now=now)


@transaction.atomic
def pin_entry(incident_id: int, number: int, *, by: User, now: datetime) -> TimelineEntry:
    """Keep a line in sight above the others. Refused beyond MOST_PINNED; twice changes nothing."""
    incident = lock(incident_id)
    entry = _entry(incident, number)
    if entry.pinned_at:
        return entry
    if incident.entries.filter(pinned_at__isnull=False).count() >= MOST_PINNED:
        raise Refused(
            _("At most %(most)d lines are pinned. Take one down first.") % {"most": MOST_PINNED}
        )
    return _pin(incident, entry, now, by=by)


@transaction.atomic
def unpin_entry(incident_id: int, number: int, *, by: User) -> TimelineEntry:
    """Let a line go back among the others."""
    incident = lock(incident_id)
    entry = _entry(incident, number)
    return _pin(incident, entry, None, by=by) if entry.pinned_at else entry


def _pin(
    incident: Incident, entry: TimelineEntry, at: datetime | None, *, by: User
) -> TimelineEntry:
    entry.pinned_at = at
    entry.save(update_fields=["pinned_at"])
    _record(incident, "incident.pinned" if at else "incident.unpinned", entry, by=by)
    show(incident, ["timeline"])
    return entry


def _record(incident: Incident, action: str, entry: TimelineEntry, *, by: User) -> None:
    subject = f"{incident.reference} #{entry.number}"
    audit.record(action, actor=by, brand=incident.brand, subject=subject)
