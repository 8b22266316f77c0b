"""Reading comments on one's own posts, where a network lists them only post by post.

Each poll lists the newest of our posts with how many comments each has, and opens a walk through
the comments of those whose number has changed. So a quiet account costs one call a poll, whatever
it has posted. Walks are as connectors.walking describes; posts take turns, page by page.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .base import Batch, Post, Quota
from .rest import Declined
from .walking import (
    GetPage,
    Page,
    Place,
    Walk,
    batch_of,
    is_new_poll,
    is_open,
    place_of,
)

# Comments are shown late: held back by moderation, or by the network's own caches.
WALK = Walk(overlap=timedelta(hours=6))


@dataclass(frozen=True, slots=True)
class Listing:
    """Our newest posts, as (id, number of comments), and what the listing itself brought: posts
    of others in the same list."""

    boards: list[tuple[str, int]]
    posts: list[Post] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    quota: Quota | None = None


ListBoards = Callable[[], Listing]


def follow(
    cursor: dict[str, Any], boards: ListBoards, comments: GetPage, *, now: datetime
) -> Batch:
    """Read the listing, or one page of one post's comments; `more` while any walk is open."""
    places: dict[str, Place] = place_of(cursor, "boards")
    waiting = [board for board, place in places.items() if is_open(place)]
    if is_new_poll(cursor, now) or not waiting:
        listing = boards()
        page = Page(listing.posts, refused=listing.refused, quota=listing.quota)
        return _batch(page, _begun(places, listing, now=now), now=now)
    board = waiting[0]
    page, place = _stepped(places[board], board, comments, now=now)
    # At the end, so that the others have their turns before it.
    others = {name: each for name, each in places.items() if name != board}
    return _batch(page, {**others, board: place}, now=now)


def _batch(page: Page, places: dict[str, Place], *, now: datetime) -> Batch:
    more = any(is_open(place) for place in places.values())
    return batch_of(page, {"at": now.isoformat(), "boards": places}, more=more, now=now)


def _begun(places: dict[str, Place], listing: Listing, *, now: datetime) -> dict[str, Place]:
    """Open walks where the number changed; forget posts that are no longer listed."""
    begun: dict[str, Place] = {}
    for board, count in listing.boards:
        place = places.get(board, {})
        if count != place.get("count", 0):
            place = {**WALK.begin(place, now=now), "count": count}
        begun[board] = place
    left = {name: p for name, p in places.items() if name not in begun and is_open(p)}
    return {**begun, **left}


def _stepped(place: Place, board: str, comments: GetPage, *, now: datetime) -> tuple[Page, Place]:
    try:
        return WALK.step(place, board, comments, now=now)
    except Declined:
        # The post was taken down between the listing and now.
        return Page(), {**place, "open": []}
