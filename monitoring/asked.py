"""The stream's filters as they stand in an address: every view of the stream can be shared.

What cannot be read (an unknown brand, a number that is none) is left out, never an error: such
addresses come from old bookmarks and from hands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from core import formats
from core.text import clean

from .enums import CrisisType, Sentiment
from .selectors import Cursor, Filters
from .selectors.stream import NEWEST, REACH

PERIODS: dict[str, tuple[Any, timedelta]] = {
    "1h": (pgettext_lazy("period", "Last hour"), timedelta(hours=1)),
    "24h": (pgettext_lazy("period", "Last 24 hours"), timedelta(hours=24)),
    "7d": (pgettext_lazy("period", "Last 7 days"), timedelta(days=7)),
    "30d": (pgettext_lazy("period", "Last 30 days"), timedelta(days=30)),
}
ALL_TIME = gettext_lazy("All time")
REACHES = (1_000, 5_000, 10_000, 100_000, 1_000_000)
LANGUAGES = ("da", "en", "de", "sv", "nb", "fr", "es", "nl")
# Words and reach are not indexed: without a period of their own they look this far back.
_BOUND = "7d"
_LONGEST = 120
_LARGEST = 2**63 - 1
NAMES = {
    "q": gettext_lazy("Words"),
    "brand": gettext_lazy("Brand"),
    "network": gettext_lazy("Network"),
    "sentiment": gettext_lazy("Sentiment"),
    "type": gettext_lazy("Crisis type"),
    "lang": gettext_lazy("Language"),
    "reach": gettext_lazy("Reach"),
    "period": gettext_lazy("Period"),
}


@dataclass(frozen=True)
class Asked:
    """What an address asks for. `kept` are its parameters that mean something, in its order."""

    filters: Filters
    period: str
    after: Cursor | None
    newer_than: int | None
    kept: tuple[tuple[str, str], ...]

    @property
    def choices(self) -> frozenset[tuple[str, str]]:
        """What is chosen from lists: all but the words, which are anything."""
        return frozenset(pair for pair in self.kept if pair[0] not in {"q", "order"})

    def address(self, **changes: str) -> str:
        """Return the query string with some parameters set, or left out where they are ""."""
        query = QueryDict(mutable=True)
        for name, value in self.kept:
            if name not in changes:
                query.appendlist(name, value)
        for name, value in changes.items():
            if value:
                query[name] = value
        return f"?{query.urlencode()}" if query else "?"

    def without(self, name: str, value: str) -> str:
        rest = tuple(pair for pair in self.kept if pair != (name, value))
        return replace(self, kept=rest).address()


@dataclass(frozen=True)
class Chip:
    """An active filter in words, with the address of the stream without it."""

    name: str
    value: str
    address: str


def read(query: QueryDict, *, brands: Iterable[int], now: datetime) -> Asked:
    """Read the address. `brands` are the ids that the reader may see."""
    order = REACH if query.get("order") == REACH else NEWEST
    words = clean(query.get("q", ""))[:_LONGEST].strip()
    period = query.get("period", "")
    bounded = bool(words) or order == REACH
    period = period if period in PERIODS or period == "all" else (_BOUND if bounded else "all")
    visible = {str(pk): pk for pk in brands}
    chosen = {
        "brand": [text for text in query.getlist("brand") if text in visible],
        "network": [clean(text)[:40] for text in query.getlist("network") if text][:20],
        "sentiment": _known(query.getlist("sentiment"), Sentiment.values),
        "type": _known(query.getlist("type"), CrisisType.values),
        "lang": [text for text in query.getlist("lang") if text.isalpha() and len(text) <= 8][:20],
    }
    reach = _integer(query.get("reach", "")) or 0
    filters = Filters(
        brands=[visible[text] for text in chosen["brand"]],
        networks=chosen["network"],
        sentiments=chosen["sentiment"],
        crisis_types=chosen["type"],
        languages=chosen["lang"],
        words=words,
        reach=reach,
        since=now - PERIODS[period][1] if period in PERIODS else None,
        order=order,
    )
    kept = [(name, value) for name, values in chosen.items() for value in values]
    single = {"q": words, "reach": str(reach or ""), "order": "" if order == NEWEST else order}
    single["period"] = query.get("period", "") and period
    kept += [(name, value) for name, value in single.items() if value]
    return Asked(
        filters=filters,
        period=period,
        after=_cursor(query.get("before", ""), order),
        newer_than=_integer(query.get("after", "")),
        kept=tuple(kept),
    )


def reach_words(least: int) -> str:
    return _("at least %(number)s") % {"number": formats.compact(least)}


def chips(asked: Asked, brand_names: dict[int, str], network_names: dict[str, Any]) -> list[Chip]:
    """Return the active filters in words, each with the address without it."""
    found = []
    for name, value in asked.kept:
        if name != "order":
            words = _words(name, value, brand_names, network_names)
            found.append(Chip(str(NAMES[name]), words, asked.without(name, value)))
    return found


def _words(
    name: str, value: str, brand_names: dict[int, str], network_names: dict[str, Any]
) -> str:
    if name == "brand":
        return brand_names[int(value)]
    if name == "reach":
        return reach_words(int(value))
    if name == "lang":
        return formats.language_name(value)
    labels: dict[str, dict[str, Any]] = {
        "network": network_names,
        "sentiment": dict(Sentiment.choices),
        "type": dict(CrisisType.choices),
        "period": {"all": ALL_TIME, **{key: label for key, (label, _s) in PERIODS.items()}},
    }
    return str(labels.get(name, {}).get(value, value))


def cursor_text(cursor: Cursor) -> str:
    """Return a cursor as it stands in an address: microseconds (or reach), a dash, the id."""
    value = cursor.value
    if isinstance(value, datetime):
        value = (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return f"{value}-{cursor.id}"


def _cursor(text: str, order: str) -> Cursor | None:
    value, _dash, pk = (_integer(part) for part in text.partition("-"))
    if value is None or pk is None:
        return None
    if order == REACH:
        return Cursor(value, pk)
    try:
        return Cursor(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value), pk)
    except OverflowError:
        return None


def _integer(text: str) -> int | None:
    """Return a whole number that fits a bigint, or None."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    number = int(text)
    return number if number <= _LARGEST else None


def _known(values: Sequence[str], allowed: Sequence[str]) -> list[str]:
    return [value for value in values if value in allowed]
