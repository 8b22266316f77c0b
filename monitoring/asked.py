"""The stream's filters as they stand in an address: every view of the stream can be shared.

What cannot be read (an unknown brand, a number that is none) is left out, never an error: such
addresses come from old bookmarks and from hands.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from core.text import clean

from .chart import TriageState
from .enums import About, Blame, CrisisType, Emotion, Sentiment
from .selectors.filters import NEWEST, NOBODY, REACH, Cursor, Filters

PERIODS: dict[str, tuple[Any, timedelta]] = {
    "1h": (pgettext_lazy("period", "Last hour"), timedelta(hours=1)),
    "24h": (pgettext_lazy("period", "Last 24 hours"), timedelta(hours=24)),
    "7d": (pgettext_lazy("period", "Last 7 days"), timedelta(days=7)),
    "30d": (pgettext_lazy("period", "Last 30 days"), timedelta(days=30)),
}
ALL_TIME = gettext_lazy("All time")
ALL, ME, NONE = "all", "me", "none"
# Words, themes, reach and likeness are not indexed: without a period of their own they look so
# far back.
BOUND = "7d"
_LONGEST = 120
_MANY = 20
_LARGEST = 2**63 - 1


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
        """What is chosen from lists: all but the words and dates, which are anything."""
        free = {"q", "order", "since", "until", "alike", "theme", "search"}
        return frozenset(pair for pair in self.kept if pair[0] not in free)

    def given(self, name: str) -> str:
        """Return the parameter as it was given, "" without it."""
        return next((value for each, value in self.kept if each == name), "")

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
        rest = tuple(pair for pair in self.kept if pair != (name, value) and pair[0] != "search")
        return replace(self, kept=rest).address()


def read(query: QueryDict, *, brands: Iterable[int], now: datetime, me: int | None = None) -> Asked:
    """Read the address. `brands` are the ids that the reader may see, `me` the reader's own."""
    order = REACH if query.get("order") == REACH else NEWEST
    lists = {name: _several(query, name, fits) for name, fits in _LISTS.items()}
    visible = {str(pk) for pk in brands}
    lists["brand"] = [text for text in lists["brand"] if text in visible]
    single = {name: fits(query.get(name, "")) for name, fits in _SINGLE.items()}
    single["order"] = "" if order == NEWEST else order
    since, until = _moment(single["since"]), _moment(single["until"], end=True)
    period = _period(single, order, dated=bool(since or until))
    filters = Filters(
        **_listed(lists),
        **_chosen(single, me),
        since=since or (now - PERIODS[period][1] if period in PERIODS else None),
        until=until,
        order=order,
    )
    kept = [(name, value) for name, values in lists.items() for value in values]
    kept += [(name, value) for name, value in single.items() if value]
    return Asked(
        filters=filters,
        period=period,
        after=_cursor(query.get("before", ""), order),
        newer_than=integer(query.get("after", "")),
        kept=tuple(kept),
    )


def parse(query: str, *, brands: Iterable[int], now: datetime, me: int) -> Asked:
    """Read a filter that was kept as text: an address without its "?"."""
    return read(QueryDict(query), brands=brands, now=now, me=me)


def _listed(lists: Mapping[str, list[str]]) -> dict[str, Any]:
    about = lists["about"]
    return {
        "brands": tuple(map(int, lists["brand"])),
        "networks": tuple(lists["network"]),
        "sources": tuple(map(int, lists["source"])),
        "sentiments": tuple(lists["sentiment"]),
        "emotions": tuple(lists["emotion"]),
        "crisis_types": tuple(lists["type"]),
        "blames": tuple(lists["blame"]),
        "languages": tuple(lists["lang"]),
        "queries": tuple(map(int, lists["query"])),
        "states": tuple(lists["state"]),
        # Only what speaks of the brand, unless it is asked for otherwise.
        "about": () if ALL in about else tuple(about) or (About.BRAND.value,),
    }


