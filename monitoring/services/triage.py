"""What people decide about mentions: state, person, and the outcome of the chart.

One way for one mention and for five hundred. Rows are locked in the order of their mentions, and a
change may say which version it was made from: of two people at once the second is told of the
first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.selectors import members
from core import formats, live
from core.errors import Conflict, Refused
from core.text import clean
from monitoring.chart import STATE_AFTER, Course, PostKind, TriageState, Truth
from monitoring.enums import About, LabelField
from monitoring.models import Mention
from monitoring.models_triage import MentionChange, MentionState, StreamJob
from notifications.services import notify

from .corrections import correct

LONGEST_NOTE = 2_000
# Mentions a transaction: short enough that nobody waits for the locks.
CHUNK = 500
# What a change may set. An assignee is kept by id.
FIELDS = ("state", "assignee_id", "truth", "kind", "course", "note", "not_about")


@dataclass(frozen=True, slots=True)
class Place:
    """Which mention: what everybody keeps of one instead of a foreign key."""

    id: int
    brand_id: int
    published_at: datetime


@dataclass(frozen=True)
class Outcome:
    """How many mentions were changed, and how many were that way already or are someone else's."""

    changed: int
    left: int


def set_state(
    mention: Place, state: str, *, by: User, now: datetime, seen: int | None = None
) -> MentionState:
    """Set how far the mention is; who begins with it has it. `seen` is the version on the screen.

    Raises Conflict, naming who, where somebody else has changed it since.
    """
    changes: dict[str, Any] = {"state": _known(state)}
    if state == TriageState.DOING:
        changes["assignee_id"] = by.pk
    return _one(mention, changes, by=by, now=now, seen=seen)


def assign(
    mention: Place, person: User | None, *, by: User, now: datetime, seen: int | None = None
) -> MentionState:
    """Give the mention to a person who may work on it, or to nobody; tell them."""
    changes = {"assignee_id": _worker(person, mention.brand_id)}
    with transaction.atomic():
        row = _one(mention, changes, by=by, now=now, seen=seen)
        if person and person != by:
            tell(person, [mention], f"mention.{mention.id}.{row.version}", by=by, now=now)
    return row


def decide(
    mention: Place, answers: dict[str, str], *, by: User, now: datetime, seen: int | None = None
) -> MentionState:
    """Record the outcome of the chart: `answers` has truth, kind, course and perhaps a note."""
    truth, kind, course = (
        _code(answers.get(name, ""), codes)
        for name, codes in (("truth", Truth), ("kind", PostKind), ("course", Course))
    )
    state = STATE_AFTER[Course(course)]
    changes: dict[str, Any] = {"truth": truth, "kind": kind, "course": course, "state": state.value}
    if answers.get("note"):
        changes["note"] = _note(answers["note"])
    if state == TriageState.DOING:
        changes["assignee_id"] = by.pk
    return _one(mention, changes, by=by, now=now, seen=seen)


def report_not_about(mention: Place, *, by: User, now: datetime) -> MentionState:
    """Say that the mention does not speak of the brand: it is set aside, and counted no more.

    Raises Conflict when it has left meanwhile.
    """
    changes = {"not_about": True, "state": TriageState.IGNORED.value}
    with transaction.atomic():
        found = Mention.objects.filter(pk=mention.id, published_at=mention.published_at).first()
        if found is None:
            raise Conflict(_("The mention is no longer there."))
        correct(found, LabelField.ABOUT, About.OTHER, by)
        return _one(mention, changes, by=by, now=now, seen=None)


@transaction.atomic
def change_many(
    places: Sequence[Place],
    changes: dict[str, Any],
    *,
    by: User,
    now: datetime,
    job: StreamJob | None = None,
) -> Outcome:
    """Make the same change to many mentions; those that are that way already are left.

    `changes` are some of FIELDS. The caller writes the audit trail once for all.
    """
    before = {row.mention_id: row for row in _locked(places, by, now)}
    rows = [before[place.id] for place in sorted(places, key=lambda each: each.id)]
    made = [entry for row in rows if (entry := _change(row, changes, by, now, job))]
    changed = {entry.mention_id for entry in made}
    MentionState.objects.bulk_update(
        [row for row in rows if row.mention_id in changed], [*FIELDS, "by", "at", "version"]
    )
    MentionChange.objects.bulk_create(made)
    if changed:
        announce({row.brand_id for row in rows})
    return Outcome(len(changed), len(rows) - len(changed))


def announce(brand_ids: set[int]) -> None:
    """Tell the open pages of these brands that what was done about mentions has changed."""
    for brand_id in sorted(brand_ids):
        live.publish(f"brand.{brand_id}", "triage")


