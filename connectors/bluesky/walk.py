"""Walks a list that is told newest first, so that nothing is missed and the newest comes first.

A walk goes from now down to where the last one began, a page a step. A new poll begins at the top
again; a walk that was not finished by then is kept and ended afterwards. Where the server gives no
further page though the end is not reached ("may not allow scrolling through the entire result
set"), or no longer knows its page, the walk goes on below the lowest time seen.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .posts import moment

# What is indexed late is found by walking this much further than where the last walk began.
OVERLAP = timedelta(minutes=10)
# Unfinished walks that are kept apart; more than that are joined, and read what lies between again.
MOST = 4
_INSTANT = timedelta(milliseconds=1)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass
class Page:
    """`times` are those that the list is sorted by; `next` is the mark of the page that follows.

    Where there is none, `ends` says that this was the end of the list, and not just all that the
    server gives in one go.
    """

    items: list[Any]
    times: list[datetime]
    next: str = ""
    ends: bool = False


@dataclass
class Walk:
    """Down to `bottom`; seen until `low`. `page` is the server's mark of the page that follows, in
    the list of what lies below `top` (None: of everything)."""

    bottom: datetime
    low: datetime | None = None
    top: datetime | None = None
    page: str = ""

    def state(self) -> list[str]:
        return [_text(self.bottom), _text(self.low), _text(self.top), self.page]

    @classmethod
    def of(cls, state: list[str]) -> "Walk":
        bottom, low, top, page = state
        return cls(moment(bottom) or _BEGINNING, moment(low), moment(top), page)

    def slice(self) -> None:
        """Go on with the list of what lies below what was seen."""
        self.top, self.page = self.low, ""


def _text(time: datetime | None) -> str:
    return time.isoformat() if time else ""


# Takes the time below which to begin (None: from now) and the server's mark of the page.
Turn = Callable[[datetime | None, str], Page]


@dataclass
class Progress:
    """Where one list stands. `since` is the newest time seen, `floor` is how far back it is read
    at all, `at` the poll that began last."""

    since: datetime
    floor: datetime
    at: str = ""
    walks: list[Walk] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        walks = [walk.state() for walk in self.walks]
        since, floor = _text(self.since), _text(self.floor)
        return {"since": since, "floor": floor, "at": self.at, "walks": walks}

    @classmethod
    def of(cls, state: dict[str, Any], *, start: datetime) -> "Progress":
        """Read a kept state; without one the list is read back to `start`."""
        if not state:
            return cls(start + OVERLAP, start)
        walks = [Walk.of(walk) for walk in state["walks"]]
        since, floor = moment(state["since"]) or start, moment(state["floor"]) or start
        return cls(since, floor, state["at"], walks)

    def begun(self, now: datetime) -> bool:
        return self.at == now.isoformat()

    def begin(self, now: datetime) -> None:
        """Begin a walk from the top; one that is not finished waits behind it."""
        self.at = now.isoformat()
        self.walks.append(Walk(self.since - OVERLAP))
        while len(self.walks) > MOST:
            older, newer = self.walks[:2]
            self.walks[:2] = [Walk(min(older.bottom, newer.bottom), newer.low, newer.low)]

    def lose_page(self) -> None:
        """The server no longer knows where the newest walk stood: it goes on by its time."""
        self.walks[-1].slice()

    def give_up(self) -> None:
        """Leave the newest walk for this poll; the next begins where this one did."""
        self.walks.pop()

    def step(self, turn: Turn) -> list[Any]:
        """Read a page of the newest walk; return what is on it.

        Below the walk's end, too: what came late, with an earlier time, costs nothing there.
        """
        walk = self.walks[-1]
        page = turn(walk.top, walk.page)
        stuck = _is_stuck(walk, page)
        if page.times:
            # A server whose clock is ahead must not make us miss what comes until then.
            newest = min(max(page.times), moment(self.at) or self.since)
            self.since = max(self.since, newest)
            # Just above, for others of the same instant; never up again.
            walk.low = min(filter(None, [walk.low, min(page.times) + _INSTANT]))
        if (page.times and min(page.times) < walk.bottom) or (not page.next and stuck):
            self.walks.pop()
        elif page.next:
            walk.page = page.next
        else:
            walk.slice()
        return [i for i, at in zip(page.items, page.times, strict=True) if at >= self.floor]


def _is_stuck(walk: Walk, page: Page) -> bool:
    """Whether, without a further page, there is nothing more: no lower than before."""
    if page.ends or not page.times:
        return True
    return walk.low is not None and min(page.times) + _INSTANT >= walk.low
