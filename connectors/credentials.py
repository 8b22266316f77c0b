"""Credentials of connected accounts: encrypted, and openable only for the row they belong to."""

import json
from typing import Any

from core import crypto

from .models import ConnectedAccount


def store(account: ConnectedAccount, credentials: dict[str, Any]) -> None:
    """Replace the account's credentials; the account must have been saved before."""
    account.sealed = crypto.seal(json.dumps(credentials).encode(), context=_context(account))
    account.save(update_fields=["sealed"])


def load(account: ConnectedAccount) -> dict[str, Any]:
    """Return the account's credentials, {} where it has none. Raises core.crypto.Unsealable."""
    if not account.sealed:
        return {}
    data = crypto.unseal(bytes(account.sealed), context=_context(account))
    opened: dict[str, Any] = json.loads(data)
    return opened


def _context(account: ConnectedAccount) -> str:
    return f"connectors.account:{account.pk}"
