"""Reads Bluesky by asking: a search for each word of the source, or what mentions the account."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Batch, Post, ReadError
from connectors.network import Wanted

from . import people
from .posts import of_view, sorted_at, whose
from .session import Session, reading
from .walk import OVERLAP, Page, Progress, Turn, Walk
from .xrpc import Json, XrpcError

PAGE = 100
# Pages of one call.
PAGES = 5
LOOKED_UP = 25
# Searches of one source; more are a matter for the firehose.
MOST_WORDS = 20
REASONS = ["mention", "reply", "quote"]


def words(wanted: Wanted) -> list[str]:
    """Return what is searched for: each line of the source's setting is a search of its own."""
    lines = wanted.get("words") or []
    found = lines.splitlines() if isinstance(lines, str) else [str(line) for line in lines]
    return list(dict.fromkeys(line.strip() for line in found if line.strip()))[:MOST_WORDS]


def days(wanted: Wanted) -> timedelta:
    """Return how far back the first reading goes."""
    given = wanted.get("days")
    return timedelta(days=min(max(float(given if given not in ("", None) else 1), 0), 90))


class Lists:
    """Reads lists that are told newest first. Cursor: {"lists": {name: how far}}, see walk."""

    def __init__(self, session: Session, back: timedelta, lists: dict[str, Turn]) -> None:
        self._session = session
        self._back = back
        self._lists = lists

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        """Read the first page of each list, then what is left of them, until `limit` is reached."""
        kept = cursor.get("lists", {})
        lists = {
            name: Progress.of(kept.get(name, {}), start=now - self._back) for name in self._lists
        }
        # Where two pages meet, a post comes twice.
        posts: dict[str, Post] = {}
        refused: list[str] = []
        for page in range(PAGES):
            name = _next(lists, now)
            if name is None or len(posts) >= limit:
                break
            before = lists[name].state()
            try:
                with reading():
                    found = self.posts(self._step(name, lists[name], now, refused))
            except ReadError:
                if not page:
                    raise
                # What was read is kept; the next call meets the same, and says so.
                lists[name] = Progress.of(before, start=now - self._back)
                break
            posts |= {post.external_id: post for post in found}
        return Batch(
            list(posts.values()),
            {"lists": {name: progress.state() for name, progress in lists.items()}},
            more=_next(lists, now) is not None,
            refused=refused,
            quota=self._session.quota,
        )

    def back_to(self, since: datetime | None, *, now: datetime) -> dict[str, Any]:
        """Return the cursor from which fetches at `now` read each list from now back to `since`."""
        bottom = now - self._back if since is None else since - OVERLAP
        whole = Progress(now, bottom, now.isoformat(), [Walk(bottom)])
        return {"lists": {name: whole.state() for name in self._lists}}

    def posts(self, views: Iterable[Any]) -> list[Post]:
        """Make posts of views, with their authors' followers. What we said ourselves is no news."""
        found = [post for post in map(of_view, views) if post]
        others = [post for post in found if post.author_id != self._session.own]
        return people.complete(others, self._session)

    def _step(self, name: str, progress: Progress, now: datetime, refused: list[str]) -> list[Any]:
        if not progress.begun(now):
            progress.begin(now)
        try:
            return progress.step(self._lists[name])
        except XrpcError as error:
            if error.status != 400:
                raise
            if progress.walks[-1].page:
                progress.lose_page()
            else:
                progress.give_up()
                refused.append(f"{name}: {error.message or error.name}")
            return []


def _next(lists: dict[str, Progress], now: datetime) -> str | None:
    """The list to read on: what is new in each of them first, then what is left."""
    fresh = (name for name, progress in lists.items() if not progress.begun(now))
    unfinished = (name for name, progress in lists.items() if progress.walks)
    return next(fresh, None) or next(unfinished, None)


def search(session: Session, wanted: Wanted) -> Lists:
    """Return the reader of what is found by the source's words."""
    return Lists(session, days(wanted), {word: _search(session, word) for word in words(wanted)})


def _search(session: Session, word: str) -> Turn:
    def turn(until: datetime | None, page: str) -> Page:
        said = session.call(
            "app.bsky.feed.searchPosts",
            query={
                "q": word,
                "sort": "latest",
                "limit": PAGE,
                "until": _iso(until) if until else "",
                "cursor": page,
            },
        )
        return _page(said, "posts")

    return turn


def notifications(session: Session, wanted: Wanted) -> Lists:
    """Return the reader of posts that mention, answer or quote the account."""

    def turn(_until: datetime | None, page: str) -> Page:
        said = session.call(
            "app.bsky.notification.listNotifications",
            query={"reasons": REASONS, "limit": PAGE, "cursor": page},
        )
        found = _page(said, "notifications")
        # Older servers ignore `reasons`. What is not wanted still tells where we stand.
        items = [item if item.get("reason") in REASONS else None for item in found.items]
        return Page(items, found.times, found.next, ends=True)

    return Lists(session, days(wanted), {"notifications": turn})


def _page(said: Json, name: str) -> Page:
    """Read a page; what has no time is left out, since nobody could say where it belongs."""
    items = said.get(name)
    timed = [
        (item, time)
        for item in (items if isinstance(items, list) else [])
        if (time := sorted_at(item))
    ]
    cursor = said.get("cursor")
    return Page(
        [item for item, _ in timed],
        [time for _, time in timed],
        cursor if isinstance(cursor, str) and items else "",
    )


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Looker:
    """Says which posts are still there. Those of somebody who blocks us are not called gone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        posts: list[Post] = []
        gone: list[str] = []
        away: set[str] = set()
        with reading():
            for at in range(0, len(external_ids), LOOKED_UP):
                uris = external_ids[at : at + LOOKED_UP]
                found = self._there(uris)
                posts += found
                missing = [uri for uri in uris if uri not in {post.external_id for post in found}]
                hidden, left = self._authors({whose(uri)[0] for uri in missing})
                away |= left
                gone += [uri for uri in missing if whose(uri)[0] not in hidden | left]
        return Batch(posts, {}, gone=gone, authors_gone=sorted(away), quota=self._session.quota)

    def _there(self, uris: list[str]) -> list[Post]:
        said = self._session.call("app.bsky.feed.getPosts", query={"uris": uris}).get("posts")
        views = said if isinstance(said, list) else []
        return people.complete([post for post in map(of_view, views) if post], self._session)

    def _authors(self, dids: set[str]) -> tuple[set[str], set[str]]:
        """Of authors whose posts are missing: those we cannot see, and those who have left."""
        if not dids:
            return set(), set()
        query = {"actors": sorted(dids)}
        said = self._session.call("app.bsky.actor.getProfiles", query=query).get("profiles")
        profiles = [each for each in said if isinstance(each, dict)] if said else []
        hidden = {each["did"] for each in profiles if _is_blocked(each.get("viewer"))}
        return hidden, dids - {each.get("did") for each in profiles}


def _is_blocked(viewer: Any) -> bool:
    names = ("blockedBy", "blocking", "blockingByList")
    return isinstance(viewer, dict) and any(viewer.get(name) for name in names)
