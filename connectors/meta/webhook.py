"""Calls from Meta: the question whether the address is ours, and signed changes in batches."""

import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors import signing
from connectors.network import Event
from connectors.shapes import items, moment, number, pick, text


def verify(event: Event, secrets: Mapping[str, Any]) -> bool:
    """Check X-Hub-Signature-256 with the app's secret, over the bytes as they came."""
    key = secrets.get("app_secret", "")
    told = event.headers.get("x-hub-signature-256", "")
    return bool(key) and signing.same(told, ["sha256=" + signing.hexadecimal(key, event.body)])


def challenge(query: Mapping[str, str], secrets: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give the challenge back to whoever knows the verify token. Plain text: it is not ours."""
    token = secrets.get("verify_token", "")
    asked = query.get("hub.mode") == "subscribe"
    known = hmac.compare_digest(query.get("hub.verify_token", "").encode(), token.encode())
    if not (asked and token and known):
        return None
    return "text/plain", query.get("hub.challenge", "")[:200]


def changes(body: Any, *, kind: str, owner: str) -> Iterator[tuple[str, dict[str, Any], datetime]]:
    """Yield (field, value, when Meta sent it) of what concerns `owner`; `kind` as Meta names it.

    An app has one address for all its accounts: what concerns another is left to that one's
    source. Instagram's own login writes a change's field and value into the entry itself.
    """
    if text(body, "object") != kind:
        return
    for entry in items(body, "entry"):
        if text(entry, "id") != owner:
            continue
        at = sent(entry)
        for change in [*items(entry, "changes"), entry]:
            value = pick(change, "value")
            if isinstance(value, dict) and at is not None:
                yield text(change, "field"), value, at


def sent(entry: Any) -> datetime | None:
    """Seconds since 1970; in milliseconds in some of Meta's products."""
    at = number(entry, "time")
    return moment(at / 1000 if at > 10**11 else at)
