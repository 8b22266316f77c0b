"""Pages of an incident's timeline, newest first: by kind, person and words.

Each page is found along the index by time, however long the log.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet, TextField
from django.db.models.functions import Cast

from incidents.entries import FILTERS
from incidents.models import Incident, TimelineEntry

PAGE = 40
# Newer lines shown above the one that a link leads to.
ABOVE = 5
MOST_WORDS = 8


@dataclass(frozen=True)
class Wanted:
    """Which lines: `show` is a key of entries.FILTERS or "". `before` and `entry` are numbers.

    With `entry` the page is the one around that line.
    """

    show: str = ""
    person: int | None = None
    words: str = ""
    before: int | None = None
    entry: int | None = None


@dataclass(frozen=True)
class TimelinePage:
    """Entries, newest first; `earlier` is the number to ask for the page before, or None."""

    entries: list[TimelineEntry]
    earlier: int | None


def timeline(incident: Incident, wanted: Wanted = Wanted(), *, size: int = PAGE) -> TimelinePage:
    """Return a page of the log, the latest happening first."""
    found = matching(incident, wanted)
    if wanted.entry is not None:
        found = _around(found, incident, wanted.entry)
    elif wanted.before is not None:
        found = _beyond(found, incident, wanted.before)
    found = _with_corrections(found)
    # One more than is shown tells whether there is a page before.
    page = list(found.order_by("-at", "-number")[: size + 1])
    earlier = page[size - 1].number if len(page) > size else None
    return TimelinePage(page[:size], earlier)


def matching(incident: Incident, wanted: Wanted) -> QuerySet[TimelineEntry]:
    """Return the lines of the wanted kinds, by the wanted person, with all the wanted words."""
    found: QuerySet[TimelineEntry] = incident.entries.all()
    if kinds := FILTERS.get(wanted.show):
        found = found.filter(kind__in=kinds)
    if wanted.person is not None:
        found = found.filter(actor=wanted.person)
    words = wanted.words.split()[:MOST_WORDS]
    if words:
        found = found.alias(told=Cast("params", TextField()))
    for word in words:
        found = found.filter(Q(text__icontains=word) | Q(told__icontains=word))
    return found


def _place(incident: Incident, number: int) -> tuple[datetime, int] | None:
    found = incident.entries.filter(number=number).values_list("at", "number").first()
    return found if found is None else (found[0], found[1])


def _beyond(
    found: QuerySet[TimelineEntry], incident: Incident, number: int
) -> QuerySet[TimelineEntry]:
    """What comes after the line `number` in reading order; all of it if there is no such line."""
    place = _place(incident, number)
    if place is None:
        return found
    at, last = place
    return found.filter(at__lte=at).exclude(at=at, number__gte=last)


def _around(
    found: QuerySet[TimelineEntry], incident: Incident, number: int
) -> QuerySet[TimelineEntry]:
    """From a few lines above `number` on."""
    place = _place(incident, number)
    if place is None:
        return found
    at, first = place
    newer = found.filter(at__gte=at).exclude(at=at, number__lte=first).order_by("at", "number")
    above = list(newer.values_list("at", "number")[:ABOVE])
    if len(above) < ABOVE:
        return found
    at, first = above[-1]
    return found.filter(at__lte=at).exclude(at=at, number__gt=first)


def pinned(incident: Incident) -> list[TimelineEntry]:
    """Return the lines that stay in sight, the latest pinned first."""
    found = incident.entries.filter(pinned_at__isnull=False).order_by("-pinned_at")
    return list(_with_corrections(found))


def with_history(incident: Incident, number: int) -> TimelineEntry:
    """Return one line with what it said before; TimelineEntry.DoesNotExist if it is not there."""
    found = _with_corrections(incident.entries.filter(number=number))
    entry: TimelineEntry = found.prefetch_related("edits__by").get()
    return entry


def _with_corrections(found: QuerySet[TimelineEntry]) -> QuerySet[TimelineEntry]:
    corrections = TimelineEntry.objects.only("number", "corrects_id").order_by("number")
    return found.select_related("actor", "corrects").prefetch_related(
        Prefetch("corrections", corrections)
    )
