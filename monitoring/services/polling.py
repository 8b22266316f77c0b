"""How sources are read: asked in time, within what is left to us, and less often while they fail.

Networks are called outside any transaction; what a batch brings is stored with its cursor in one.
"""

import logging
import random
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.enums import Role
from accounts.selectors import members
from connectors import budget, connections, registry, trying
from connectors.base import Batch, Connection, CursorLost, ReadError, Unauthorized
from connectors.models import ConnectedAccount
from connectors.trying import Tried
from core.crypto import Unsealable
from monitoring import ingest, kinds
from monitoring.models import Source
from monitoring.selectors.sources import ENDS_SOON, ends_at
from notifications.services import notify

logger = logging.getLogger(__name__)

LONGEST_BACK_OFF = timedelta(hours=1)
# Pages of one poll; what is left is fetched by the next.
MAX_ROUNDS = 20
PAGE = 500
# Of what a batch left out, so much is kept for the page.
NOTES = 10
# A quiet source that is asked every two seconds writes its health no more often than this.
QUIET_HEALTH = timedelta(seconds=60)
# One that is asked more often than this is noted as taken up no more often either.
TAKEN = timedelta(seconds=30)
# A claim that comes so late is the first again: nobody was asked meanwhile.
AWAY = timedelta(seconds=60)
# Two sources that failed together must not come back together.
JITTER = 0.2


@transaction.atomic
def claim_due(*, now: datetime, limit: int = 100) -> list[tuple[int, int]]:
    """Claim the sources that are due by moving their time; return their ids and intervals.

    Whoever is killed after this has lost a poll, not a source: its next time has come round.
    """
    _take_up_reconnected(now)
    due = Source.objects.filter(is_active=True, next_poll_at__lte=now).order_by("next_poll_at")
    claimed = list(due.select_for_update(skip_locked=True)[:limit])
    for source in claimed:
        due_at = source.next_poll_at or now
        if source.asked_at is None or now - due_at > AWAY:
            source.asked_at = now
        source.next_poll_at = now + timedelta(seconds=source.poll_every)
    Source.objects.bulk_update(claimed, ["next_poll_at", "asked_at"])
    return [(source.pk, source.poll_every) for source in claimed]


def _take_up_reconnected(now: datetime) -> None:
    """What was stopped is tried again once its account has been connected anew."""
    stopped = Source.objects.filter(stopped_at__isnull=False, is_active=True)
    again = stopped.filter(account__connected_at__gt=F("stopped_at"))
    for source in again.select_for_update(of=("self",), skip_locked=True):
        source.stopped_at, source.failures, source.asked_at = None, 0, None
        source.next_poll_at = now if kinds.is_polled(source.kind, source.config) else None
        source.save(update_fields=["stopped_at", "failures", "asked_at", "next_poll_at"])


def poll(source_id: int, *, now: datetime) -> ingest.Accepted:
    """Fetch what is new and take it in. A failure is recorded with the source, never raised."""
    sources = Source.objects.select_related("account")
    source = sources.filter(pk=source_id, is_active=True, stopped_at=None).first()
    outcome = ingest.Accepted()
    if source is None:
        return outcome
    _note_taken(source, now=now)
    try:
        _read(source, outcome, now)
    except ReadError as error:
        record_failure(source, error, now=now)
    except ingest.SourceGone:
        logger.info("Source %d was deleted while it was read", source_id)
    return outcome


def _note_taken(source: Source, *, now: datetime) -> None:
    """The poll that waited is under way; nearly all are at once, so this is seldom written."""
    often = timedelta(seconds=source.poll_every) < TAKEN
    if source.asked_at is not None and (not often or now - source.asked_at > TAKEN):
        Source.objects.filter(pk=source.pk).update(asked_at=None)


def _read(source: Source, outcome: ingest.Accepted, now: datetime) -> None:
    _refuse_unusable(source)
    reader = registry.reader(source.kind, source.config, account=source.account)
    for _round in range(MAX_ROUNDS):
        wait = budget.take(credential(source), now=now)
        if wait is not None:
            Source.objects.filter(pk=source.pk).update(next_poll_at=now + wait)
            return
        try:
            batch = reader.fetch(source.cursor, now=now, limit=PAGE)
        except CursorLost as lost:
            note_gap(source, lost, now=now)
            continue
        outcome.add(receive(source, batch, now=now), offset=0)
        if not batch.more:
            return


def _refuse_unusable(source: Source) -> None:
    if source.account is not None and not source.account.is_active:
        raise ReadError(_("The account is switched off. Switch it on, or choose another."))


def credential(source: Source) -> str:
    """Name what the source's calls are counted by."""
    return budget.key(source.kind, source.account_id)


