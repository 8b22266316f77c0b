"""Accounts on networks: connecting them, changing and testing them, switching them off.

One account serves for reading and for publishing.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from core import signatures
from core.crypto import Unsealable
from core.errors import Conflict, Refused
from core.text import clean

from . import connections, credentials, declared, trying
from .base import Connection
from .consent import Begun, Consent, address, tokens
from .models import ConnectedAccount
from .network import Network
from .oauth import kept
from .registry import NETWORKS
from .trying import Tried


@transaction.atomic
def connect(
    brand: Brand, network: str, *, name: str, values: Mapping[str, Any], by: User
) -> tuple[ConnectedAccount, str]:
    """Connect an account; `values` are for the fields that its network declares.

    Also returns the secret that we made for it, where its network has us make one: it is kept
    encrypted and cannot be read again.
    """
    require(by, Permission.MANAGE_BRAND, brand)
    config, secrets = _values(_network(network), values)
    account = ConnectedAccount(brand=brand, network=network, name=_name(name), config=config)
    _save(account)
    secret = signatures.new_secret() if _network(network).makes_secret else ""
    credentials.store(account, {**secrets, **({"secret": secret} if secret else {})})
    _record("connected", account, by=by)
    return account, secret


@transaction.atomic
def change(
    account_id: int, *, name: str, values: Mapping[str, Any], by: User, now: datetime
) -> ConnectedAccount:
    """Change an account's name and fields; an empty secret stays as it is.

    What was stopped because its credentials were refused is tried again.
    """
    account = _lock(account_id, by)
    kept = stored_secrets(account)
    config, secrets = _values(_network(account.network), values, kept=kept)
    # What was set besides, by a program, stays.
    account.name, account.config = _name(name), {**account.config, **config}
    account.error, account.error_at, account.expires_at = "", None, None
    account.connected_at = now
    _save(account)
    credentials.store(account, {**kept, **secrets})
    _record("changed", account, by=by)
    return account


@transaction.atomic
def replace_secret(account_id: int, *, by: User) -> tuple[ConnectedAccount, str]:
    """Make a new signing secret; the old one stops working at once."""
    account = _lock(account_id, by)
    if not _network(account.network).makes_secret:
        raise Refused(_("This account has no secret that we make."))
    secret = signatures.new_secret()
    credentials.store(account, {**stored_secrets(account), "secret": secret})
    _record("secret_replaced", account, by=by)
    return account, secret


@transaction.atomic
def switch(account_id: int, *, on: bool, by: User) -> ConnectedAccount:
    """Switch it on or off; off, nothing goes out or comes in through it any more."""
    account = _lock(account_id, by)
    if account.is_active != on:
        account.is_active = on
        account.save(update_fields=["is_active"])
        _record("activated" if on else "deactivated", account, by=by)
    return account


def test(account: ConnectedAccount, *, by: User, now: datetime) -> Tried:
    """Test an account as it is stored, and keep what was found. Outside any transaction."""
    require(by, Permission.MANAGE_BRAND, account.brand_id)
    try:
        connection = connections.of(account)
    except Unsealable:
        tried = Tried(error=trying.SEALED, unauthorized=True)
    else:
        tried = trying.account(_network(account.network), connection, now=now)
    _keep(account, tried, now)
    return tried


def test_typed(
    network: str,
    values: Mapping[str, Any],
    *,
    account: ConnectedAccount | None,
    name: str,
    now: datetime,
) -> Tried:
    """Test what was typed and is not stored yet."""
    config, secrets = declared.split(_network(network).account, values)
    kept = stored_secrets(account) if account else {}
    connection: Connection = trying.unsaved(config, {**kept, **secrets}, name=name)
    return trying.account(_network(network), connection, now=now)


def may_consent(account: ConnectedAccount) -> bool:
    """Whether its owner can grant access on the network's page: the app's own keys are there."""
    consent = NETWORKS[account.network].consent
    return consent is not None and all(_client(account))


def begin_consent(account: ConnectedAccount, *, by: User, now: datetime) -> tuple[Begun, str]:
    """Return what the person's session keeps, and the network's page to send them to."""
    require(by, Permission.MANAGE_BRAND, account.brand_id)
    begun = Begun.new(account.pk, now=now)
    client_id, _secret = _client(account)
    return begun, address(_consent(account), begun, client_id=client_id, back=way_back())


def finish_consent(
    account: ConnectedAccount, begun: Begun, code: str, *, by: User, now: datetime
) -> Tried:
    """Exchange the code for tokens, keep them, and test the account. Outside any transaction.

    Raises ReadError, with words, where the network does not give any.
    """
    require(by, Permission.MANAGE_BRAND, account.brand_id)
    consent, client = _consent(account), _client(account)
    answer = tokens(consent, begun, code, client=client, back=way_back(), now=now)
    with transaction.atomic():
        account = _lock(account.pk, by)
        stored = stored_secrets(account)
        credentials.store(account, {**stored, **kept(answer, stored, now=now)})
        account.error, account.error_at, account.connected_at = "", None, now
        account.save(update_fields=["error", "error_at", "connected_at"])
        _record("granted", account, by=by)
    return test(account, by=by, now=now)


def way_back() -> str:
    """Return the address to which networks send people back; their apps must be told of it."""
    return f"{settings.PUBLIC_URL}{reverse('connectors:granted')}"


def _consent(account: ConnectedAccount) -> Consent:
    consent = NETWORKS[account.network].consent
    if consent is None or not all(_client(account)):
        raise Refused(_("Save the app's ID and secret first."))
    return replace(consent, tokens=account.config.get("tokens", consent.tokens))


def _client(account: ConnectedAccount) -> tuple[str, str]:
    """The network's app: its id and secret, empty where they are not entered yet."""
    known = {**account.config, **stored_secrets(account)}
    return str(known.get("client_id") or ""), str(known.get("client_secret") or "")


def stored_secrets(account: ConnectedAccount) -> dict[str, Any]:
    """Return the account's secrets; {} where they cannot be opened and must be entered again."""
    try:
        return credentials.load(account)
    except Unsealable:
        return {}


def _keep(account: ConnectedAccount, tried: Tried, now: datetime) -> None:
    account.error = tried.error.stored() if tried.error else ""
    account.error_at = now if tried.error else None
    if tried.probe:
        account.expires_at = tried.probe.expires_at
        account.connected_at = now
        account.config = {**account.config, **tried.probe.learned}
    account.save(update_fields=["error", "error_at", "expires_at", "connected_at", "config"])


def _network(name: str) -> Network:
    if name not in NETWORKS or not NETWORKS[name].can_connect:
        raise Refused(_("There is no account to connect on this network."))
    return NETWORKS[name]


def _values(
    network: Network, values: Mapping[str, Any], *, kept: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    return declared.split(network.account, declared.read(network.account, values, kept=kept))


def _name(name: str) -> str:
    name = " ".join(clean(name).split())[:120]
    if not name:
        raise Refused(_("Give the account a name."))
    return name


def _save(account: ConnectedAccount) -> None:
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError:
        raise Conflict(_("This brand already has an account of that name there.")) from None


def _lock(account_id: int, by: User) -> ConnectedAccount:
    account = ConnectedAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    require(by, Permission.MANAGE_BRAND, account.brand_id)
    return account


def _record(what: str, account: ConnectedAccount, *, by: User) -> None:
    audit.record(
        f"account.{what}",
        actor=by,
        brand=account.brand_id,
        subject=account.name,
        network=account.network,
    )
