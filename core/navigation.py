"""The main navigation: entries are registered by the room at the top, the shell shows them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

# How many of each thing there are for a person, by the name of the pip.
Counts = dict[str, int]


@dataclass(frozen=True, eq=False)
class Entry:
    """One place of the main navigation. Equal only to itself: pages are remembered by it.

    `owns` are beginnings of view names ("incidents:"); the entry with the longest one that fits
    the page is the current one. `pip` names the number beside it (see `counted_by`), `pip_words`
    says what is counted, `urgent` makes it red.
    """

    label: Any
    icon: str
    url_name: str
    owns: tuple[str, ...]
    # The letter that opens it after G.
    key: str = ""
    pip: str = ""
    pip_words: Any = ""
    urgent: bool = False
    on_phone: bool = True
    at_foot: bool = False


@dataclass(frozen=True)
class Shown:
    """An entry as one request sees it."""

    entry: Entry
    url: str
    current: bool
    count: int


ENTRIES: list[Entry] = []
_COUNTERS: list[Callable[[Any], Counts]] = []


def add(*entries: Entry) -> None:
    ENTRIES.extend(entries)


def counted_by(counter: Callable[[Any], Counts]) -> Callable[[Any], Counts]:
    """Register who counts what the pips show, for a person, in one query."""
    _COUNTERS.append(counter)
    return counter


def shown(request: HttpRequest, view_name: str | None = None) -> tuple[Shown, ...]:
    """Return the entries whose page exists, with their pips. One query for each counter.

    `view_name` is the page that is open, where it is not the one that was asked for.
    """
    match = request.resolver_match
    name = view_name or (match.view_name if match else "")
    here = max(_fits(name), default=(0, None))[1]
    counts: Counts = {}
    for counter in _COUNTERS:
        counts |= counter(request.user)
    return tuple(
        Shown(entry, url, number == here, counts.get(entry.pip, 0))
        for number, entry in enumerate(ENTRIES)
        if (url := address(entry.url_name))
    )


def _fits(view_name: str) -> Iterator[tuple[int, int]]:
    for number, entry in enumerate(ENTRIES):
        for start in entry.owns:
            if view_name.startswith(start):
                yield len(start), number


def address(url_name: str, *args: Any) -> str:
    """Return the address, or "" while the room that has the page is not installed."""
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return ""
