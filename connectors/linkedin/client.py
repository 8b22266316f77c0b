"""Calls to LinkedIn's versioned API, and its notifications as Posts."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.base import Connection, Post, ReadError
from connectors.oauth import Renewing, refresh
from connectors.rest import Auth, Bearer, Call, Kind, Rest
from connectors.shapes import milliseconds, moment, number, pick, text

API = "https://api.linkedin.com"
TOKENS = "https://www.linkedin.com/oauth/v2/accessToken"
INTROSPECTION = "https://www.linkedin.com/oauth/v2/introspectToken"
VERSION = "202607"
SITE = "https://www.linkedin.com/feed/update/"
_COMMENT = re.compile(r"urn:li:comment:\((?:urn:li:)?(\w+:[\w-]+),(\d+)\)")
# What has a meaning in LinkedIn's "little text" and must be written with a backslash.
_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")


def anywhere(connection: Connection) -> Rest:
    """Return what calls whole addresses as the account."""
    return Rest("", auth=_auth(connection))


def api(connection: Connection) -> Rest:
    return Rest(
        connection.config.get("api", API) + "/rest",
        auth=_auth(connection),
        headers={
            "LinkedIn-Version": connection.config.get("version") or VERSION,
            "X-Restli-Protocol-Version": "2.0.0",
        },
    )


def _auth(connection: Connection) -> Auth:
    if not connection.secrets.get("refresh_token"):
        return Bearer(connection.secrets["access_token"])
    url = connection.config.get("tokens", TOKENS)
    client = {"client_id": connection.config["client_id"]}

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        return refresh(url, basic=False)({**stored, **client}, now)

    return Renewing(connection, ask)


def ends_at(connection: Connection, *, now: datetime) -> datetime | None:
    """Ask when an access token ends that nobody renews; None where that cannot be known."""
    secrets = connection.secrets
    form = {
        "client_id": connection.config["client_id"],
        "client_secret": secrets.get("client_secret", ""),
        "token": secrets.get("access_token", ""),
    }
    url = connection.config.get("introspection", INTROSPECTION)
    try:
        answer, verdict = Rest("").ask(Call(url, method="POST", form=form), now=now)
    except ReadError:
        return None
    ends = number(answer.data, "expires_at")
    return moment(ends) if verdict.kind is Kind.FINE and ends else None


def organization(connection: Connection) -> str:
    return f"urn:li:organization:{connection.config['organization']}"


def written(urn: str) -> str:
    """Return a URN as it stands in an address: whole, with nothing left bare."""
    return quote(urn, safe="")


def comment_urn(urn: str) -> str:
    """Return a comment's URN in the one form of the two that LinkedIn writes."""
    found = _COMMENT.fullmatch(urn)
    return f"urn:li:comment:(urn:li:{found[1]},{found[2]})" if found else urn


def parts(urn: str) -> tuple[str, str] | None:
    """Return (what was commented on, the comment's number) of a comment's URN."""
    found = _COMMENT.fullmatch(urn)
    return (f"urn:li:{found[1]}", found[2]) if found else None


def plain(words: str) -> str:
    """Write a text so that LinkedIn shows it as it is."""
    return _RESERVED.sub(lambda found: "\\" + found[0], words)


def notification(item: dict[str, Any], *, owner: str) -> Post | None:
    """Make a Post of a comment or a share that a notification brings with it; None of our own, and
    of what comes without its words."""
    decorated = item.get("decoratedGeneratedActivity")
    comment, share = pick(decorated, "comment"), pick(decorated, "share")
    found = comment or share or {}
    words = text(found, "message", "text") or text(found, "text")
    author = text(found, "owner") or text(found, "actor")
    if not words or author == owner:
        return None
    changed = milliseconds(item["lastModifiedAt"])
    urn = comment_urn(text(found, "entity") or text(item, "generatedActivity"))
    source = text(item, "sourcePost")
    return Post(
        external_id=urn,
        text=words,
        author_id=author,
        url=SITE + (source if comment and source else urn),
        published_at=changed,
        edited_at=changed if item["action"] == "COMMENT_EDIT" else None,
        parent_id=source if comment else "",
    )


def gone(item: dict[str, Any]) -> str:
    """Return the id of a comment that a notification says is deleted, else ""."""
    if text(item, "action") != "COMMENT_DELETE":
        return ""
    entity = text(item, "decoratedGeneratedActivity", "comment", "entity")
    return comment_urn(entity or text(item, "generatedActivity"))
