"""How networks that call us sign: HMAC-SHA256 over the raw bytes, compared in constant time."""

import base64
import hashlib
import hmac
from collections.abc import Iterable


def digest(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()


def hexadecimal(secret: str, message: bytes) -> str:
    return digest(secret, message).hex()


def base64_of(secret: str, message: bytes) -> str:
    return base64.b64encode(digest(secret, message)).decode()


def same(given: str, expected: Iterable[str]) -> bool:
    """Whether `given` is one of `expected`; all are compared, none shows by the time it takes."""
    told = given.encode("utf-8", "replace")
    found = False
    for each in expected:
        found |= hmac.compare_digest(told, each.encode())
    return found
