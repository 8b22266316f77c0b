"""Reading lists that come newest first and page by page: what is new first, and without gap.

Each poll begins at the newest item and walks down to where the newest item was when the last poll
began. A walk that was not finished stays open, and goes on below after the newer ones: a long
backlog never keeps what is said now waiting. All of that is in the cursor, which is stored together
with each page's posts, so a process that dies goes on from the page it had reached. Each walk
reads a little further down than it must (`overlap`), for what the network showed late; ingest knows
the doubles.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from .base import Batch, Post, Quota, ReadError
from .rest import Declined, pause

BACKFILL = timedelta(days=7)
OVERLAP = timedelta(hours=1)
# Unfinished walks that a list remembers; the two oldest of more become one.
MOST_OPEN = 12


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
# Where a list stands: {"top": newest mark, "open": [{"page", "floor"}, …] newest walk first}.
Place = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Walk:
    """How far back the first walk goes, and how far each one goes beyond the last."""

    backfill: timedelta = BACKFILL
    overlap: timedelta = OVERLAP

    def fetch(
        self, cursor: dict[str, Any], names: Sequence[str], get: GetPage, *, now: datetime
    ) -> Batch:
        """Read one page of one of the lists, by turns; `more` while any has a walk open."""
        if not names:
            raise ReadError(_("Nothing is chosen that could be read."))
        places = {name: place_of(cursor, "places", name) for name in names}
        turn = _turn(cursor, len(names))
        if is_new_poll(cursor, now) or not any(is_open(place) for place in places.values()):
            places = {name: self.begin(place, now=now) for name, place in places.items()}
            turn = 0
        order = [*names[turn:], *names[:turn]]
        name = next(each for each in order if is_open(places[each]))
        page, places[name] = self.step(places[name], name, get, now=now)
        place = {"at": now.isoformat(), "places": places, "turn": names.index(name) + 1}
        more = any(is_open(place) for place in places.values())
        return batch_of(page, place, more=more, now=now)

    def begin(self, place: Place, *, now: datetime) -> Place:
        """Open a walk from the top. One that has not moved yet is not opened twice.

        Above walks that are still open nothing is read twice: what is shown late there is found
        once all are done.
        """
        walks = list(place.get("open", []))
        if not walks or walks[0]["page"]:
            top = at(place.get("top"))
            known = now - self.backfill if top is None else top
            floor = known if walks or top is None else known - self.overlap
            walks.insert(0, {"page": "", "floor": floor.isoformat()})
        if len(walks) > MOST_OPEN:
            newer, older = walks[-2:]
            walks[-2:] = [{**newer, "floor": older["floor"]}]
        return {**place, "open": walks}

    def step(self, place: Place, name: str, get: GetPage, *, now: datetime) -> tuple[Page, Place]:
        """Read one page of the newest open walk."""
        walk, *others = place["open"]
        floor = datetime.fromisoformat(walk["floor"])
        page = _from_where_we_stood(walk["page"], name, get, floor)
        known = bool(place.get("top"))
        place = {**place, "top": _top(place, page, floor, now)}
        if page.next and not _is_down(page, floor):
            return page, {**place, "open": [{**walk, "page": page.next}, *others]}
        if page.cut and known and not _is_down(page, floor):
            page.refused.append(_TOO_MUCH)
        return page, {**place, "open": others}


def batch_of(page: Page, cursor: dict[str, Any], *, more: bool, now: datetime) -> Batch:
    """Return a page as a batch; nothing more is asked for while nothing is left of the quota."""
    wait = pause(page.quota, now=now)
    return Batch(
        page.posts,
        cursor,
        more=more and wait is None,
        wait=wait,
        refused=page.refused,
        gone=page.gone,
        quota=page.quota,
    )


def in_turn(
    cursor: dict[str, Any],
    parts: Mapping[str, Callable[[dict[str, Any]], Batch]],
    *,
    now: datetime,
) -> Batch:
    """Give each of several ways of reading its turn, each with a cursor of its own."""
    names = list(parts)
    done = [name for name in cursor.get("done", []) if name in parts]
    turn = _turn(cursor, len(names))
    if is_new_poll(cursor, now) or len(done) >= len(names):
        done, turn = [], 0
    name = next(each for each in [*names[turn:], *names[:turn]] if each not in done)
    batch = parts[name](place_of(cursor, name))
    if not batch.more:
        done = [*done, name]
    place = {
        **cursor,
        name: batch.cursor,
        "at": now.isoformat(),
        "done": done,
        "turn": names.index(name) + 1,
    }
    more = len(done) < len(names) and batch.wait is None
    return replace(batch, cursor=place, more=more)


def is_new_poll(cursor: dict[str, Any], now: datetime) -> bool:
    """All fetches of one poll have one `now`."""
    return bool(cursor.get("at") != now.isoformat())


def is_open(place: Place) -> bool:
    return bool(place.get("open"))


def place_of(cursor: dict[str, Any], *path: str) -> Place:
    """Return the object at `path` of a cursor, {} where there is none."""
    found: Any = cursor
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def at(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


_TOO_MUCH = _("More came than the network lists at once: what lies between is missing.")


def _from_where_we_stood(page: str, name: str, get: GetPage, floor: datetime) -> Page:
    """Names of pages end (a day off, a changed list): then the walk begins again at the top."""
    try:
        return get(name, page, floor)
    except Declined:
        if not page:
            raise
    return get(name, "", floor)


def _top(place: Place, page: Page, floor: datetime, now: datetime) -> str:
    """The newest mark seen. One that lies in the future would blind the walks to come."""
    marks = [mark for mark in page.marks if mark is not None and mark <= now]
    return max([*marks, at(place.get("top")) or floor]).isoformat()


def _is_down(page: Page, floor: datetime) -> bool:
    """The last item decides: what is pinned to the top of a list may be as old as it likes."""
    marks = [mark for mark in page.marks if mark is not None]
    return bool(marks) and marks[-1] < floor


def _turn(cursor: dict[str, Any], count: int) -> int:
    """Whose turn it is; the lists may have been changed since."""
    turn = cursor.get("turn", 0)
    return turn % count if isinstance(turn, int) else 0
