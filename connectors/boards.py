"""Reading comments on one's own posts, where a network lists them only post by post.

Each round lists the newest of our posts with how many comments each has, then walks the comments
of those whose number has changed. So a quiet account costs one call a round, whatever it has
posted. Which posts are left to do is in the cursor: a process that dies goes on there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .base import Batch, Post, Quota
from .rest import Declined, pause
from .walking import BACKFILL, GetPage, Page, Walk

# Comments are shown late: held back by moderation, or by the network's own caches.
OVERLAP = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Listing:
    """Our newest posts, as (id, number of comments), and what the listing itself brought: posts
    of others in the same list."""

    boards: list[tuple[str, int]]
    posts: list[Post] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    quota: Quota | None = None


# Takes the time from which on posts are wanted.
ListBoards = Callable[[datetime], Listing]


def follow(
    cursor: dict[str, Any], boards: ListBoards, comments: GetPage, *, now: datetime
) -> Batch:
    """Read the listing, or one page of one post's comments; `more` until the round is done."""
    known = cursor.get("boards")
    known = known if isinstance(known, dict) else {}
    queue = [tuple(entry) for entry in cursor.get("queue", [])]
    if not queue:
        return _listed(known, boards(now - BACKFILL), now=now)
    board, count = queue[0]
    place = known.get(board, {})
    page, place, done = _walked(place, str(board), comments, now=now)
    if done:
        queue = queue[1:]
        place = {**place, "count": count}
    wait = pause(page.quota, now=now)
    return Batch(
        page.posts,
        {"boards": {**known, board: place}, "queue": [list(entry) for entry in queue]},
        more=bool(queue) and wait is None,
        wait=wait,
        refused=page.refused,
        quota=page.quota,
    )


def _listed(known: dict[str, Any], listing: Listing, *, now: datetime) -> Batch:
    """Forget posts that are no longer listed; queue those whose number of comments changed."""
    kept = {board: known[board] for board, _count in listing.boards if board in known}
    queue = [
        [board, count]
        for board, count in listing.boards
        if count != kept.get(board, {}).get("count", 0)
    ]
    wait = pause(listing.quota, now=now)
    return Batch(
        listing.posts,
        {"boards": kept, "queue": queue},
        more=bool(queue) and wait is None,
        wait=wait,
        refused=listing.refused,
        quota=listing.quota,
    )


def _walked(
    place: dict[str, Any], board: str, comments: GetPage, *, now: datetime
) -> tuple[Page, dict[str, Any], bool]:
    try:
        return Walk(overlap=OVERLAP).step(place, board, comments, now=now)
    except Declined:
        # The post was taken down between the listing and now.
        return Page(), place, True
