"""Sources: made, changed, paused, and asked for what is new."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from connectors import registry
from connectors.base import Batch, ReadError
from core import crypto, signatures
from core.errors import Conflict, Refused
from core.text import clean
from monitoring import ingest
from monitoring.enums import SourceKind
from monitoring.models import Source
from monitoring.rows import network_name

logger = logging.getLogger(__name__)

POLLED = {SourceKind.FEED: 300, SourceKind.SIMULATOR: 2}
SHORTEST_INTERVAL = {SourceKind.FEED: 60, SourceKind.SIMULATOR: 1}
LONGEST_BACK_OFF = timedelta(hours=1)
# A sender needs time to change its secret; until then both are good.
ROTATION = timedelta(hours=24)
# Pages of one poll; what is left is fetched by the next.
MAX_ROUNDS = 20
PAGE = 500
# A quiet source that is asked every two seconds writes its health no more often than this.
QUIET_HEALTH = timedelta(seconds=60)


@dataclass(frozen=True)
class NewSource:
    """A source that was just made; `secret` is a webhook's, shown once and then never again."""

    source: Source
    secret: str = ""


def configure(
    kind: str, *, url: str = "", world: str = "", match: bool = False, network: str = ""
) -> dict[str, Any]:
    """Return a source's settings as its kind needs them. Refuses a missing address or world.

    `match` keeps only what holds one of the brand's words; `network` is the name under which the
    mentions are counted where they bring none of their own.
    """
    config: dict[str, Any] = {"match": match}
    if network:
        config["network"] = network_name(network)
    if kind == SourceKind.FEED:
        if not url.strip().lower().startswith(("http://", "https://")):
            raise Refused(_("Give the feed's address, beginning with https://."))
        config["url"] = url.strip()
    if kind == SourceKind.SIMULATOR:
        if not world.strip():
            raise Refused(_("Name the simulated world."))
        config["world"] = clean(world).strip()[:60]
    return config


@transaction.atomic
def create_source(
    brand: Brand, *, kind: str, name: str, config: dict[str, Any], by: User | None, now: datetime
) -> NewSource:
    """Make a source of the brand; one that is polled is due at once. Refuses a name taken."""
    source = Source(brand=brand, kind=SourceKind(kind), name=clean(name).strip(), config=config)
    if source.kind in POLLED:
        source.poll_every = POLLED[SourceKind(source.kind)]
        source.next_poll_at = now
    _save_named(source)
    secret = _add_secret(source, now=now) if source.kind == SourceKind.WEBHOOK else ""
    audit.record("source.created", actor=by, brand=brand, subject=source.name, kind=kind)
    return NewSource(source, secret)


@transaction.atomic
def update_source(
    source: Source,
    *,
    name: str,
    config: dict[str, Any],
    poll_every: int | None,
    by: User,
    now: datetime,
) -> Source:
    """Change how a source is called and read. Another address starts from the beginning."""
    locked = _locked(source)
    before = {"name": locked.name, "config": locked.config, "poll_every": locked.poll_every}
    if locked.config.get("url") != config.get("url"):
        locked.cursor = {}
    locked.name, locked.config = clean(name).strip(), config
    if locked.kind in POLLED:
        least = SHORTEST_INTERVAL[SourceKind(locked.kind)]
        locked.poll_every = max(poll_every or locked.poll_every, least)
        locked.next_poll_at = now
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
    if active and locked.kind in POLLED:
        locked.next_poll_at = now
    locked.save(update_fields=["is_active", "next_poll_at"])
    action = "source.resumed" if active else "source.paused"
    audit.record(action, actor=by, brand=locked.brand_id, subject=locked.name)
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


@transaction.atomic
def claim_due(*, now: datetime, limit: int = 100) -> list[tuple[int, int]]:
    """Claim the sources that are due by moving their time; return their ids and intervals.

    Whoever is killed after this has lost a poll, not a source: its next time has come round.
    """
    due = Source.objects.filter(is_active=True, next_poll_at__lte=now).order_by("next_poll_at")
    claimed = list(due.select_for_update(skip_locked=True)[:limit])
    for source in claimed:
        source.next_poll_at = now + timedelta(seconds=source.poll_every)
    Source.objects.bulk_update(claimed, ["next_poll_at"])
    return [(source.pk, source.poll_every) for source in claimed]


def poll(source_id: int, *, now: datetime) -> ingest.Accepted:
    """Fetch what is new and take it in. A failure is recorded with the source, never raised."""
    source = Source.objects.select_related("account").filter(pk=source_id, is_active=True).first()
    outcome = ingest.Accepted()
    if source is None:
        return outcome
    try:
        reader = registry.reader(source.kind, source.config, account=source.account)
        for _round in range(MAX_ROUNDS):
            batch = reader.fetch(source.cursor, now=now, limit=PAGE)
            outcome.add(_take(source, batch, now=now), offset=0)
            if not batch.more:
                break
    except ReadError as error:
        _record_failure(source_id, error, now=now)
    except ingest.SourceGone:
        logger.info("Source %d was deleted while it was read", source_id)
    return outcome


def try_out(kind: str, config: dict[str, Any], *, now: datetime) -> list[str]:
    """Read once without keeping anything; return the first texts. Raises ReadError."""
    batch = registry.reader(kind, config).fetch({}, now=now, limit=5)
    return [clean(post.title or post.text)[:120] for post in batch.posts]


def _take(source: Source, batch: Batch, *, now: datetime) -> ingest.Accepted:
    if not batch.posts and batch.cursor == source.cursor:
        _note_quiet(source, now=now)
        return ingest.Accepted()
    taken = ingest.accept(source, batch.posts, now=now, cursor=batch.cursor)
    source.cursor = batch.cursor
    if batch.wait:
        again = now + timedelta(seconds=batch.wait)
        Source.objects.filter(pk=source.pk).update(next_poll_at=again)
    return taken


def _note_quiet(source: Source, *, now: datetime) -> None:
    fresh = source.succeeded_at and now - source.succeeded_at < QUIET_HEALTH
    if not fresh or source.failures:
        Source.objects.filter(pk=source.pk).update(succeeded_at=now, error="", failures=0)


@transaction.atomic
def _record_failure(source_id: int, error: ReadError, *, now: datetime) -> None:
    """Say what went wrong, and ask again later and later, or when the other side says."""
    source = Source.objects.select_for_update().filter(pk=source_id).first()
    if source is None:
        return
    source.failures += 1
    source.error, source.error_at = str(error)[:500], now
    wait = timedelta(seconds=source.poll_every) * 2 ** min(source.failures - 1, 12)
    wait = max(min(wait, LONGEST_BACK_OFF), timedelta(seconds=error.retry_after or 0))
    source.next_poll_at = now + wait
    source.save(update_fields=["failures", "error", "error_at", "next_poll_at"])


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
