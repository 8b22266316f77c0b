"""Record keys of posts, made from our own key, so that publishing twice cannot make two posts."""

import hashlib
from datetime import UTC, datetime

_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
# Of a key's 53 bits of microseconds, these many below are ours to choose: about a second.
_OURS = 20
# Where it is not known when the message was queued.
_LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


def of(idempotency_key: str, since: datetime | None) -> str:
    """Return the TID (13 letters, sortable by time) of the message with this key.

    It tells the second at which the message was queued; the 30 bits below are the key's.
    """
    seconds = int((since or _LONG_AGO).timestamp() * 1_000_000) >> _OURS
    digest = hashlib.sha256(idempotency_key.encode()).digest()
    number = (seconds << (_OURS + 10)) | (int.from_bytes(digest[:4], "big") >> 2)
    return "".join(_LETTERS[(number >> shift) & 31] for shift in range(60, -1, -5))
