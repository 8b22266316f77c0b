"""Calls from LinkedIn: up to ten notifications of what people did with the page's posts."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from connectors import signing
from connectors.base import Batch, Connection
from connectors.network import Event, Wanted
from connectors.shapes import each, items, text

_ACTIONS = {"COMMENT", "COMMENT_EDIT", "SHARE", "SHARE_MENTION"}


def verify(event: Event, secrets: Mapping[str, Any]) -> bool:
    """The signature is over "hmacsha256=" and the raw body, in hexadecimal."""
    key = str(secrets.get("client_secret", ""))
    expected = signing.hexadecimal(key, b"hmacsha256=" + event.body)
    told = event.headers.get("x-li-signature", "").removeprefix("hmacsha256=")
    return bool(key) and signing.same(told, [expected])


def challenge(query: Mapping[str, str], secrets: Mapping[str, Any]) -> tuple[str, str] | None:
    code, key = query.get("challengeCode", ""), str(secrets.get("client_secret", ""))
    if not code or not key or len(code) > 100:
        return None
    answer = {
        "challengeCode": code,
        "challengeResponse": signing.hexadecimal(key, code.encode()),
    }
    return "application/json", json.dumps(answer)


def receive(event: Event, connection: Connection, _wanted: Wanted, _now: datetime) -> Batch:
    from .client import gone, notification, organization  # noqa: PLC0415

    body = event.document()
    owner = organization(connection)
    told = [n for n in items(body, "notifications") if text(n, "organizationalEntity") == owner]
    deleted = [gone(n) for n in told]
    wanted = [n for n in told if text(n, "action") in _ACTIONS]
    posts, refused = each(wanted, partial(notification, owner=owner))
    return Batch(posts, {}, gone=[urn for urn in deleted if urn], refused=refused)