def _chosen(single: Mapping[str, str], me: int | None) -> dict[str, Any]:
    people = {"": None, ME: me, NONE: NOBODY}
    assignee = single["assignee"]
    return {
        "words": single["q"],
        "reach": int(single["reach"] or 0),
        "stars": float(single["stars"]) if single["stars"] else None,
        "question": bool(single["question"]),
        "suspicious": bool(single["suspicion"]),
        "theme": int(single["theme"]) if single["theme"] else None,
        "fingerprint": int(single["alike"]) if single["alike"] else None,
        "assignee": people[assignee] if assignee in people else int(assignee),
        # Whoever asks for those that are alike wants to see each of them.
        "fold": not single["fold"] and not single["alike"],
    }


def _period(single: Mapping[str, str], order: str, *, dated: bool) -> str:
    if dated:
        return ALL
    bounded = bool(single["q"] or single["alike"] or single["theme"]) or order == REACH
    return single["period"] or (BOUND if bounded else ALL)


def _several(query: QueryDict, name: str, fits: Callable[[str], str]) -> list[str]:
    found = (fits(text) for text in query.getlist(name))
    return list(dict.fromkeys(text for text in found if text))[:_MANY]


def _among(*allowed: str) -> Callable[[str], str]:
    return lambda text: text if text in allowed else ""


def _code(text: str) -> str:
    return clean(text)[:40]


def _language(text: str) -> str:
    return text if text.isalpha() and len(text) <= 8 else ""


def _id(text: str) -> str:
    number = integer(text)
    return str(number) if number and number < 2**31 else ""


def _number(text: str) -> str:
    return str(integer(text) or "")


def _person(text: str) -> str:
    return text if text in {ME, NONE} else _id(text)


def _fingerprint(text: str) -> str:
    sign = "-" if text.startswith("-") else ""
    number = integer(text.removeprefix("-"))
    return f"{sign}{number}" if number else ""


def _date(text: str) -> str:
    return text if _moment(text) else ""


def _words(text: str) -> str:
    return clean(text)[:_LONGEST].strip()


_LISTS: dict[str, Callable[[str], str]] = {
    "brand": _id,
    "network": _code,
    "source": _id,
    "sentiment": _among(*Sentiment.values),
    "type": _among(*CrisisType.values),
    "emotion": _among(*Emotion.values),
    "blame": _among(*Blame.values),
    "lang": _language,
    "query": _id,
    "about": _among(*About.values, ALL),
    "state": _among(*TriageState.values),
}
_SINGLE: dict[str, Callable[[str], str]] = {
    "assignee": _person,
    "question": _among("1"),
    "suspicion": _among("1"),
    "stars": _among("1", "2", "3", "4"),
    "alike": _fingerprint,
    "theme": _id,
    "q": _words,
    "reach": _number,
    "period": _among(*PERIODS, ALL),
    "since": _date,
    "until": _date,
    "fold": _among("off"),
    "order": _among(NEWEST, REACH),
    # The saved search that the view came from.
    "search": _id,
}


def _moment(text: str, *, end: bool = False) -> datetime | None:
    """Read a day in the reader's zone, or a moment with its offset. `end` is the day's end."""
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=end)
            return datetime.combine(day, time.min, timezone.get_current_timezone())
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def cursor_text(cursor: Cursor) -> str:
    """Return a cursor as it stands in an address: microseconds (or reach), a dash, the id."""
    value = cursor.value
    if isinstance(value, datetime):
        value = (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return f"{value}-{cursor.id}"


def _cursor(text: str, order: str) -> Cursor | None:
    value, _dash, pk = (integer(part) for part in text.partition("-"))
    if value is None or pk is None:
        return None
    if order == REACH:
        return Cursor(value, pk)
    try:
        return Cursor(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value), pk)
    except OverflowError:
        return None


def integer(text: str) -> int | None:
    """Return a whole number that fits a bigint, or None."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    number = int(text)
    return number if number <= _LARGEST else None


def integers(texts: Sequence[str], most: int) -> list[int]:
    """Return those of the texts that are ids, each once, at most so many."""
    found = dict.fromkeys(number for text in texts if (number := integer(text)) is not None)
    return list(found)[:most]
