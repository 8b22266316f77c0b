"""Calls to the YouTube Data API, what they cost, and its comments as Posts.

Google tells nothing of what is left of the quota, so what is spent is counted: a list costs one
unit, a change fifty, of ten thousand a day unless the project was given more.
"""

from datetime import datetime
from typing import Any

from connectors.base import Connection, Post, Quota
from connectors.google.client import by_consent, by_key, judge, midnight
from connectors.rest import Rest
from connectors.shapes import later, moment, text

API = "https://www.googleapis.com/youtube/v3"
UNITS = 10_000
LIST = 1


def api(connection: Connection) -> Rest:
    """Return the API as the channel's owner, or with a key where there is no owner's token."""
    key = connection.secrets.get("api_key")
    owner = connection.secrets.get("refresh_token")
    auth = by_key(key) if key and not owner else by_consent(connection)
    return Rest(connection.config.get("api", API), auth=auth, judge=judge)


def spent(cursor: dict[str, Any], units: int, *, now: datetime) -> dict[str, Any]:
    """Return the day's count with `units` more; another day begins at nothing."""
    day = midnight(now).date().isoformat()
    before = cursor.get("spent")
    before = before if isinstance(before, dict) and before.get("day") == day else {}
    return {"day": day, "units": int(before.get("units", 0)) + units}


def quota(count: dict[str, Any], *, now: datetime) -> Quota:
    return Quota(max(UNITS - count["units"], 0), UNITS, midnight(now))


def comment(item: dict[str, Any], *, channel: str, video: str = "") -> Post | None:
    """Make a Post of a comment; None of the channel's own."""
    snippet = item["snippet"]
    author = text(snippet, "authorChannelId", "value")
    if author == channel:
        return None
    published = moment(snippet["publishedAt"])
    video = text(snippet, "videoId") or video
    return Post(
        external_id=item["id"],
        text=text(snippet, "textOriginal") or text(snippet, "textDisplay"),
        author=text(snippet, "authorDisplayName"),
        author_id=author,
        url=address(item["id"], video),
        published_at=published,
        edited_at=later(moment(snippet.get("updatedAt")), published),
        parent_id=text(snippet, "parentId"),
    )


def address(comment_id: str, video: str) -> str:
    return f"https://www.youtube.com/watch?v={video}&lc={comment_id}" if video else ""
