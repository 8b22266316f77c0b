"""The main navigation: entries are registered by the room at the top, the shell shows them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

# A pip beside an entry: how many, and whether they are urgent (red) or merely waiting (grey).
Pip = tuple[int, bool]


@dataclass(frozen=True)
class Entry:
    """One place of the main navigation.

    `owns` are beginnings of view names ("incidents:"); the entry with the longest one that fits
    the page is the current one. `pip` asks for the number beside it, with one query at most.
    `pip_words` says in words what is counted.
    """

    label: Any
    icon: str
    url_name: str
    owns: tuple[str, ...]
    # The letter that opens it after G.
    key: str = ""
    pip: Callable[[Any], Pip] | None = None
    pip_words: Any = ""
    on_phone: bool = True
    at_foot: bool = False


@dataclass(frozen=True)
class Shown:
    """An entry as one request sees it."""

    entry: Entry
    url: str
    current: bool
    count: int
    urgent: bool


ENTRIES: list[Entry] = []


def add(*entries: Entry) -> None:
    ENTRIES.extend(entries)


def shown(request: HttpRequest) -> list[Shown]:
    """Return the entries whose page exists, with their pips. One query for each pip."""
    match = request.resolver_match
    here = max(_fits(match.view_name if match else ""), default=(0, None))[1]
    found = []
    for number, entry in enumerate(ENTRIES):
        url = address(entry.url_name)
        if url:
            count, urgent = entry.pip(request.user) if entry.pip else (0, False)
            found.append(Shown(entry, url, number == here, count, urgent))
    return found


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
