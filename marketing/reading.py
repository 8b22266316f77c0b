"""Entries of outside plans, read from CSV, iCalendar and JSON. Pure: no database, no network."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from icalendar import Calendar

from core.api.strict import loads
from core.text import clean

from .enums import CalendarKind

MOST_ROWS = 2_000
MAX_BYTES = 5_000_000
# Series are shown so far ahead, and at most so often.
AHEAD, MOST_TIMES = timedelta(days=120), 60


class Fault(models.TextChoices):
    """Why a row was left out."""

    TIME_MISSING = "TIME_MISSING", _("There is no time.")
    TIME_BROKEN = "TIME_BROKEN", _("The time cannot be read. Write 2026-11-30 14:00.")
    TEXT_MISSING = "TEXT_MISSING", _("There is neither a title nor a text.")
    TOO_LONG = "TOO_LONG", _("The text is too long.")
    ID_MISSING = "ID_MISSING", _("There is no id.")
    ENDS_EARLY = "ENDS_EARLY", _("It ends before it begins.")
    KIND_UNKNOWN = "KIND_UNKNOWN", _("This kind is not known: post, campaign, newsletter or ad.")
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN", _("The brand has no account of this name to publish with.")
    TIME_PASSED = "TIME_PASSED", _("Its time has passed, and nothing is sent afterwards.")
    NOT_A_ROW = "NOT_A_ROW", _("This is no entry.")
    REFUSED = "REFUSED", _("The account does not take it.")


@dataclass(frozen=True)
class Refusal:
    """A row that was left out: counted from 1, as people count them."""

    row: int
    fault: str
    shown: str = ""


@dataclass(frozen=True)
class Item:
    """One entry of an outside plan. `account` names one of ours that is to send it."""

    row: int
    at: datetime
    text: str = ""
    title: str = ""
    outside_id: str = ""
    ends_at: datetime | None = None
    kind: str = ""
    network: str = ""
    account: str = ""
    campaign: str = ""
    country: str = ""
    tags: tuple[str, ...] = ()
    is_gone: bool = False


@dataclass
class Read:
    items: list[Item] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class Unreadable(ValueError):
    """The whole of it cannot be read; the text says why, in the reader's language."""


class _Faulty(Exception):
    def __init__(self, fault: Fault, shown: object = "") -> None:
        super().__init__(fault)
        self.fault, self.shown = fault, str(shown)[:80]


NAMES: Mapping[str, tuple[str, ...]] = {
    "at": ("at", "time", "date", "datetime", "scheduled", "scheduled at", "publish at", "tid",
           "tidspunkt", "dato", "planlagt", "udgives"),
    "ends_at": ("ends", "ends at", "end", "until", "slut", "slutter", "til"),
    "text": ("text", "post", "message", "body", "content", "caption", "tekst", "opslag", "besked"),
    "title": ("title", "subject", "name", "titel", "emne", "navn"),
    "outside_id": ("id", "external id", "uid", "nr", "nummer"),
    "kind": ("kind", "type", "art", "slags"),
    "network": ("network", "channel", "platform", "netværk", "kanal"),
    "account": ("account", "profile", "konto", "profil"),
    "campaign": ("campaign", "kampagne"),
    "country": ("country", "market", "land", "marked"),
    "tags": ("tags", "labels", "etiketter", "mærker"),
}  # fmt: skip
KINDS: Mapping[str, str] = {
    "": "", "post": CalendarKind.POST, "opslag": CalendarKind.POST,
    "campaign": CalendarKind.CAMPAIGN, "kampagne": CalendarKind.CAMPAIGN,
    "newsletter": CalendarKind.NEWSLETTER, "nyhedsbrev": CalendarKind.NEWSLETTER,
    "mail": CalendarKind.NEWSLETTER, "email": CalendarKind.NEWSLETTER,
    "ad": CalendarKind.AD, "advertisement": CalendarKind.AD, "annonce": CalendarKind.AD,
}  # fmt: skip
_FORMATS = ("%d-%m-%Y %H:%M", "%d-%m-%Y %H.%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M", "%d-%m-%Y",
            "%d.%m.%Y %H.%M", "%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d")  # fmt: skip
MOST_TEXT = 20_000
_DOTTED = re.compile(r"(?<=[ T])(\d{1,2})\.(\d{2})$")


