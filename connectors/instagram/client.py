"""Calls for an Instagram account, its comments as Posts, and mentions that must be fetched.

A mention in somebody else's comment or caption has an id that only the account may ask for, and
only through itself: it is kept as "mention:<media>:<comment>", the comment empty for a caption.
"""

from typing import Any

from connectors.base import Connection, Post
from connectors.meta.graph import FACEBOOK, VERSION, Token, rest
from connectors.rest import Rest
from connectors.shapes import moment, text

INSTAGRAM = "https://graph.instagram.com"
SITE = "https://www.instagram.com/"
COMMENT_FIELDS = "id,text,timestamp,username,from,parent_id"
MENTION = "mention"


def by_facebook(connection: Connection) -> bool:
    return connection.config.get("login") == "facebook"


def token_of(connection: Connection) -> Token:
    if by_facebook(connection):
        return Token(connection)
    renewing = connection.config.get("api", INSTAGRAM) + "/refresh_access_token"
    return Token(connection, renew_url=renewing, grant="ig_refresh_token")


def api(connection: Connection, token: Token | None = None) -> Rest:
    """Return the API at the host that the account's login belongs to."""
    base = connection.config.get("api") or (FACEBOOK if by_facebook(connection) else INSTAGRAM)
    version = connection.config.get("version") or VERSION
    return rest(f"{base}/{version}", token or token_of(connection))


def mention_id(media_id: str, comment_id: str) -> str:
    return f"{MENTION}:{media_id}:{comment_id}"


def comment(item: dict[str, Any], *, user: str) -> Post | None:
    """Make a Post of a comment; None of the account's own, and of what has no words."""
    words = text(item, "text")
    if text(item, "from", "id") == user or not words:
        return None
    name = text(item, "username") or text(item, "from", "username")
    return Post(
        external_id=item["id"],
        text=words,
        author=f"@{name}" if name else "",
        author_id=text(item, "from", "id"),
        url=SITE,
        published_at=moment(item["timestamp"]),
        parent_id=text(item, "parent_id"),
    )


def media(item: dict[str, Any]) -> Post | None:
    """Make a Post of somebody's picture in which the account is tagged or mentioned."""
    words = text(item, "caption")
    if not words:
        return None
    name = text(item, "username")
    return Post(
        external_id=mention_id(item["id"], ""),
        text=words,
        author=f"@{name}" if name else "",
        url=text(item, "permalink") or SITE,
        published_at=moment(item["timestamp"]),
    )
