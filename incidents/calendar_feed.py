"""Duties as a calendar (RFC 5545). Times are in UTC: each calendar shows them in its own zone."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from .selectors.schedule import Coming

# How often calendars are asked to look again.
REFRESH = timedelta(hours=1)


def calendar(
    name: str,
    duties: Iterable[Coming],
    *,
    names: dict[int, str],
    people: dict[int, str] | None = None,
    host: str,
    stamp: datetime,
) -> bytes:
    """Return a calendar of duties. `names` are the brands' by id.

    With `people` (names by id) each entry says who it is: the calendar of a rota. `stamp` is when
    it was last changed.
    """
    made = Calendar()
    made.add("prodid", "-//CrisisDesk//On call//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for duty in duties:
        made.add_component(_event(duty, names, people, host, stamp))
    return bytes(made.to_ical())


def _event(
    duty: Coming,
    names: dict[int, str],
    people: dict[int, str] | None,
    host: str,
    stamp: datetime,
) -> Event:
    event = Event()
    event.add("uid", _uid(duty, host))
    event.add("dtstamp", stamp)
    event.add("dtstart", duty.span.starts_at)
    event.add("dtend", duty.span.ends_at)
    event.add("summary", _summary(duty, names, people))
    event.add("categories", [_("On call")])
    # Whoever is on call can still be invited to a meeting.
    event.add("transp", "TRANSPARENT")
    return event


def _uid(duty: Coming, host: str) -> str:
    """The same duty has the same id whoever has it, so that a swap changes an entry in place."""
    start = f"{duty.span.starts_at:%Y%m%dT%H%M%SZ}"
    return f"{duty.rota or 'extra'}-{duty.line or duty.brand_id}-{start}@{host}"


def _summary(duty: Coming, names: dict[int, str], people: dict[int, str] | None) -> str:
    brand = names.get(duty.brand_id, "")
    where = ", ".join(filter(None, [duty.rota_name, duty.line_name]))
    if people is not None and duty.span.duty:
        return f"{people.get(duty.span.duty.user, '')} ({where})"
    words = _("On call: %(brand)s") % {"brand": brand}
    return f"{words} ({where})" if where else words
