"""Calls to the API of Threads, and what it gives as Posts."""

from datetime import datetime
from typing import Any

from connectors.base import Connection, Post
from connectors.meta.graph import Token, rest
from connectors.rest import Rest
from connectors.shapes import moment, text

API = "https://graph.threads.net"
SITE = "https://www.threads.net/"
FIELDS = "id,text,username,timestamp,permalink,is_reply,replied_to,owner"


def token_of(connection: Connection) -> Token:
    renewing = connection.config.get("api", API) + "/refresh_access_token"
    return Token(connection, renew_url=renewing, grant="th_refresh_token")


def api(connection: Connection, token: Token | None = None) -> Rest:
    base = connection.config.get("api", API)
    return rest(f"{base}/v1.0", token or token_of(connection))


def post(item: dict[str, Any], *, me: str, at: datetime | None = None) -> Post | None:
    """Make a Post; None of our own (`me` is the account's id), and of what has no words."""
    words = text(item, "text")
    if not words or text(item, "owner", "id") == me:
        return None
    name = text(item, "username")
    return Post(
        external_id=item["id"],
        text=words,
        author=f"@{name}" if name else "",
        author_id=text(item, "owner", "id"),
        url=text(item, "permalink") or SITE,
        published_at=moment(item.get("timestamp")) or at,
        parent_id=text(item, "replied_to", "id"),
    )
