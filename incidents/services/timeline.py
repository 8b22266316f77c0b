"""The log of an incident: numbered under its lock, never changed afterwards."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import live
from core.errors import Refused
from core.text import clean
from incidents import composer
from incidents.enums import EntryKind
from incidents.models import Incident, TimelineEntry
from incidents.selectors.audience import nameable
from incidents.severity import targets

from .notices import tell

LONGEST_TEXT = 4000
# The offline pack follows the first change of a few by so long.
PACK_DELAY = timedelta(seconds=10)
# What else happens with what a person wrote, in the same transaction and under the lock.
LISTENERS: list[Callable[[Incident, TimelineEntry], None]] = []


def lock(incident_id: int) -> Incident:
    """Return the incident, locked until the transaction ends; every change goes through here.

    Drafts and tasks that merely refer to it are not held up, and do not make an engine skip it.
    Incident.DoesNotExist if it is gone.
    """
    locked = Incident.with_drills.select_for_update(of=("self",), no_key=True)
    incident: Incident = locked.select_related("brand").get(pk=incident_id)
    return incident


def lock_current(incident_id: int) -> Incident:
    """Return the incident, locked; of one that was merged, the incident that it goes on as."""
    incident = _current(incident_id)
    while incident.merged_into_id:
        # It was merged between looking and locking.
        incident = _current(incident.merged_into_id)
    return incident


def _current(incident_id: int) -> Incident:
    """Look first and lock then: holding the one while waiting for the other could deadlock."""
    after = Incident.with_drills.values_list("merged_into", flat=True).get(pk=incident_id)
    return lock(after or incident_id)


def renew_packs(brand_id: int) -> None:
    """Have the packs of a brand's open incidents made anew: who is on duty stands in them."""
    soon = timezone.now() + PACK_DELAY
    Incident.objects.filter(brand=brand_id).running().update(
        pack_at=Least(Coalesce("pack_at", soon), soon)
    )


def append(
    incident: Incident,
    kind: EntryKind,
    *,
    actor: User | None = None,
    params: dict[str, Any] | None = None,
    text: str = "",
    now: datetime,
) -> TimelineEntry:
    """Write the next entry of an incident that the caller has locked. Announces nothing."""
    incident.entries_count += 1
    # Changes that follow each other make one pack; one that is being made is made once more.
    soon = timezone.now() + PACK_DELAY
    incident.pack_at = min(incident.pack_at or soon, soon)
    incident.save(update_fields=["entries_count", "pack_at"])
    return TimelineEntry.objects.create(
        incident=incident,
        number=incident.entries_count,
        at=now,
        kind=kind,
        actor=actor,
        params=params or {},
        text=text,
    )


def show(incident: Incident, parts: Iterable[str], *, brand: bool = False) -> None:
    """Tell the open pages which parts changed; last in a transaction (core.live).

    The head's frame carries the status: pages show that before they have fetched the rest.
    """
    for part in parts:
        data = {"state": str(incident.state)} if part == "head" else {}
        live.publish(f"incident.{incident.pk}", part, data)
    if brand:
        live.publish(f"brand.{incident.brand_id}", "incidents")


@transaction.atomic
def write_entry(
    incident_id: int,
    kind: EntryKind,
    *,
    actor: User | None = None,
    params: dict[str, Any] | None = None,
    text: str = "",
    now: datetime,
) -> TimelineEntry:
    """Write an entry for a room above, which records in the audit trail what it did itself.

    Takes the incident's lock and then those of the live frames: call it late in a transaction.
    """
    incident = lock_current(incident_id)
    entry = append(incident, kind, actor=actor, params=params, text=clean(text), now=now)
    show(incident, ["timeline"])
    return entry


def add_note(incident_id: int, *, by: User, text: str, now: datetime) -> TimelineEntry:
    """Write to the room. Refused if there is nothing to read or far too much."""
    return say(incident_id, EntryKind.NOTE, by=by, text=text, now=now)


def add_update(incident_id: int, *, by: User, text: str, now: datetime) -> TimelineEntry:
    """Write an internal update, which winds up the clock of the next one."""
    return say(incident_id, EntryKind.UPDATE, by=by, text=text, now=now)


def add_event(
    incident_id: int, *, by: User, text: str, at: datetime, now: datetime
) -> TimelineEntry:
    """Enter afterwards what happened at `at`. Refused for a moment still to come."""
    if at > now:
        raise Refused(_("That is still to come. Write a task for it."))
    return say(incident_id, EntryKind.EVENT, by=by, text=text, at=at, now=now)


@transaction.atomic
def say(  # noqa: PLR0913 - who says what, and when
    incident_id: int,
    kind: EntryKind,
    *,
    by: User,
    text: str,
    params: dict[str, Any] | None = None,
    at: datetime | None = None,
    now: datetime,
) -> TimelineEntry:
    """Write what a person says, and tell those whom it names; `at` is when it happened, if not now.

    Refused if there is nothing to read or far too much.
    """
    incident, said = lock_current(incident_id), readable(text)
    people = composer.named(nameable(incident), said) if "@" in said else {}
    kept = (params or {}) | naming(people)
    entry = append(incident, kind, actor=by, params=kept, text=said, now=at or now)
    if at is not None:
        entry.entered_at = now
        entry.save(update_fields=["entered_at"])
    parts = ["timeline"]
    if kind == EntryKind.UPDATE and incident.is_open:
        every = targets(incident.severity, incident.plan).update
        incident.update_by = now + every if every else None
        incident.save(update_fields=["update_by"])
        parts.append("head")
    for listen in LISTENERS:
        listen(incident, entry)
    tell_named(incident, entry, people.values(), by=by, now=now)
    show(incident, parts)
    return entry


def naming(people: dict[str, User]) -> dict[str, Any]:
    """What an entry keeps of whom it names: [[the word behind the @, the person's id]]."""
    return {"named": [[word, user.pk] for word, user in people.items()]} if people else {}


def tell_named(
    incident: Incident, entry: TimelineEntry, people: Iterable[User], *, by: User, now: datetime
) -> None:
    """Notify those whom an entry names; once each and entry."""
    others = [user for user in dict.fromkeys(people) if user != by]
    key = f"named.{entry.number}"
    tell(others, "named", incident=incident, key=key, now=now, actor=str(by), entry=entry.number)


def readable(text: str) -> str:
    """Return `text` fit to be kept; Refused if it is empty or longer than an entry may be."""
    said = clean(text).strip()
    if not said:
        raise Refused(_("Write something first."))
    if len(said) > LONGEST_TEXT:
        raise Refused(_("At most %(most)d characters fit in one entry.") % {"most": LONGEST_TEXT})
    return said
