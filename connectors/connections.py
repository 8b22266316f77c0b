"""From an account's row to the Connection that its connector is given."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from core.clock import database_now

from . import credentials
from .base import Connection, Exchange, ReadError
from .models import ConnectedAccount

# How long one renewal may take before another process may try, and how often the others look.
LEASE = timedelta(seconds=30)
_LOOK = 0.1


def of(account: ConnectedAccount) -> Connection:
    """Return the account as its connector sees it. Raises core.crypto.Unsealable."""
    return Connection(
        config=account.config,
        secrets=credentials.load(account),
        name=account.name,
        renew=_Renewal(account),
    )


class _Renewal:
    """Connection.renew for a stored account. What it gave last is what the next call replaces:
    a stream that lives for days renews many times."""

    def __init__(self, account: ConnectedAccount) -> None:
        self._account_id = account.pk
        self._known = bytes(account.sealed)

    def __call__(self, exchange: Exchange) -> Mapping[str, Any]:
        """See Connection. No transaction is open while `exchange` talks to the network."""
        deadline = time.monotonic() + 2 * LEASE.total_seconds()
        while time.monotonic() < deadline:
            account, mine = _claim(self._account_id, self._known)
            if mine:
                secrets = _exchanged(account, exchange)
                self._known = bytes(account.sealed)
                return secrets
            if bytes(account.sealed) != self._known:
                self._known = bytes(account.sealed)
                return credentials.load(account)
            time.sleep(_LOOK)
        raise ReadError(_("The account's credentials are being renewed. We try again shortly."))


@transaction.atomic
def _claim(account_id: int, known: bytes) -> tuple[ConnectedAccount, bool]:
    account = ConnectedAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    now = database_now()
    busy = account.renewing_until is not None and account.renewing_until > now
    if busy or bytes(account.sealed) != known:
        return account, False
    account.renewing_until = now + LEASE
    account.save(update_fields=["renewing_until"])
    return account, True


def _exchanged(account: ConnectedAccount, exchange: Exchange) -> Mapping[str, Any]:
    try:
        secrets = dict(exchange(credentials.load(account)))
        credentials.store(account, secrets)
    finally:
        ConnectedAccount.objects.filter(pk=account.pk).update(renewing_until=None)
    return secrets
