"""What an address or channel is: kept sealed, opened only to send."""

import hashlib
import hmac
import json
from typing import Any

from django.conf import settings

from core import crypto
from notifications.channels.base import Undeliverable
from notifications.models import Address, Channel


def seal(row: Address | Channel, content: dict[str, Any]) -> None:
    """Put the content into a row that has its number already, and save it."""
    row.sealed = crypto.seal(json.dumps(content).encode(), context=row.seal_context)
    row.save(update_fields=["sealed"])


def unseal(row: Address | Channel) -> dict[str, Any]:
    """Raises Undeliverable where the key is gone."""
    try:
        found: dict[str, Any] = json.loads(
            crypto.unseal(bytes(row.sealed), context=row.seal_context)
        )
    except crypto.Unsealable as error:
        raise Undeliverable(str(error)) from error
    return found


def digest(service: str, typed: str) -> str:
    """By which the same address is known again; without the key nobody can guess what it is."""
    key = hashlib.sha256(b"notifications.addresses" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, f"{service}:{typed}".encode(), hashlib.sha256).hexdigest()
