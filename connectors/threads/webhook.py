"""What Meta tells of a Threads account: answers, mentions and deletions."""

from datetime import datetime
from typing import Any

from connectors.base import Batch, Connection, Post
from connectors.meta.webhook import sent
from connectors.network import Event, Wanted
from connectors.shapes import items, pick, text


def receive(event: Event, connection: Connection, _wanted: Wanted, _now: datetime) -> Batch:
    user = str(connection.config["user"])
    posts: list[Post] = []
    gone: list[str] = []
    for name, value, at in _changes(event.document(), user):
        if name in {"replies", "mentions"}:
            posts += _made(value, user, at)
        elif name == "delete" and text(value, "id"):
            gone.append(text(value, "id"))
    return Batch(posts, {}, gone=gone)


def _changes(body: Any, user: str) -> list[tuple[str, Any, datetime | None]]:
    """Threads sends one change in an envelope of its own; or several, as Meta's others do."""
    found: list[tuple[str, Any, datetime | None]] = []
    if text(body, "target_id") == user:
        told = items(body, "values") or [pick(body, "values")]
        found += [(text(one, "field"), pick(one, "value"), sent(body)) for one in told]
    for entry in items(body, "entry"):
        if text(entry, "id") == user:
            told = items(entry, "changes")
            found += [(text(one, "field"), pick(one, "value"), sent(entry)) for one in told]
    return [change for change in found if isinstance(change[1], dict)]


def _made(value: dict[str, Any], user: str, at: datetime | None) -> list[Post]:
    from .client import post  # noqa: PLC0415

    made = post(value, me=user, at=at) if text(value, "id") else None
    return [made] if made else []
