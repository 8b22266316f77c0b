"""Calls to TikTok's API for Business, which reports errors inside a 200.

A comment is answered by its video and its own id together, so both make its id here:
"<video>/<comment>".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import Connection, Post, Unauthorized
from connectors.oauth import Renewing, exchanged
from connectors.rest import (
    Answer,
    Call,
    Kind,
    Rest,
    Verdict,
    complaint,
    forbidden,
    limited,
    unauthorized,
)
from connectors.shapes import moment, number, pick, text
from core.words import Words

API = "https://business-api.tiktok.com/open_api/v1.3"
_TOO_OFTEN = {40016, 40100, 40133}
_TOKEN = {40102, 40104, 40105}
_RIGHTS = {40001}
_THEIR_FAULT = 50000


def api(connection: Connection) -> Rest:
    base = connection.config.get("api", API)
    client = {"client_id": connection.config["client_id"]}

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        document = {
            **client,
            "client_secret": text(stored, "client_secret"),
            "grant_type": "refresh_token",
            "refresh_token": text(stored, "refresh_token"),
        }
        call = Call(base + "/tt_user/oauth2/refresh_token/", method="POST", document=document)
        answer = exchanged(call, now=now)
        data = pick(answer, "data")
        if number(answer, "code") or not isinstance(data, dict):
            raise Unauthorized(_("TikTok no longer renews the access token. Connect it again."))
        return data

    return Rest(
        base, auth=Renewing(connection, ask, rotates=True, header="Access-Token"), judge=judge
    )


def judge(answer: Answer, _now: datetime) -> Verdict | None:
    """Say what TikTok's own code comes to; None where there is none, or all is well."""
    code = number(answer.data, "code")
    if not code:
        return None
    said = complaint(answer.data)
    if code in _TOKEN:
        return Verdict(Kind.UNAUTHORIZED, unauthorized())
    if code in _RIGHTS:
        return Verdict(Kind.FORBIDDEN, forbidden(said))
    if code in _TOO_OFTEN:
        return Verdict(Kind.LIMITED, limited(), 300.0)
    kind = Kind.BROKEN if code >= _THEIR_FAULT else Kind.REFUSED
    return Verdict(kind, Words(_("TikTok refuses and says: %(said)s"), {"said": said}))


def comment(item: dict[str, Any], *, video: str, name: str) -> Post | None:
    """Make a Post of a comment or an answer; None of the account's own."""
    words = text(item, "text")
    if item.get("owner") is True or not words:
        return None
    parent = text(item, "parent_comment_id")
    author = text(item, "username") or text(item, "display_name")
    return Post(
        external_id=f"{video}/{item['comment_id']}",
        text=words,
        author=f"@{author}" if author else "",
        author_id=text(item, "user_id") or text(item, "unique_identifier"),
        url=f"https://www.tiktok.com/@{name}/video/{video}",
        published_at=moment(number(item, "create_time")),
        parent_id=f"{video}/{parent}" if parent and parent != "0" else "",
    )


def mention(item: dict[str, Any]) -> Post | None:
    """Make a Post of a video whose caption mentions the account."""
    words = text(item, "caption")
    if not words:
        return None
    name = text(item, "username") or text(item, "creator_username")
    return Post(
        external_id=item["item_id"],
        text=words,
        author=f"@{name}" if name else "",
        url=text(item, "share_url") or f"https://www.tiktok.com/@{name}/video/{item['item_id']}",
        published_at=moment(number(item, "create_time")),
        reach=number(item, "video_views"),
    )
