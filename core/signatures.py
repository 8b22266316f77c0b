"""Standard Webhooks signatures, for what comes in and what goes out.

HMAC-SHA256 over `id.timestamp.body`, the raw bytes, in base64: https://www.standardwebhooks.com.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

# Seconds that a sender's clock may differ, and for which an id must be remembered.
TOLERANCE = 300
MAX_ID = 200
_PREFIX = "whsec_"


class BadSignature(Exception):
    """The call is not from somebody who knows the secret, or not from now; says which."""


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, *, call_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers that go with `body`."""
    timestamp = str(int(at.timestamp()))
    digest = base64.b64encode(_digest(secret, call_id, timestamp, body)).decode()
    return {
        "webhook-id": call_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{digest}",
    }


def verify(
    known: Iterable[str],
    *,
    call_id: str,
    timestamp: str,
    signature: str,
    body: bytes,
    now: datetime,
) -> None:
    """Raise BadSignature unless one of the `known` secrets signed exactly this, within TOLERANCE.

    `signature` may hold several, separated by blanks: the sender's secrets during rotation.
    """
    if not (call_id and timestamp and signature):
        raise BadSignature("a header is missing")
    if len(call_id) > MAX_ID or not call_id.isascii() or not call_id.isprintable():
        raise BadSignature("the id cannot be one")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise BadSignature("the timestamp is not a number of seconds")
    if abs(int(timestamp) - now.timestamp()) > TOLERANCE:
        raise BadSignature("the timestamp is more than five minutes off")
    given = list(_signatures(signature))
    for secret in known:
        expected = _digest(secret, call_id, timestamp, body)
        if any(hmac.compare_digest(expected, one) for one in given):
            return
    raise BadSignature("no signature fits")


def _signatures(header: str) -> Iterable[bytes]:
    # Bounded: each costs a comparison.
    for part in header.split(" ")[:8]:
        version, _, value = part.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                continue


def _digest(secret: str, call_id: str, timestamp: str, body: bytes) -> bytes:
    key = base64.b64decode(secret.removeprefix(_PREFIX) + "==")
    return hmac.digest(key, f"{call_id}.{timestamp}.".encode() + body, hashlib.sha256)
