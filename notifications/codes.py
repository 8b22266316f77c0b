"""Codes that prove an address is the person's: made of the address and a moment, never stored."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from .models import Address

KIND = "notifications.code"
VALID = timedelta(minutes=30)
MOST_TRIES = 5


def of(address: "Address") -> str:
    """Six digits for this address and the moment its code was asked for; "" if none was."""
    if address.code_at is None:
        return ""
    key = hashlib.sha256(b"notifications.codes" + settings.SECRET_KEY.encode()).digest()
    about = f"{address.pk}.{address.digest}.{address.code_at.isoformat()}"
    number = int.from_bytes(hmac.new(key, about.encode(), hashlib.sha256).digest()[:8], "big")
    return f"{number % 1_000_000:06d}"


def fits(address: "Address", typed: str, *, now: datetime) -> bool:
    said = "".join(character for character in typed if character.isdecimal())
    if address.code_at is None or now - address.code_at > VALID:
        return False
    return hmac.compare_digest(of(address).encode(), said.encode())
