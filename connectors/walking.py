"""Reading lists that come newest first and page by page, without gap and in bounded steps.

A walk goes from the newest item down to where the last walk began, one page a fetch. Its place is
in the cursor, which is stored together with the page's posts: a process that dies goes on from the
page it had reached. `since` moves only when a walk is complete, and each walk reads a little
further back than it must (`overlap`), for what the network showed late; ingest knows the doubles.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from .base import Batch, Post, Quota
from .rest import Declined, pause

BACKFILL = timedelta(days=7)
OVERLAP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `marks` are the times by which the list is ordered, in its order.

    `next` names the page after it ("" at the end of the list); `cut` says that the list ends
    here because the network shows no more of it, not because there is no more.
    """

    posts: list[Post] = field(default_factory=list)
    marks: Sequence[datetime | None] = ()
    next: str = ""
    refused: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    quota: Quota | None = None
    cut: bool = False


# Takes the name of the list, that of the page ("" for the first), and the time from which on
# items are wanted: for networks that can be asked for no older ones.
GetPage = Callable[[str, str, datetime], Page]


@dataclass(frozen=True, slots=True)
class Walk:
    """How far back the first walk goes, and how far each one goes beyond the last."""

    backfill: timedelta = BACKFILL
    overlap: timedelta = OVERLAP

    def fetch(
        self, cursor: dict[str, Any], names: Sequence[str], get: GetPage, *, now: datetime
    ) -> Batch:
        """Read one page of one of the lists; `more` until each had its turn."""
        places = {name: _place(cursor, name) for name in names}
        turn = _turn(cursor, len(names))
        name = names[turn]
        page, places[name], done = self.step(places[name], name, get, now=now)
        turn += done
        more = turn < len(names)
        wait = pause(page.quota, now=now)
        return Batch(
            page.posts,
            {"places": places, "turn": turn if more else 0},
            more=more and wait is None,
            wait=wait,
            refused=page.refused,
            gone=page.gone,
            quota=page.quota,
        )

    def step(
        self, place: dict[str, Any], name: str, get: GetPage, *, now: datetime
    ) -> tuple[Page, dict[str, Any], bool]:
        """Read one page of one list; return it, the new place, and whether the walk is done."""
        since = _at(place.get("since"))
        floor = now - self.backfill if since is None else since - self.overlap
        page = _from_where_we_stood(place, name, get, floor)
        top = self._top(place, page, now)
        if not _reached(page, floor):
            return page, {**place, "page": page.next, "top": top}, False
        if page.cut and since is not None and not _reached_floor(page, floor):
            page.refused.append(_TOO_MUCH)
        return page, {"since": top or (since or floor).isoformat()}, True

    def _top(self, place: dict[str, Any], page: Page, now: datetime) -> str:
        """The newest mark of this walk. One that lies in the future would blind the next walk."""
        marks = [mark for mark in page.marks if mark is not None and mark <= now]
        known = [at for at in (_at(place.get("top")), _at(place.get("since"))) if at]
        newest = max([*marks, *known], default=None)
        return newest.isoformat() if newest else ""


def in_turn(
    cursor: dict[str, Any], parts: Mapping[str, Callable[[dict[str, Any]], Batch]]
) -> Batch:
    """Give each of several ways of reading its turn, each with a cursor of its own."""
    names = list(parts)
    turn = _turn(cursor, len(names))
    name = names[turn]
    place = cursor.get(name)
    batch = parts[name](place if isinstance(place, dict) else {})
    turn = turn if batch.more else turn + 1
    more = turn < len(names)
    place = {**cursor, name: batch.cursor, "turn": turn if more else 0}
    return replace(batch, cursor=place, more=more and batch.wait is None)


def _from_where_we_stood(place: dict[str, Any], name: str, get: GetPage, floor: datetime) -> Page:
    """Names of pages end (a day off, a changed list): then the walk begins again at the top."""
    at = str(place.get("page", ""))
    try:
        return get(name, at, floor)
    except Declined:
        if not at:
            raise
    return get(name, "", floor)


_TOO_MUCH = _("More came than the network lists at once: what lies between is missing.")


def _reached(page: Page, floor: datetime) -> bool:
    return not page.next or _reached_floor(page, floor)


def _reached_floor(page: Page, floor: datetime) -> bool:
    """The last item decides: what is pinned to the top of a list may be as old as it likes."""
    marks = [mark for mark in page.marks if mark is not None]
    return bool(marks) and marks[-1] < floor


def _place(cursor: dict[str, Any], name: str) -> dict[str, Any]:
    places = cursor.get("places")
    found = places.get(name) if isinstance(places, dict) else None
    return found if isinstance(found, dict) else {}


def _turn(cursor: dict[str, Any], count: int) -> int:
    """Whose turn it is; the lists may have been changed since."""
    turn = cursor.get("turn", 0)
    return turn if isinstance(turn, int) and 0 <= turn < count else 0


def _at(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None
