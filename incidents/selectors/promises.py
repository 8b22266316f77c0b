"""What the public was promised, and what the desk believes to have read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from incidents.enums_record import PromiseState
from incidents.models import Incident
from incidents.models_promises import FoundPromise, Promise


@dataclass(frozen=True)
class Promised:
    """A promise and how late it is, or was when it was settled; None when it is not."""

    promise: Promise
    late: timedelta | None


def promises(incident: Incident) -> QuerySet[Promise]:
    """Return every promise, the next due first."""
    return incident.promises.select_related("owner", "settled_by")


def get_promise(incident: Incident, number: int) -> Promise:
    """Return one promise; Promise.DoesNotExist if there is none."""
    return promises(incident).get(number=number)


def tracked(incident: Incident, *, now: datetime) -> tuple[list[Promised], list[Promised]]:
    """Return (open ones, the next due first; settled ones, the latest first)."""
    rows = [Promised(promise, _late(promise, now)) for promise in promises(incident)]
    waiting = [row for row in rows if row.promise.state == PromiseState.OPEN]
    settled = [row for row in rows if row.promise.state != PromiseState.OPEN]
    settled.sort(key=lambda row: row.promise.settled_at or now, reverse=True)
    return waiting, settled


def _late(promise: Promise, now: datetime) -> timedelta | None:
    end = promise.settled_at or now
    return end - promise.due_at if end > promise.due_at else None


def waiting_found(incident: Incident, *, now: datetime) -> QuerySet[FoundPromise]:
    """Return what was read in texts and nobody has judged; what is past is not worth a click."""
    return incident.found.filter(judged_at=None, due_at__gt=now)
