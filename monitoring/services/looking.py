"""Asks networks that do not tell of deletions what became of the mentions that people have seen."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from connectors import budget, connections
from connectors.base import Batch, Connection, ReadError, Unauthorized
from core.crypto import Unsealable
from monitoring import ingest, kinds
from monitoring.changes import Changes
from monitoring.models import ShownMention, Source

from . import polling
from .showing import KEPT

logger = logging.getLogger(__name__)

# How often each is asked after, and how soon again where the network did not answer.
EVERY = timedelta(days=1)
AGAIN = timedelta(hours=1)
# Asked after in one call of a connector, and in one run of the task.
BATCH = 100
ROUNDS = 20
_CLAIM = """
UPDATE monitoring_shownmention AS s SET asked_at = %(now)s
FROM (
    SELECT mention_id FROM monitoring_shownmention
    WHERE source_id = %(source)s AND asked_at <= %(before)s AND shown_at > %(since)s
    ORDER BY asked_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS due
WHERE s.mention_id = due.mention_id
RETURNING s.mention_id, s.published_at
"""
_IDS = """
SELECT m.external_id FROM unnest(%s::bigint[], %s::timestamptz[]) AS asked (id, published_at)
JOIN monitoring_mention AS m ON m.id = asked.id AND m.published_at = asked.published_at
WHERE m.gone_at IS NULL
"""


def due(*, now: datetime) -> list[int]:
    """Return the sources that have mentions to be asked after."""
    shown = ShownMention.objects.filter(asked_at__lte=now - EVERY, shown_at__gt=now - KEPT)
    read = Source.objects.filter(Q(account=None) | Q(account__is_active=True))
    read = read.filter(is_active=True, stopped_at=None, kind__in=kinds.looked_up())
    return list(read.filter(pk__in=shown.values("source_id")).values_list("pk", flat=True))


def look_up(source_id: int, *, now: datetime) -> int:
    """Ask after what is due of a source, within what is left to us; return how many were gone."""
    source = Source.objects.select_related("account", "brand").filter(pk=source_id).first()
    network = kinds.find(source.kind) if source else None
    if source is None or network is None or network.looker is None:
        return 0
    gone = 0
    slow = network.looked_up_a_minute
    for _round in range(1 if slow else ROUNDS):
        if budget.take(polling.credential(source), now=now) is not None:
            break
        claimed = _claim(source, now, limit=slow or BATCH)
        if not claimed:
            break
        try:
            gone += _take(source, _asked(source, claimed, now), now)
        except (ReadError, Unsealable) as error:
            _put_back(claimed, now)
            _failed(source, error, now)
            break
    return gone


def forget(*, now: datetime) -> int:
    """Forget what was shown long ago; return how many."""
    deleted, _by_model = ShownMention.objects.filter(shown_at__lte=now - KEPT).delete()
    return deleted


@transaction.atomic
def _claim(source: Source, now: datetime, *, limit: int) -> list[tuple[int, datetime]]:
    values: dict[str, Any] = {
        "source": source.pk,
        "now": now,
        "before": now - EVERY,
        "since": now - KEPT,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        claimed: list[tuple[int, datetime]] = cursor.fetchall()
    return claimed


def _asked(source: Source, claimed: list[tuple[int, datetime]], now: datetime) -> Batch:
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [[pk for pk, _at in claimed], [at for _pk, at in claimed]])
        ids = [external_id for (external_id,) in cursor.fetchall()]
    network = kinds.find(source.kind)
    if not ids or network is None or network.looker is None:
        return Batch([], {})
    reach = connections.of(source.account) if source.account else Connection({})
    return network.looker(reach, source.config).look_up(ids, now=now)


def _take(source: Source, batch: Batch, now: datetime) -> int:
    """Apply what was said, without touching how far the source was read."""
    if batch.quota:
        budget.learn(polling.credential(source), batch.quota, now=now)
    # Only what is known already: a look-up finds nothing new.
    edits = [post for post in batch.posts if post.edited_at is not None]
    if edits or batch.gone or batch.authors_gone or batch.authors_back:
        ingest.accept(source, edits, now=now, news=Changes.of(batch))
    return len(batch.gone)


def _put_back(claimed: list[tuple[int, datetime]], now: datetime) -> None:
    rows = ShownMention.objects.filter(mention_id__in=[pk for pk, _at in claimed])
    rows.update(asked_at=now - EVERY + AGAIN)


def _failed(source: Source, error: Exception, now: datetime) -> None:
    if isinstance(error, Unauthorized):
        polling.record_failure(source, error, now=now)
        return
    logger.info("What was shown of source %d could not be looked up: %s", source.pk, error)
    wait = getattr(error, "retry_after", None)
    if wait:
        budget.hold(polling.credential(source), seconds=wait, now=now)
