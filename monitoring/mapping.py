"""Which column is what: guessed by name, changed by a person, applied to each row. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors.base import Post

from .enums import RefusalCode
from .rows import Refusal

FIELDS = (
    "text", "title", "author", "published_at", "url", "external_id", "network", "lang", "reach",
)  # fmt: skip
# What exports call their columns, in English and Danish, without blanks and marks.
_NAMES = {
    "text": "text tweet tweettext content body message comment snippet fulltext hitsentence"
    " tekst besked kommentar indhold",
    "title": "title headline subject titel overskrift emne",
    "author": "author user username name screenname influencer handle from forfatter bruger"
    " brugernavn navn afsender",
    "published_at": "publishedat published date datetime time timestamp created createdat"
    " tweetcreated pubdate ts dato tid tidspunkt oprettet udgivet when hvornår hvornaar",
    "url": "url link permalink adresse href webadresse",
    "external_id": "externalid id tweetid postid guid mentionid nummer",
    "network": "network source platform medium channel netvaerk kilde kanal netværk",
    "lang": "lang language sprog languagecode",
    "reach": "reach followers followerscount audience raekkevidde rækkevidde følgere foelgere"
    " impressions retweets",
}
_WIDEST = {name: field for field, names in _NAMES.items() for name in names.split()}
_BARE = re.compile(r"[^a-zæøå0-9]")
_COUNT = re.compile(r"([0-9]{1,15})(?:[.,][0-9]{1,2})?")
_GROUPED = re.compile(r"(?<=\d)[.,\u00a0 '](?=\d{3}(?:\D|$))")
_FORMATS = (
    "%Y-%m-%d %H:%M:%S %z", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y", "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%a %b %d %H:%M:%S %z %Y", "%d %b %Y %H:%M", "%d %b %Y",
)  # fmt: skip


def guess(columns: Sequence[str], sample: Sequence[Mapping[str, str]] = ()) -> dict[str, str]:
    """Return {field: column} for the columns that say by their names, or else by what the rows of
    `sample` hold, what they are. Each column is used once."""
    found: dict[str, str] = {}
    for column in columns:
        field = _WIDEST.get(_BARE.sub("", column.lower()))
        if field and field not in found:
            found[field] = column
    for field, fits in _LOOKS.items():
        spare = [name for name in columns if name not in found.values()]
        held = ((name, [row[name] for row in sample if row.get(name)]) for name in spare)
        telling = next((name for name, cells in held if cells and all(map(fits, cells))), None)
        if field not in found and telling is not None:
            found[field] = telling
    return found


def to_post(row: int, record: Mapping[str, str], mapping: Mapping[str, str]) -> Post | Refusal:
    """Make a post of a row. An unreadable date refuses it: a guessed one would count wrong."""

    def value(field: str) -> str:
        column = mapping.get(field)
        return record.get(column, "") if column else ""

    claimed = value("published_at").strip()
    published_at = parse_date(claimed)
    if claimed and published_at is None:
        return Refusal(row, mapping["published_at"], RefusalCode.NOT_A_DATE)
    reach = parse_count(value("reach"))
    if reach is None:
        return Refusal(row, mapping["reach"], RefusalCode.NOT_A_NUMBER)
    return Post(
        external_id=value("external_id").strip(),
        text=value("text"),
        title=value("title"),
        author=value("author"),
        url=value("url").strip(),
        published_at=published_at,
        lang=value("lang").strip(),
        network=value("network").strip(),
        reach=reach,
    )


def parse_date(text: str) -> datetime | None:
    """Read a date as exports write it; day before month; without a zone it is UTC."""
    text = text.strip()
    if not text or len(text) > 60:
        return None
    found = _iso(text) or _epoch(text) or _formatted(text) or _mail(text)
    if found is None:
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def parse_count(text: str) -> int | None:
    """Read a count with or without grouping; 0 for an empty one, None for what is none."""
    text = text.strip()
    if not text:
        return 0
    match = _COUNT.fullmatch(_GROUPED.sub("", text[:40]))
    return int(match[1]) if match else None


def _looks_dated(cell: str) -> bool:
    # A bare number may be anything.
    return not cell.strip().isdigit() and parse_date(cell) is not None


_LOOKS: dict[str, Callable[[str], object]] = {
    "published_at": _looks_dated,
    "url": re.compile(r"https?://\S+").fullmatch,
}


def _iso(text: str) -> datetime | None:
    try:
        # Twenty digits are no date to this reader, but eight or fourteen would be.
        return None if text.isdigit() and len(text) != 8 else datetime.fromisoformat(text)
    except ValueError:
        return None


def _epoch(text: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    if not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    value = float(text)
    if 1e11 <= value < 1e14:
        value /= 1000
    return datetime.fromtimestamp(value, tz=UTC) if 1e8 <= value < 1e11 else None


def _formatted(text: str) -> datetime | None:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - parse_date adds the zone
        except ValueError:
            continue
    return None


def _mail(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