def receive(source: Source, batch: Batch, *, now: datetime) -> ingest.Accepted:
    """Take one batch in, with its cursor and all that it says of limits and endings.

    `source.cursor` is the batch's afterwards.
    """
    if batch.quota:
        budget.learn(credential(source), batch.quota, now=now)
    taken = ingest.Accepted()
    if _brings_something(batch) or batch.cursor != source.cursor:
        taken = ingest.accept_batch(source, batch, now=now)
        source.cursor = batch.cursor
    else:
        _note_quiet(source, now=now)
    if batch.wait:
        Source.objects.filter(pk=source.pk).update(next_poll_at=now + timedelta(seconds=batch.wait))
    if batch.refused and batch.refused[:NOTES] != source.left_out:
        source.left_out = batch.refused[:NOTES]
        Source.objects.filter(pk=source.pk).update(left_out=source.left_out)
    if batch.expires_at and batch.expires_at != source.expires_at:
        _note_end(source, batch.expires_at)
    return taken


def _brings_something(batch: Batch) -> bool:
    return bool(batch.posts or batch.gone or batch.authors_gone or batch.authors_back)


def _note_quiet(source: Source, *, now: datetime) -> None:
    fresh = source.succeeded_at and now - source.succeeded_at < QUIET_HEALTH
    if not fresh or source.failures:
        Source.objects.filter(pk=source.pk).update(succeeded_at=now, error="", failures=0)


def _note_end(source: Source, expires_at: datetime) -> None:
    source.expires_at = expires_at
    Source.objects.filter(pk=source.pk).update(expires_at=expires_at)
    if source.account_id:
        ConnectedAccount.objects.filter(pk=source.account_id).update(expires_at=expires_at)


def note_gap(source: Source, lost: CursorLost, *, now: datetime) -> None:
    """Go on from where the network lets us; say since when something may be missing."""
    since = source.succeeded_at or source.created_at
    source.cursor = lost.cursor
    source.gap_from, source.gap_until = since, now
    Source.objects.filter(pk=source.pk).update(
        cursor=lost.cursor, gap_from=since, gap_until=now, error_at=now
    )


def close_gap(source: Source) -> None:
    """What was missing has been fetched."""
    source.gap_from = source.gap_until = None
    Source.objects.filter(pk=source.pk).update(gap_from=None, gap_until=None)


@transaction.atomic
def record_failure(source: Source, error: ReadError, *, now: datetime) -> None:
    """Say what went wrong, and ask again later and later, or when the other side says.

    Refused credentials stop it until somebody acts; the brand's leads are told once.
    """
    locked = Source.objects.select_for_update().filter(pk=source.pk).first()
    if locked is None:
        return
    locked.failures += 1
    locked.error, locked.error_at = error.words.stored(), now
    if isinstance(error, Unauthorized):
        locked.stopped_at, locked.next_poll_at = now, None
        _tell_leads(locked, now=now)
    elif locked.next_poll_at is not None:
        locked.next_poll_at = now + _back_off(locked, error)
    locked.save(update_fields=["failures", "error", "error_at", "stopped_at", "next_poll_at"])
    if error.retry_after:
        budget.hold(credential(locked), seconds=error.retry_after, now=now)


def _back_off(source: Source, error: ReadError) -> timedelta:
    wait: timedelta = timedelta(seconds=source.poll_every * 2 ** min(source.failures - 1, 12))
    spread = 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - no secret hangs on it
    asked = timedelta(seconds=error.retry_after or 0)
    return max(min(wait, LONGEST_BACK_OFF) * spread, asked)


def _tell_leads(source: Source, *, now: datetime) -> None:
    """Once for each time that an account was connected, however many sources read by it."""
    about, since = f"source.{source.pk}", now
    if source.account is not None:
        about, since = f"account.{source.account.pk}", source.account.connected_at
    params = {"source": source.name, "problem": source.error}
    _tell(source, "unauthorized", f"{about}.{since.timestamp():.0f}", params, now)


def warn_of_ends(*, now: datetime) -> None:
    """Tell, once each, that credentials end soon."""
    read = Source.objects.filter(is_active=True, stopped_at=None).select_related("account", "brand")
    soon = Q(expires_at__range=(now, now + ENDS_SOON))
    for source in read.filter(soon | Q(account__expires_at__range=(now, now + ENDS_SOON))):
        end = ends_at(source)
        if end is not None and end > now:
            about = f"account.{source.account_id}" if source.account_id else f"source.{source.pk}"
            params = {"source": source.name, "ends_at": end.isoformat()}
            with transaction.atomic():
                _tell(source, "ending", f"{about}.{end:%Y%m%d}", params, now)


def _tell(source: Source, what: str, key: str, params: dict[str, Any], now: datetime) -> None:
    notify(
        members(source.brand, roles=[Role.LEAD, Role.ADMINISTRATOR]),
        key=f"monitoring.{what}.{key}",
        kind=f"monitoring.{what}",
        params=params,
        url=reverse("monitoring:source", args=[source.pk]),
        brand=source.brand,
        now=now,
    )


def try_out(
    kind: str, config: dict[str, Any], *, account: ConnectedAccount | None = None, now: datetime
) -> Tried:
    """Read once, as such a source would, without keeping anything. Outside any transaction."""
    network = kinds.all_kinds()[kind]
    try:
        connection = connections.of(account) if account else Connection({})
    except Unsealable:
        return Tried(error=trying.SEALED, unauthorized=True)
    return trying.source(network, connection, config, now=now)
