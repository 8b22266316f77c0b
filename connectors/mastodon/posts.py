"""From a status as the API gives it to a Post. Any field may be missing or of another kind."""

from typing import Any

from connectors.base import Post
from connectors.plain import text_of

from .client import moment, text

# Letters to somebody are not talk about the brand: they are never kept.
_OPEN = {"public", "unlisted"}
MAX_REACH = 10**9


def post_of(status: Any, *, me: str = "") -> Post | None:
    """Return the post that a status is; of a boost, the post that was boosted.

    None for our own (`me` is our account's id), for what only some may read, and for what has no
    id or author.
    """
    status = _original(status)
    author = _dict(status.get("account"))
    author_id, external_id = text(author.get("id")), text(status.get("id"))
    if not external_id or not author_id or author_id == me:
        return None
    if status.get("visibility", "public") not in _OPEN:
        return None
    return Post(
        external_id=external_id,
        text=words_of(status),
        author=_name(author),
        author_id=author_id,
        url=text(status.get("url")) or text(status.get("uri")),
        published_at=moment(status.get("created_at")),
        edited_at=moment(status.get("edited_at")),
        lang=text(status.get("language")),
        reach=_count(author.get("followers_count")),
        network="mastodon",
        parent_id=text(status.get("in_reply_to_id")),
        raw={"boosts": _count(status.get("reblogs_count")), "quotes": _quoted(status)},
    )


def posts_of(statuses: list[Any], *, me: str = "") -> dict[str, Post]:
    """Return what can be kept of a list of statuses, by id."""
    made = (post_of(status, me=me) for status in statuses)
    return {post.external_id: post for post in made if post is not None}


def words_of(status: dict[str, Any]) -> str:
    """Return what a status says: its warning, its text, and of pictures alone their description."""
    words = text_of(text(status.get("content")))
    if not words:
        words = "\n".join(text(_dict(m).get("description")) for m in _list(status, "media"))
    return "\n".join(part for part in (text(status.get("spoiler_text")), words.strip()) if part)


def _original(status: Any) -> dict[str, Any]:
    outer = _dict(status)
    return _dict(outer.get("reblog")) or outer


def _name(author: dict[str, Any]) -> str:
    shown, address = text(author.get("display_name")), text(author.get("acct"))
    if shown and address:
        return f"{shown} (@{address})"
    return f"@{address}" if address else shown


def _quoted(status: dict[str, Any]) -> str:
    """Return the id of the post that this one quotes, or ""."""
    quote = _dict(status.get("quote"))
    return text(_dict(quote.get("quoted_status")).get("id") or quote.get("quoted_status_id"))


def _list(status: dict[str, Any], kind: str) -> list[Any]:
    found = status.get(f"{kind}_attachments")
    return found if isinstance(found, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    return min(value, MAX_REACH) if isinstance(value, int) and value > 0 else 0
