"""Reads what a Mastodon server has: own mentions, hashtags, found words, its public timeline."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote

from django.utils.translation import gettext_noop as _

from connectors.base import Batch, Post, Quota, ReadError, Unauthorized
from connectors.network import Wanted
from core.words import Words

from .client import PAGE, Answer, Client, moment, text
from .posts import posts_of

# Posts of other servers arrive late, but stand at the place of the time when they were written.
# What stands so far back is read again at each poll; ingest knows it.
OVERLAP = {"hashtag": timedelta(minutes=5), "public": timedelta(minutes=1)}
# Marks within an overlap.
MARKS = 5
# How far back a first look goes, in time and in pages.
RECENT = timedelta(days=3)
BACKWARD_PAGES = 15
# Pages of a search, newest first, and how far back of the newest the servers' indexes are late.
SEARCH_PAGES = 25
SEARCH_OVERLAP = timedelta(hours=1)
# With fewer calls left than this we stay away until the count begins anew: answers must get out.
SPARE_CALLS = 30
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADDRESS = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a source reads. `name` keeps its place in the cursor."""

    name: str
    kind: str
    path: str
    query: tuple[tuple[str, Any], ...] = ()


def parts_of(wanted: Wanted) -> list[Part]:
    """Return what a source's settings ask for: {"mentions", "hashtags", "words", "timeline"}."""
    found = []
    if wanted.get("mentions", "yes") == "yes":
        kinds = (("types[]", ("mention", "quote")),)
        found.append(Part("mentions", "mentions", "/api/v1/notifications", kinds))
    for word in _lines(wanted.get("hashtags")):
        tag = word.lstrip("#").lower()
        path = f"/api/v1/timelines/tag/{quote(tag, safe='')}"
        found.append(Part(f"#{tag}", "hashtag", path))
    found += [
        Part(f"?{word}", "search", "/api/v2/search", (("q", word),))
        for word in _lines(wanted.get("words"))
    ]
    timeline = wanted.get("timeline") or ""
    if timeline:
        local = (("local", "true"),) if timeline == "local" else ()
        found.append(Part("public", "public", "/api/v1/timelines/public", local))
    if not found:
        raise ReadError(_("Choose what is to be read: mentions, hashtags, words or a timeline."))
    return found


class MastodonReader:
    """Cursor: {"me": our id, part: {"at": id, "marks": [[second, id], …]}, …}.

    `at` is the newest id read, in the server's own order; ids are opaque. `marks` are earlier such
    places with their times, from which late arrivals are read again.
    """

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._client = client
        self._parts = parts_of(wanted)

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        """One part that fails does not keep the others from being read, and is named."""
        me = cursor.get("me") or text(self._client.me["id"])
        taken = _Taken({**cursor, "me": me}, now=now, limit=limit)
        errors: list[ReadError] = []
        for part in self._parts:
            try:
                self._read(part, taken)
            except ReadError as error:
                errors.append(error)
                if len(errors) == len(self._parts) or _concerns_all(error, taken):
                    raise
                taken.refuse(part, error)
                taken.wait = error.retry_after
            taken.wait = taken.wait or self._pause(now)
            if taken.wait is not None:
                break
        return taken.batch(self._client.quota)

    def _read(self, part: Part, taken: "_Taken") -> None:
        place = taken.cursor.get(part.name) or {}
        if part.kind == "search":
            taken.cursor[part.name] = self._search(part, place, taken)
            return
        for page in self._pages(part, place, taken.now):
            taken.add(page.statuses)
            place = {**place, "at": page.newest, "more": True}
            taken.cursor[part.name] = place
            if taken.is_full:
                return
        taken.cursor[part.name] = _caught_up(part, place, taken.now)

    def _pages(self, part: Part, place: dict[str, Any], now: datetime) -> Iterator["_Page"]:
        """Yield what is new since `place`, the oldest page first.

        At first the recent past; where there was nothing then, everything that came since.
        """
        start = _start(part, place, now)
        if start:
            yield from self._forward(part, start)
        else:
            yield from reversed(list(self._backward(part, now - RECENT)))

    def _forward(self, part: Part, at: str) -> Iterator["_Page"]:
        seen = {at}
        while (page := self._page(part, min_id=at)).statuses:
            yield page
            at = page.newest
            if at in seen:  # a server that does not know the way forward would never end
                return
            seen.add(at)

    def _backward(self, part: Part, since: datetime) -> Iterator["_Page"]:
        page = self._page(part)
        seen: set[str] = set()
        for _number in range(BACKWARD_PAGES):
            if not page.statuses or page.oldest in seen:
                return
            yield page
            if _is_before(page.statuses[-1], since):
                return
            seen.add(page.oldest)
            page = self._page(part, max_id=page.oldest)

    def _page(self, part: Part, **query: str) -> "_Page":
        answer = self._client.answer(part.path, **dict(part.query), limit=PAGE, **query)
        return _page(answer, part)

    def _search(self, part: Part, place: dict[str, Any], taken: "_Taken") -> dict[str, Any]:
        """Results come newest first and have no way forward: read back to what is known."""
        newest = moment(place.get("newest"))
        since = newest - SEARCH_OVERLAP if newest else taken.now - RECENT
        seen: set[str] = set()
        for number in range(SEARCH_PAGES):
            found = posts_of(self._results(part, number * PAGE), me=taken.cursor["me"])
            fresh = {key: post for key, post in found.items() if _is_after(post, since)}
            if not fresh.keys() - seen:
                break
            taken.posts |= fresh
            seen |= fresh.keys()
            times = [post.published_at for post in fresh.values() if post.published_at]
            # A post from a wrong clock's future must not hide what comes before then.
            newest = min(max([*times, newest or EPOCH]), taken.now)
        return {"newest": (newest or EPOCH).isoformat()}

    def _results(self, part: Part, offset: int) -> list[Any]:
        query = {**dict(part.query), "type": "statuses", "limit": PAGE, "offset": offset or None}
        data = self._client.get(part.path, **query)
        return _list(data.get("statuses")) if isinstance(data, dict) else []

    def _pause(self, now: datetime) -> float | None:
        quota = self._client.quota
        if quota is None or quota.left > SPARE_CALLS or quota.limit <= 2 * SPARE_CALLS:
            return None
        return max((quota.resets_at - now).total_seconds(), 1.0) if quota.resets_at else 60.0


