"""A Page's posts and comments, as the API and the webhook write them, as Posts."""

from datetime import datetime
from typing import Any

from connectors.base import Post
from connectors.shapes import moment, text

SITE = "https://www.facebook.com/"


def post(item: dict[str, Any], *, page: str) -> Post | None:
    """Make a Post of a post or comment of the API; None of what the Page itself wrote, and of what
    has no words."""
    author = text(item, "from", "id")
    words = text(item, "message")
    if author == page or not words:
        return None
    return Post(
        external_id=item["id"],
        text=words,
        author=text(item, "from", "name"),
        author_id=author,
        url=text(item, "permalink_url") or SITE + item["id"],
        published_at=moment(item["created_time"]),
        parent_id=text(item, "parent", "id"),
    )


def told(value: dict[str, Any], *, page: str, at: datetime) -> Post | None:
    """Make a Post of a change that the webhook tells of."""
    external_id = text(value, "comment_id") or text(value, "post_id")
    words = text(value, "message")
    if text(value, "from", "id") == page or not words or not external_id:
        return None
    edited = text(value, "verb") in {"edit", "edited", "update"}
    return Post(
        external_id=external_id,
        text=words,
        author=text(value, "from", "name"),
        author_id=text(value, "from", "id"),
        url=text(value, "permalink_url") or SITE + external_id,
        published_at=moment(value.get("created_time")) or at,
        edited_at=at if edited else None,
        parent_id=_parent(value, external_id),
    )


def _parent(value: dict[str, Any], external_id: str) -> str:
    for name in ("parent_id", "post_id"):
        found = text(value, name)
        if found and found != external_id:
            return found
    return ""
