"""The accounts that a brand publishes through: connecting them, trying them, switching them off."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from connectors import credentials, registry
from connectors.base import Message, PublishError, UncertainError
from connectors.models import ConnectedAccount
from core import signatures
from core.errors import Conflict, Refused
from core.text import clean


def connect_simulator(brand: Brand, *, name: str, world: str, by: User) -> ConnectedAccount:
    """Connect an account of a simulated world: what it publishes never leaves this house."""
    world = clean(world).strip()
    if not world:
        raise Refused(_("Name the simulated world."))
    return _connect(brand, "simulator", name=name, config={"world": world}, by=by)


@transaction.atomic
def connect_webhook(
    brand: Brand, *, name: str, url: str, by: User, lookup_url: str = ""
) -> tuple[ConnectedAccount, str]:
    """Connect an address that is called for each publication; also returns its signing secret.

    The secret is kept encrypted and cannot be read again. `lookup_url`, with `{key}` in it, is
    where a publication that may or may not be out can be looked for.
    """
    if lookup_url and "{key}" not in lookup_url:
        raise Refused(_("The lookup address needs {key} where the publication's key goes."))
    config = {"url": url, **({"lookup_url": lookup_url} if lookup_url else {})}
    account = _connect(brand, "outbound_webhook", name=name, config=config, by=by)
    return account, _new_secret(account)


@transaction.atomic
def _connect(
    brand: Brand, network: str, *, name: str, config: dict[str, Any], by: User
) -> ConnectedAccount:
    require(by, Permission.MANAGE_BRAND, brand)
    name = " ".join(clean(name).split())[:120]
    if not name:
        raise Refused(_("Give the account a name."))
    try:
        with transaction.atomic():
            account = ConnectedAccount.objects.create(
                brand=brand, network=network, name=name, config=config
            )
    except IntegrityError:
        raise Conflict(_("This brand already has an account of that name there.")) from None
    _record("connected", account, by=by)
    return account


def _new_secret(account: ConnectedAccount) -> str:
    secret = signatures.new_secret()
    credentials.store(account, {"secret": secret})
    return secret


def _record(what: str, account: ConnectedAccount, *, by: User) -> None:
    audit.record(
        f"account.{what}",
        actor=by,
        brand=account.brand_id,
        subject=account.name,
        network=account.network,
    )


def _lock(account_id: int, by: User) -> ConnectedAccount:
    account = ConnectedAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    require(by, Permission.MANAGE_BRAND, account.brand_id)
    return account


@transaction.atomic
def replace_secret(account_id: int, *, by: User) -> tuple[ConnectedAccount, str]:
    """Make a new signing secret; the old one stops working at once."""
    account = _lock(account_id, by)
    if account.network != "outbound_webhook":
        raise Refused(_("This account has no secret."))
    secret = _new_secret(account)
    _record("secret_replaced", account, by=by)
    return account, secret


@transaction.atomic
def deactivate_account(account_id: int, *, by: User) -> ConnectedAccount:
    """Switch it off: nothing goes out through it any more, queued publications included."""
    return _switch(account_id, on=False, by=by)


@transaction.atomic
def activate_account(account_id: int, *, by: User) -> ConnectedAccount:
    return _switch(account_id, on=True, by=by)


def _switch(account_id: int, *, on: bool, by: User) -> ConnectedAccount:
    account = _lock(account_id, by)
    if account.is_active != on:
        account.is_active = on
        account.save(update_fields=["is_active"])
        _record("activated" if on else "deactivated", account, by=by)
    return account


def try_account(account: ConnectedAccount, *, by: User) -> str:
    """Look for a publication that never was: shows that the account answers, and sends nothing.

    Returns "" or what is wrong, which is also kept with the account. Outside any transaction.
    """
    require(by, Permission.MANAGE_BRAND, account.brand_id)
    error = _trial(account)
    account.error = error[:300]
    account.error_at = timezone.now() if error else None
    account.save(update_fields=["error", "error_at"])
    return error


def _trial(account: ConnectedAccount) -> str:
    try:
        registry.publisher(account).find(Message("", "cd-test"))
    except UncertainError as error:
        # An address that has no way of looking can only be tried by publishing.
        return "" if not account.config.get("lookup_url") else str(error)
    except PublishError as error:
        return str(error)
    return ""
