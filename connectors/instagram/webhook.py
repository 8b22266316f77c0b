"""What Meta tells of an Instagram account: comments as they are; of a mention only where it is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base import Batch, Connection, Post
from connectors.meta.webhook import changes
from connectors.network import Event, Wanted
from connectors.shapes import pick, text


def receive(event: Event, connection: Connection, _wanted: Wanted, now: datetime) -> Batch:
    """Read comments as they come; what a mention says is fetched, for Meta does not keep it."""
    user = str(connection.config["user"])
    posts: list[Post] = []
    for name, value, at in changes(event.document(), kind="instagram", owner=user):
        if name in {"comments", "live_comments"}:
            posts += _told(value, user=user, at=at)
        elif name == "mentions":
            posts += _mentioned(value, connection, now=now)
    return Batch(posts, {})


def _told(value: Mapping[str, Any], *, user: str, at: datetime) -> list[Post]:
    from .client import comment  # noqa: PLC0415

    if not text(value, "id"):
        return []
    made = comment({**value, "timestamp": at.isoformat()}, user=user)
    return [made] if made else []


def _mentioned(value: Mapping[str, Any], connection: Connection, *, now: datetime) -> list[Post]:
    from connectors.meta.graph import proof  # noqa: PLC0415
    from connectors.rest import path  # noqa: PLC0415

    from .client import COMMENT_FIELDS, api, comment, media, mention_id  # noqa: PLC0415

    user = str(connection.config["user"])
    found, commented = text(value, "media_id"), text(value, "comment_id")
    if not found.isdecimal() or not (commented or "0").isdecimal():
        return []
    fields = f"mentioned_media.media_id({found}){{id,caption,timestamp,username,permalink}}"
    if commented:
        fields = f"mentioned_comment.comment_id({commented}){{{COMMENT_FIELDS}}}"
    where = path("/{}", user)
    secret = proof(connection.secrets)
    answer = api(connection).read(where, now=now, fields=fields, appsecret_proof=secret)
    if commented:
        made = comment(pick(answer.data, "mentioned_comment") or {}, user=user)
    else:
        made = media(pick(answer.data, "mentioned_media") or {})
    return [replace(made, external_id=mention_id(found, commented))] if made else []
