"""Calls to Reddit, and its posts and comments as Posts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Connection, Post, Quota
from connectors.oauth import Renewing, refresh
from connectors.rest import Answer, Kind, Rest, Verdict, complaint, limited
from connectors.shapes import items, moment, pick, text
from core.words import Words

API = "https://oauth.reddit.com"
TOKENS = "https://www.reddit.com/api/v1/access_token"
SITE = "https://www.reddit.com"
_GONE = {"[deleted]", "[removed]"}


def api(connection: Connection) -> Rest:
    """Return the API as the account, or as the app alone where there is no account's token."""
    url = connection.config.get("tokens", TOKENS)
    client = {"client_id": connection.config["client_id"]}
    agent = user_agent(connection)

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        grant = "refresh_token" if stored.get("refresh_token") else "client_credentials"
        return refresh(url, grant=grant, agent=agent)({**stored, **client}, now)

    return Rest(
        connection.config.get("api", API),
        auth=Renewing(connection, ask),
        headers={"User-Agent": agent},
        judge=_judge,
        quota=_quota,
    )


def user_agent(connection: Connection) -> str:
    """Return the name that Reddit demands; it slows down callers that hide theirs."""
    name = "".join(c for c in str(connection.config["username"]) if c.isalnum() or c in "_-")
    return f"web:crisisdesk:v1 (by /u/{name})"


def _quota(headers: Mapping[str, str], now: datetime) -> Quota | None:
    """`x-ratelimit-remaining` and `-used`, with the seconds that are left of the window."""
    try:
        left = float(headers["x-ratelimit-remaining"])
        used = float(headers.get("x-ratelimit-used", 0))
        ends = timedelta(seconds=float(headers.get("x-ratelimit-reset", 0)))
    except (KeyError, ValueError):
        return None
    return Quota(max(int(left), 0), int(left + used), now + ends)


def _judge(answer: Answer, _now: datetime) -> Verdict | None:
    """Reddit reports what went wrong with a change inside a 200."""
    errors = items(pick(answer.data, "json"), "errors")
    if not errors:
        return None
    first = errors[0] if isinstance(errors[0], list) else []
    codes = [str(each) for each in first]
    if codes[:1] == ["RATELIMIT"]:
        return Verdict(Kind.LIMITED, limited(), 600.0)
    said = complaint({"message": " ".join(codes[1:2])})
    return Verdict(Kind.REFUSED, Words("%(said)s", {"said": said}))


def is_gone(item: Mapping[str, Any]) -> bool:
    """Whether its author deleted it, or a moderator or Reddit took it away."""
    data = dict(item)
    removed = bool(text(data, "removed_by_category"))
    words = text(data, "body") or text(data, "selftext")
    return removed or words in _GONE or text(data, "author") == "[deleted]"


def post(item: dict[str, Any]) -> Post:
    """Make a Post of the data of a post (t3) or a comment (t1), named by its full name."""
    title = text(item, "title")
    edited = item.get("edited")
    return Post(
        external_id=item["name"],
        text=text(item, "body") or text(item, "selftext") or title,
        title=title or text(item, "link_title"),
        author=f"u/{text(item, 'author')}",
        author_id=text(item, "author_fullname"),
        url=SITE + text(item, "permalink")
        if item.get("permalink")
        else SITE + text(item, "context"),
        published_at=moment(item["created_utc"]),
        edited_at=moment(edited) if isinstance(edited, int | float) and edited > 1 else None,
        parent_id=text(item, "parent_id"),
    )


def children(answer: Answer) -> list[dict[str, Any]]:
    found = [pick(child, "data") for child in items(pick(answer.data, "data"), "children")]
    return [each for each in found if isinstance(each, dict)]
