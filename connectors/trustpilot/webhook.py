"""Calls from Trustpilot: reviews that are new, changed or gone.

Trustpilot documents no signature. What proves a call is a key that only it knows, in the address
that it was given; over HTTPS nobody on the way sees it.
"""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base import Batch, Connection, Post
from connectors.network import Event, Wanted
from connectors.shapes import each, items, pick, text


def verify(event: Event, secrets: Mapping[str, Any]) -> bool:
    key = str(secrets.get("hook_key", ""))
    told = event.query.get("key", "")
    return bool(key) and hmac.compare_digest(told.encode(), key.encode())


def receive(event: Event, _connection: Connection, _wanted: Wanted, now: datetime) -> Batch:
    from .client import review  # noqa: PLC0415

    body = event.document()

    def made(found: Any) -> Post:
        # The call does not say when a review was revised: it was just now.
        post = review(found["eventData"])
        revised = text(found, "eventName") == "service-review-updated"
        return replace(post, edited_at=now) if revised and post.edited_at is None else post

    told = [one for one in items(body, "events") if text(one, "eventName").startswith(_ABOUT)]
    deleted = [one for one in told if text(one, "eventName").endswith("-deleted")]
    posts, refused = each([one for one in told if one not in deleted], made)
    gone = [text(pick(one, "eventData"), "id") for one in deleted]
    return Batch(posts, {}, gone=[one for one in gone if one], refused=refused)


_ABOUT = "service-review-"
