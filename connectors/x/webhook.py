"""Calls from X: posts that matched a rule (filtered stream), or that concern the account."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from connectors import signing
from connectors.base import Batch, Connection, Post
from connectors.network import Event, Wanted
from connectors.shapes import each, items, milliseconds, number, pick, text

_HEADERS = ("x-twitter-webhooks-signature-oauth2", "x-twitter-webhooks-signature")


def verify(event: Event, secrets: Mapping[str, Any]) -> bool:
    """Either header may sign, each with a secret of its own; an app has one of them or both."""
    expected = ["sha256=" + signing.base64_of(key, event.body) for key in _keys(secrets)]
    return any(signing.same(event.headers.get(name, ""), expected) for name in _HEADERS)


def challenge(query: Mapping[str, str], secrets: Mapping[str, Any]) -> tuple[str, str] | None:
    token, keys = query.get("crc_token", ""), _keys(secrets)
    if not token or not keys:
        return None
    answer = {"response_token": "sha256=" + signing.base64_of(keys[0], token.encode())}
    return "application/json", json.dumps(answer)


def _keys(secrets: Mapping[str, Any]) -> list[str]:
    return [secrets[name] for name in ("client_secret", "api_secret") if secrets.get(name)]


def receive(event: Event, _connection: Connection, _wanted: Wanted, _now: datetime) -> Batch:
    """Read posts in the form of the API v2, and those of account activity in the older form."""
    from .client import made, posts_of  # noqa: PLC0415

    body = event.document()
    found, users = posts_of(body)
    posts, refused = each(found, partial(made, users=users))
    older, broken = each(items(body, "tweet_create_events"), partial(_older, me=_me(body)))
    deleted = items(body, "tweet_delete_events")
    gone = [text(pick(d, "status"), "id") or text(pick(d, "status"), "id_str") for d in deleted]
    return Batch(posts + older, {}, refused=refused + broken, gone=[g for g in gone if g])


def _me(body: Any) -> str:
    return text(body, "for_user_id")


def _older(item: dict[str, Any], *, me: str) -> Post | None:
    """A post in the form of API v1.1; None of reposts, and of what the account itself wrote."""
    from .client import address  # noqa: PLC0415

    author = item.get("user")
    if "retweeted_status" in item or text(author, "id_str") == me:
        return None
    handle = text(author, "screen_name")
    return Post(
        external_id=item["id_str"],
        text=text(item, "extended_tweet", "full_text") or text(item, "text"),
        author=f"@{handle}",
        author_id=text(author, "id_str"),
        url=address(item["id_str"], handle),
        published_at=milliseconds(number(item, "timestamp_ms")),
        reach=number(author, "followers_count"),
        parent_id=text(item, "in_reply_to_status_id_str"),
    )