def undo(job: StreamJob, *, by: User, now: datetime) -> Outcome:
    """Put back what the job changed, wherever nobody has changed it since. Twice is as once."""
    undone = left = 0
    after = 0
    while made := list(job.changes.filter(mention_id__gt=after).order_by("mention_id")[:CHUNK]):
        after = made[-1].mention_id
        put_back = _undo(made, by, now)
        undone += put_back
        left += len(made) - put_back
    return Outcome(undone, left)


@transaction.atomic
def _undo(made: Sequence[MentionChange], by: User, now: datetime) -> int:
    rows = {row.mention_id: row for row in _locked([_place(each) for each in made], by, now)}
    groups: dict[str, list[MentionChange]] = {}
    for each in made:
        if rows[each.mention_id].version == each.version:
            groups.setdefault(json.dumps(each.before, sort_keys=True), []).append(each)
    for before, alike in groups.items():
        change_many([_place(each) for each in alike], json.loads(before), by=by, now=now)
    return sum(map(len, groups.values()))


def _place(change: MentionChange) -> Place:
    return Place(change.mention_id, change.brand_id, change.published_at)


def _one(
    mention: Place, changes: dict[str, Any], *, by: User, now: datetime, seen: int | None
) -> MentionState:
    with transaction.atomic():
        [row] = _locked([mention], by, now)
        if seen is not None and seen != row.version and not _already(row, changes):
            raise Conflict(_overtaken(row))
        entry = _change(row, changes, by, now, None)
        if entry is None:
            return row
        row.save()
        entry.save()
        audit.record(
            "mention.triaged",
            actor=by,
            brand=mention.brand_id,
            subject=str(mention.id),
            before=entry.before,
            after=entry.after,
        )
        announce({mention.brand_id})
    return row


def _locked(places: Sequence[Place], by: User, now: datetime) -> list[MentionState]:
    """The rows, locked in the order of their mentions; made where there are none yet."""
    MentionState.objects.bulk_create(
        [
            MentionState(
                brand_id=place.brand_id,
                mention_id=place.id,
                published_at=place.published_at,
                by=by,
                at=now,
            )
            for place in sorted(places, key=lambda each: each.id)
        ],
        ignore_conflicts=True,
    )
    wanted = MentionState.objects.filter(mention_id__in=[place.id for place in places])
    return list(wanted.order_by("mention_id").select_for_update(of=("self",), no_key=True))


def _change(
    row: MentionState, changes: dict[str, Any], by: User, now: datetime, job: StreamJob | None
) -> MentionChange | None:
    """Change the row in memory; return the entry for its history, None where nothing changes."""
    before = {name: getattr(row, name) for name in changes}
    differing = {name: value for name, value in changes.items() if before[name] != value}
    if not differing:
        return None
    for name, value in differing.items():
        setattr(row, name, value)
    row.by, row.at, row.version = by, now, row.version + 1
    return MentionChange(
        brand_id=row.brand_id,
        mention_id=row.mention_id,
        published_at=row.published_at,
        by=by,
        at=now,
        job=job,
        before={name: before[name] for name in differing},
        after=differing,
        version=row.version,
    )


def _already(row: MentionState, changes: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in changes.items())


def _overtaken(row: MentionState) -> str:
    return _("%(name)s was quicker, at %(time)s: %(state)s. Look at it before you change it.") % {
        "name": row.by or _("Somebody"),
        "time": formats.clock(row.at),
        "state": TriageState(row.state).label,
    }


def _known(state: str) -> str:
    if state not in TriageState.values:
        raise Refused(_("That is not a state."))
    return state


def _code(value: str, codes: Any) -> str:
    if value not in codes.values:
        raise Refused(_("Answer every question of the chart first."))
    return value


def _note(text: str) -> str:
    said = clean(text).strip()
    if len(said) > LONGEST_NOTE:
        raise Refused(_("At most %(most)d characters fit in a note.") % {"most": LONGEST_NOTE})
    return said


def _worker(person: User | None, brand_id: int) -> int | None:
    if person is None:
        return None
    if not members(brand_id, permission=Permission.TRIAGE).filter(pk=person.pk).exists():
        raise Refused(_("%(name)s may not work on mentions of this brand.") % {"name": person})
    return person.pk


def tell(person: User, places: Sequence[Place], key: str, *, by: User, now: datetime) -> None:
    """Tell a person, once for `key`, that mentions were given to them."""
    count, place = len(places), places[0]
    notify(
        [person],
        key=key,
        kind="monitoring.assigned",
        params={"actor": str(by), "count": count},
        url=reverse("monitoring:mention", args=[place.id])
        if count == 1
        else reverse("monitoring:mentions") + "?state=doing&assignee=me",
        now=now,
    )
