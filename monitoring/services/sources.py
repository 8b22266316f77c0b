"""Sources: made, changed, paused. How they are read is monitoring.services.polling."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from connectors import declared
from connectors.models import ConnectedAccount
from connectors.network import Network
from core import crypto, signatures
from core.errors import Conflict, Refused
from core.text import clean
from monitoring import kinds
from monitoring.enums import SourceKind
from monitoring.models import Source
from monitoring.rows import network_name

# A sender needs time to change its secret; until then both are good.
ROTATION = timedelta(hours=24)


@dataclass(frozen=True)
class NewSource:
    """A source that was just made; `secret` is a webhook's, shown once and then never again."""

    source: Source
    secret: str = ""


def configure(
    kind: str, given: Mapping[str, Any] | None = None, *, match: bool = False, network: str = ""
) -> dict[str, Any]:
    """Return a source's settings: what its kind declares (Network.source), and what all have.

    `match` keeps only what holds one of the brand's words; `network` is the name under which the
    mentions are counted where they bring none of their own. Refuses values that do not fit.
    """
    found = _kind(kind)
    config: dict[str, Any] = declared.read(found.source, given or {})
    if found.check:
        found.check(config)
    config["match"] = match
    if network:
        config["network"] = network_name(network)
    return config


@transaction.atomic
def create_source(  # noqa: PLR0913 - a source is this much
    brand: Brand,
    *,
    kind: str,
    name: str,
    config: dict[str, Any],
    by: User | None,
    now: datetime,
    account: ConnectedAccount | None = None,
    poll_every: int | None = None,
) -> NewSource:
    """Make a source of the brand; one that is polled is due at once. Refuses a name taken."""
    found = _kind(kind)
    source = Source(brand=brand, kind=kind, name=clean(name).strip(), config=config)
    source.account = _own(found, account, brand)
    source.poll_every = max(poll_every or found.poll_every, found.shortest_poll)
    if kinds.is_polled(kind, config):
        source.next_poll_at = now
    _save_named(source)
    secret = _add_secret(source, now=now) if kind == SourceKind.WEBHOOK else ""
    audit.record("source.created", actor=by, brand=brand, subject=source.name, kind=kind)
    return NewSource(source, secret)


@transaction.atomic
def update_source(  # noqa: PLR0913 - a source is this much
    source: Source,
    *,
    name: str,
    config: dict[str, Any],
    poll_every: int | None,
    by: User,
    now: datetime,
    account: ConnectedAccount | None = None,
) -> Source:
    """Change how a source is called and read.

    Another place, or another account, is read from its beginning; what was stopped is tried again.
    """
    locked = _locked(source)
    found = _kind(locked.kind)
    before = {"name": locked.name, "config": locked.config, "poll_every": locked.poll_every}
    account = _own(found, account or locked.account, locked.brand)
    if _place(found, locked.config) != _place(found, config) or account != locked.account:
        locked.cursor = {}
    locked.name, locked.config, locked.account = clean(name).strip(), config, account
    locked.poll_every = max(poll_every or locked.poll_every, found.shortest_poll)
    _begin_again(locked, now=now)
    _save_named(locked)
    audit.record(
        "source.changed", actor=by, brand=locked.brand_id, subject=locked.name, before=before
    )
    return locked


@transaction.atomic
def set_active(source: Source, *, active: bool, by: User, now: datetime) -> Source:
    """Pause a source or let it go on; the same again is no change."""
    locked = _locked(source)
    if locked.is_active == active:
        return locked
    locked.is_active = active
    _begin_again(locked, now=now)
    locked.save()
    action = "source.resumed" if active else "source.paused"
    audit.record(action, actor=by, brand=locked.brand_id, subject=locked.name)
    return locked


@transaction.atomic
def go_on(source: Source, *, by: User, now: datetime) -> Source:
    """Read a source again that was stopped because its credentials were refused."""
    locked = _locked(source)
    if locked.stopped_at is not None:
        _begin_again(locked, now=now)
        locked.save()
        audit.record("source.resumed", actor=by, brand=locked.brand_id, subject=locked.name)
    return locked


@transaction.atomic
def rotate_secret(source: Source, *, by: User, now: datetime) -> str:
    """Return a new signing secret; the one before stays good for ROTATION, older ones do not."""
    locked = _locked(source)
    if locked.kind != SourceKind.WEBHOOK:
        raise Refused(_("Only a webhook has a secret."))
    secret = _add_secret(locked, now=now)
    audit.record("source.secret_rotated", actor=by, brand=locked.brand_id, subject=locked.name)
    return secret


def secrets(source: Source, *, now: datetime) -> list[str]:
    """Return the secrets with which a call may be signed now, the newest first."""
    return [secret for secret, until in _secrets(source) if until is None or now < until]


def _kind(kind: str) -> Network:
    found = kinds.find(kind)
    if found is None or kind not in kinds.all_kinds():
        raise Refused(_("There is no such kind of source."))
    return found


def _own(found: Network, account: ConnectedAccount | None, brand: Brand) -> ConnectedAccount | None:
    """Return the account to read by, which must be the brand's; refuse where one is missing."""
    if account is not None and account.brand_id != brand.pk:
        raise Refused(_("The account belongs to another brand."))
    if account is None and found.needs_account:
        raise Refused(_("Choose the account by which it is read, or connect one first."))
    return account


def _place(found: Network, config: dict[str, Any]) -> dict[str, Any]:
    return {setting.name: config.get(setting.name) for setting in found.source}


def _begin_again(source: Source, *, now: datetime) -> None:
    """Have it asked at once, whatever stopped or delayed it. Expects its lock; saves nothing."""
    source.next_poll_at = now if kinds.is_polled(source.kind, source.config) else None
    source.stopped_at = source.asked_at = None
    source.failures = 0
    source.left_out = []
    # Whoever streams it must begin anew with what holds now.
    source.streamed_by = source.streamed_until = None


def _locked(source: Source) -> Source:
    locked: Source = Source.objects.select_for_update().get(pk=source.pk)
    return locked


def _save_named(source: Source) -> None:
    try:
        with transaction.atomic():
            source.save()
    except IntegrityError:
        raise Conflict(
            _("There is already a source named %(name)s.") % {"name": source.name}
        ) from None


def _add_secret(source: Source, *, now: datetime) -> str:
    secret = signatures.new_secret()
    current = [old for old, until in _secrets(source) if until is None]
    kept = [[secret, None], *([old, (now + ROTATION).isoformat()] for old in current[:1])]
    sealed = crypto.seal(json.dumps(kept).encode(), context=_context(source))
    source.sealed = sealed
    source.save(update_fields=["sealed"])
    return secret


def _secrets(source: Source) -> list[tuple[str, datetime | None]]:
    if not source.sealed:
        return []
    kept = json.loads(crypto.unseal(bytes(source.sealed), context=_context(source)))
    return [(secret, datetime.fromisoformat(until) if until else None) for secret, until in kept]


def _context(source: Source) -> str:
    return f"monitoring.source:{source.pk}"