def moment(value: object, zone: ZoneInfo) -> datetime:
    """Return an aware time; one without a zone is in `zone`. Raises ValueError."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return datetime.combine(value, time(9), tzinfo=zone)
    # 09.30, as Danes write it, would be read as nine and three tenths of a second.
    text = _DOTTED.sub(r"\1:\2", str(value).strip())
    found = parse_datetime(text.replace(" ", "T", 1) if " " in text else text)
    if found is None:
        found = _by_format(text)
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _by_format(text: str) -> datetime:
    for form in _FORMATS:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 - the caller gives it its zone
        except ValueError:
            continue
        return found if "%H" in form else found.replace(hour=9)
    raise ValueError(text)


def _item(row: int, given: Mapping[str, Any], zone: ZoneInfo, *, with_id: bool) -> Item:
    """Make an entry of named values; raises _Faulty."""
    text, title = clean(str(given.get("text") or "")), clean(str(given.get("title") or ""))
    outside_id = str(given.get("outside_id") or "").strip()[:300]
    if with_id and not outside_id:
        raise _Faulty(Fault.ID_MISSING)
    if given.get("is_gone"):
        return Item(row, datetime.now(UTC), outside_id=outside_id, is_gone=True)
    if not text.strip() and not title.strip():
        raise _Faulty(Fault.TEXT_MISSING)
    if len(text) > MOST_TEXT:
        raise _Faulty(Fault.TOO_LONG, len(text))
    at, ends_at = _times(given, zone)
    kind = str(given.get("kind") or "").strip().lower()
    if kind not in KINDS:
        raise _Faulty(Fault.KIND_UNKNOWN, kind)
    return Item(
        row, at, text, title[:200], outside_id, ends_at, KINDS[kind],
        network=_plain(given, "network"), account=_plain(given, "account"),
        campaign=_plain(given, "campaign"), country=_plain(given, "country"),
        tags=_tags(given.get("tags")),
    )  # fmt: skip


def _plain(given: Mapping[str, Any], name: str) -> str:
    return str(given.get(name) or "").strip()


def _times(given: Mapping[str, Any], zone: ZoneInfo) -> tuple[datetime, datetime | None]:
    if not given.get("at"):
        raise _Faulty(Fault.TIME_MISSING)
    try:
        at = moment(given["at"], zone)
        ends_at = moment(given["ends_at"], zone) if given.get("ends_at") else None
    except (ValueError, OverflowError):
        raise _Faulty(Fault.TIME_BROKEN, given["at"]) from None
    if ends_at and ends_at < at:
        raise _Faulty(Fault.ENDS_EARLY, given["ends_at"])
    return at, ends_at


def _tags(given: object) -> tuple[str, ...]:
    if isinstance(given, list):
        return tuple(str(each) for each in given[:40])
    return tuple(part for part in str(given or "").replace(";", ",").split(",") if part.strip())


def _collect(rows: Iterable[tuple[int, Callable[[], Iterable[Item]]]]) -> Read:
    read = Read()
    for row, make in rows:
        try:
            read.items.extend(make())
        except _Faulty as faulty:
            read.refused.append(Refusal(row, faulty.fault, faulty.shown))
    return read


# CSV


def from_csv(body: bytes, zone: ZoneInfo) -> Read:
    """Read a table with a heading, separated by commas, semicolons or tabs; UTF-8 or Latin-1.

    Rows count from 2, as they stand in a spreadsheet. Raises Unreadable.
    """
    text = _decoded(body)
    head = text.split("\n", 1)[0]
    mark = max((",", ";", "\t"), key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=mark)
    columns = _columns(next(rows, []))
    if "at" not in columns.values() or not {"text", "title"} & set(columns.values()):
        raise Unreadable(
            _("The first line must name the columns: at least one for the time and one for the"
              " text, such as “time” and “text”.")
        )  # fmt: skip

    def make(row: int, cells: list[str]) -> list[Item]:
        given = {columns[at]: cell for at, cell in enumerate(cells) if at in columns}
        return [_item(row, given, zone, with_id=False)]

    numbered = ((at, cells) for at, cells in enumerate(rows, start=2) if any(cells))
    return _collect((row, partial(make, row, cells)) for row, cells in _bounded(numbered))


def _decoded(body: bytes) -> str:
    if len(body) > MAX_BYTES:
        raise Unreadable(_("The file is larger than five megabytes."))
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _columns(head: list[str]) -> dict[int, str]:
    known = {word: name for name, words in NAMES.items() for word in words}
    named = {at: known.get(" ".join(cell.lower().replace("_", " ").split()))
             for at, cell in enumerate(head)}  # fmt: skip
    taken: dict[int, str] = {}
    for at, name in named.items():
        if name and name not in taken.values():
            taken[at] = name
    return taken


def _bounded(rows: Iterable[Any]) -> Iterator[Any]:
    for count, row in enumerate(rows):
        if count >= MOST_ROWS:
            raise Unreadable(_("More than %(most)d rows. Split the file.") % {"most": MOST_ROWS})
        yield row


# iCalendar


def from_calendar(body: bytes, zone: ZoneInfo, *, now: datetime) -> Read:
    """Read the events of a calendar; a series as its times of the coming months. Raises
    Unreadable."""
    if len(body) > MAX_BYTES:
        raise Unreadable(_("The file is larger than five megabytes."))
    try:
        events = Calendar.from_ical(body).walk("VEVENT")
    except (ValueError, KeyError, IndexError) as error:
        raise Unreadable(_("This is no calendar (iCalendar): %(why)s") % {"why": error}) from None
    return _collect(
        (row, partial(_events, row, event, zone, now))
        for row, event in _bounded(enumerate(events, start=1))
    )


def _events(row: int, event: Any, zone: ZoneInfo, now: datetime) -> list[Item]:
    start, end = event.get("dtstart"), event.get("dtend")
    categories = event.get("categories")
    given = {
        "at": start.dt if start else None,
        "ends_at": end.dt if end else None,
        "title": event.get("summary", ""),
        "text": event.get("description", ""),
        "outside_id": event.get("uid", ""),
        "tags": [str(each) for each in getattr(categories, "cats", [])],
        "is_gone": str(event.get("status", "")).upper() == "CANCELLED",
    }
    first = _item(row, given, zone, with_id=True)
    if "rrule" not in event or first.is_gone:
        return [first]
    return _series(first, event["rrule"].to_ical().decode(), now)


def _series(first: Item, rule: str, now: datetime) -> list[Item]:
    """Each time of a series has an id of its own, so that one can move without the others."""
    lasts = first.ends_at - first.at if first.ends_at else None
    plain = first.at.replace(tzinfo=None)
    try:
        times = rrulestr(_without_zone(rule), dtstart=plain)
    except ValueError:
        raise _Faulty(Fault.TIME_BROKEN, rule) from None
    until = (now + AHEAD).replace(tzinfo=None)
    since = (now - timedelta(days=1)).replace(tzinfo=None)
    made = []
    for at in times.xafter(since, count=MOST_TIMES, inc=True):
        if at > until:
            break
        begins = at.replace(tzinfo=first.at.tzinfo)
        made.append(Item(
            first.row, begins, first.text, first.title,
            f"{first.outside_id[:270]}#{at:%Y%m%dT%H%M}",
            begins + lasts if lasts else None, first.kind, tags=first.tags,
        ))  # fmt: skip
    return made


def _without_zone(rule: str) -> str:
    """UNTIL in UTC does not go with the plain times that a series is counted in."""
    parts = (part.removesuffix("Z") if part.startswith("UNTIL=") else part
             for part in rule.split(";"))  # fmt: skip
    return ";".join(parts)


# JSON


def from_json(body: bytes, zone: ZoneInfo) -> Read:
    """Read `{"posts": [{"id", "text" or "title", "at", …}]}`; `"deleted": true` takes one out.

    Raises core.api.strict.BadJson and Unreadable.
    """
    document = loads(body)
    posts = document.get("posts") if isinstance(document, dict) else None
    if not isinstance(posts, list) or not posts:
        raise Unreadable(_('Send {"posts": […]} with at least one post.'))
    return _collect(
        (row, partial(_of_json, row, post, zone))
        for row, post in _bounded(enumerate(posts, start=1))
    )


def _of_json(row: int, post: object, zone: ZoneInfo) -> list[Item]:
    if not isinstance(post, dict):
        raise _Faulty(Fault.NOT_A_ROW)
    given = dict(post)
    given["outside_id"] = post.get("id")
    given["is_gone"] = post.get("deleted") is True
    return [_item(row, given, zone, with_id=True)]
