"""Linking incidents, and making two of one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Refused
from incidents import selectors
from incidents.enums import EntryKind, Origin, State, Tie
from incidents.models import Incident, TimelineEntry
from incidents.models_ties import IncidentLink

from .merging import lock_two
from .opening import open_incident
from .running import answer
from .timeline import append, lock, readable, show

MOST_COPIED = 200


@transaction.atomic
def tie(incident_id: int, other_id: int, kind: str, *, by: User, now: datetime) -> IncidentLink:
    """Link two incidents that `by` sees both; the same link again changes nothing."""
    if kind not in (Tie.RELATED, Tie.CAUSED, Tie.DUPLICATE):
        raise Refused(_("Choose how the incidents hang together."))
    incident, other = lock_two(incident_id, other_id)
    link, fresh = IncidentLink.objects.get_or_create(
        incident=incident, other=other, tie=kind, defaults={"at": now, "by": by}
    )
    if fresh:
        _log(incident, other, "linked", kind, by=by, now=now)
        _log(other, incident, "linked_from", kind, by=by, now=now)
        audit.record(
            "incident.linked", actor=by, brand=incident.brand, subject=incident.reference, kind=kind
        )
        show(incident, ["links", "timeline"])
        show(other, ["links", "timeline"])
    return link


def _log(
    incident: Incident, other: Incident, code: str, kind: str, *, by: User, now: datetime
) -> None:
    """A timeline never names a private incident: it is read by others than that one's members."""
    if other.is_private:
        return
    params = {"code": code, "tie": kind, "reference": other.reference}
    append(incident, EntryKind.LINK, actor=by, params=params, now=now)


@transaction.atomic
def untie(link: IncidentLink, *, by: User, now: datetime) -> None:
    """Take a link away again."""
    incident, other = lock_two(link.incident_id, link.other_id)
    removed, _rows = IncidentLink.objects.filter(pk=link.pk).delete()
    if removed:
        _log(incident, other, "unlinked", link.tie, by=by, now=now)
        audit.record(
            "incident.unlinked",
            actor=by,
            brand=incident.brand,
            subject=incident.reference,
            kind=link.tie,
        )
        show(incident, ["links", "timeline"])
        show(other, ["links", "timeline"])


@dataclass(frozen=True)
class Part:
    """What leaves an incident: entries by number (copied), mentions and tasks by id (moved)."""

    title: str
    severity: int
    entries: Collection[int] = ()
    mentions: Collection[int] = ()
    tasks: Collection[int] = field(default=())

    @property
    def is_empty(self) -> bool:
        return not (self.entries or self.mentions or self.tasks)


@transaction.atomic
def split(
    incident_id: int, part: Part, *, by: User, reason: str, call: bool = False, now: datetime
) -> Incident:
    """Make an incident of its own from a part of another; return the new one.

    Whoever splits is at it, unless `call` has its ladder climbed. It is private as the first is,
    with the same members. Refused if nothing is chosen.
    """
    why = readable(reason)
    if part.is_empty:
        raise Refused(_("Choose what shall leave the incident."))
    incident = lock(incident_id)
    made = open_incident(
        incident.brand,
        title=readable(part.title),
        crisis_type=incident.crisis_type,
        severity=part.severity,
        severity_reasons=[{"code": "person", "name": str(by)}],
        origin=Origin.SPLIT,
        by=by,
        private_to=selectors.insiders(incident) if incident.is_private else None,
        began_at=incident.began_at,
        now=now,
    )
    _take_over(incident, made, part)
    if not call:
        answer(made, by=by, now=now)
        made.state = State.ACKNOWLEDGED
        made.save(update_fields=["state"])
    IncidentLink.objects.create(incident=made, other=incident, tie=Tie.SPLIT, at=now, by=by)
    params = {"code": "split_off", "reference": made.reference}
    append(incident, EntryKind.LINK, actor=by, params=params, text=why, now=now)
    params = {"code": "split_from", "reference": incident.reference}
    append(made, EntryKind.LINK, actor=by, params=params, text=why, now=now)
    audit.record(
        "incident.split", actor=by, brand=made.brand, subject=made.reference,
        before=incident.reference,
    )  # fmt: skip
    show(incident, ["links", "timeline", "tasks"], brand=True)
    return made


def _take_over(incident: Incident, made: Incident, part: Part) -> None:
    incident.linked_mentions.filter(mention_id__in=part.mentions).update(incident=made)
    moved = incident.tasks.filter(pk__in=part.tasks)
    # What the new incident's plan asks for and is on its way already comes as it is.
    made.tasks.filter(key__in=moved.exclude(key="").values("key")).delete()
    moved.update(incident=made)
    chosen = incident.entries.filter(number__in=part.entries).order_by("number")
    _copy(made, incident, list(chosen.select_related("actor")[:MOST_COPIED]))


def _copy(made: Incident, incident: Incident, entries: Sequence[TimelineEntry]) -> None:
    """A log is never changed: what belongs to the new incident is written there as well."""
    for entry in entries:
        came = {"split_from": f"{incident.reference}#{entry.number}"}
        append(
            made,
            EntryKind(entry.kind),
            actor=entry.actor,
            params=entry.params | came,
            text=entry.text,
            now=entry.at,
        )