class _Taken:
    """What one fetch has gathered so far."""

    def __init__(self, cursor: dict[str, Any], *, now: datetime, limit: int) -> None:
        self.cursor = cursor
        self.now = now
        self.posts: dict[str, Post] = {}
        self.refused: list[str] = []
        self.wait: float | None = None
        self._limit = limit
        self._more = False

    def add(self, statuses: list[Any]) -> None:
        self.posts |= posts_of(statuses, me=self.cursor["me"])

    def refuse(self, part: Part, error: ReadError) -> None:
        """Keep why a part was left out, as core.words stores it."""
        said = {"name": part.name, "error": str(error)}
        self.refused.append(Words(_("%(name)s: %(error)s"), said).stored())

    @property
    def is_full(self) -> bool:
        """Whether it is time to hand over what there is; then there is more, as far as we know."""
        full = len(self.posts) >= self._limit
        self._more = self._more or full
        return full

    def batch(self, quota: Quota | None) -> Batch:
        return Batch(
            list(self.posts.values()),
            self.cursor,
            more=self._more and self.wait is None,
            wait=self.wait,
            refused=self.refused,
            quota=quota,
        )


@dataclass(frozen=True, slots=True)
class _Page:
    statuses: list[Any]
    newest: str
    oldest: str


def _page(answer: Answer, part: Part) -> _Page:
    """Pages come newest first. The Link header knows better where the next one begins."""
    items = [item for item in _list(answer.data) if isinstance(item, dict)]
    if not items:
        return _Page([], "", "")
    statuses = [item.get("status") for item in items] if part.kind == "mentions" else items
    link = answer.headers.get("link", "")
    return _Page(
        statuses,
        _linked(link, "min_id") or text(items[0].get("id")),
        _linked(link, "max_id") or text(items[-1].get("id")),
    )


def _linked(header: str, name: str) -> str:
    """Return a value out of the addresses of a Link header. The addresses are not followed."""
    for address in _ADDRESS.findall(header[:4000]):
        values = parse_qs(address.partition("?")[2]).get(name)
        if values:
            return str(values[0][:200])
    return ""


def _start(part: Part, place: dict[str, Any], now: datetime) -> str:
    """Return the id after which to read: where we stopped, or a little before for late arrivals."""
    at: str = place.get("at", "")
    if place.get("more") or part.kind not in OVERLAP:
        return at
    marks = place.get("marks", [])
    far = [mark for mark in marks if mark[0] <= (now - OVERLAP[part.kind]).timestamp()]
    chosen = far[-1:] or marks[:1]
    return str(chosen[0][1]) if chosen else at


def _caught_up(part: Part, place: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the place of a part that was read to its end, with a mark where it is time for one."""
    at = place.get("at", "")
    if part.kind not in OVERLAP:
        return {"at": at}
    marks, overlap = place.get("marks", []), OVERLAP[part.kind]
    if at and (not marks or marks[-1][0] <= (now - overlap / MARKS).timestamp()):
        marks = [*marks, [int(now.timestamp()), at]]
    return {"at": at, "marks": marks[-MARKS - 2 :]}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _lines(value: Any) -> list[str]:
    lines = value.splitlines() if isinstance(value, str) else (value or [])
    return [line.strip() for line in lines if line.strip(" #")]


def _is_before(status: Any, since: datetime) -> bool:
    at = moment(status.get("created_at")) if isinstance(status, dict) else None
    return at is not None and at < since


def _is_after(post: Post, since: datetime) -> bool:
    return post.published_at is None or post.published_at > since


def _concerns_all(error: ReadError, taken: _Taken) -> bool:
    """A dead token is dead for every part. A server that wants rest gets it, once what is read
    already has been handed over."""
    return type(error) is Unauthorized or (error.retry_after is not None and not taken.posts)
