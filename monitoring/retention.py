"""Mentions leave when they have been kept long enough: whole months by DROP, the rest row by row.

What counts is when a mention was received: an old case that was imported yesterday stays, and so
do the days of a replay, though its simulated clock made them look received long ago. A month
whose mentions are all old enough is detached, which locks the table for an instant and gives up
rather than make others wait, and then dropped. Counts and steps stay: they name nobody.
"""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from django.conf import settings
from django.db import OperationalError, connection, transaction

from . import partitions
from .partitions import Month

logger = logging.getLogger(__name__)

# How long the instant may be waited for; until then whoever comes later waits behind us.
_PATIENCE = "200ms"
_ROWS = 5_000
# Blocks of the table of keys that one statement looks through.
_BLOCKS = 2_000
_NAME = re.compile(r"monitoring_mention_(\d{4})_(\d{2})")
_TABLES = """
SELECT relname, EXISTS (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid)
FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
    AND relname ~ '^monitoring_mention_[0-9]{4}_[0-9]{2}$'
ORDER BY relname
"""
_YOUNG = """
SELECT EXISTS (SELECT FROM {} WHERE received_at >= %s OR source_id IN (
    SELECT id FROM monitoring_source WHERE replayed_at >= %s))
"""
_OLD_ROWS = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {table} WHERE received_at < %s AND source_id NOT IN (
        SELECT id FROM monitoring_source WHERE replayed_at >= %s) LIMIT %s))
"""
_DECIDED = ("monitoring_mentionstate", "monitoring_mentionchange")
_ORPHANS = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT decided.ctid FROM {table} AS decided
    WHERE decided.published_at < %s AND decided.at < %s AND NOT EXISTS (
        SELECT FROM monitoring_mention AS m
        WHERE m.id = decided.mention_id AND m.published_at = decided.published_at) LIMIT %s))
"""
_PAGES = """
SELECT pg_relation_size('monitoring_seenmention') / current_setting('block_size')::int
"""
_KEYS = """
DELETE FROM monitoring_seenmention WHERE ctid >= %s::text::tid AND ctid < %s::text::tid
    AND published_at >= %s AND published_at < %s
"""


def expire(*, now: datetime) -> int:
    """Remove the mentions that were received before the bound; return the number of months dropped.

    Killed anywhere, it goes on with the next call. With MENTIONS_KEPT_MONTHS 0 nothing expires.
    """
    if not settings.MENTIONS_KEPT_MONTHS:
        return 0
    before = cutoff(now, settings.MENTIONS_KEPT_MONTHS)
    dropped = 0
    for month, attached in _months():
        if partitions.start(partitions.after(month)) > before:
            continue
        if attached and _has_young(month, before):
            _delete_old(partitions.table_of(month), before)
        else:
            dropped += _drop(month, attached=attached)
    _delete_old("monitoring_mention_other", before)
    for table in _DECIDED:
        _delete_orphans(table, before)
    return dropped


def cutoff(now: datetime, months: int) -> datetime:
    """Return the beginning of the month that lies `months` before this one."""
    year, number = divmod(now.year * 12 + now.month - 1 - months, 12)
    return datetime(year, number + 1, 1, tzinfo=UTC)


def _months() -> list[tuple[Month, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        found = [(_NAME.fullmatch(name), attached) for name, attached in cursor.fetchall()]
    return [((int(name[1]), int(name[2])), attached) for name, attached in found if name]


def _has_young(month: Month, before: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_YOUNG.format(partitions.table_of(month)), [before, before])
        return bool(cursor.fetchone()[0])


def _drop(month: Month, *, attached: bool) -> int:
    """The keys go first: a post that comes once more meanwhile goes with the month."""
    table = partitions.table_of(month)
    for _statement in _forget_keys(month):
        pass
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_PATIENCE])
            if attached:
                cursor.execute(f"ALTER TABLE monitoring_mention DETACH PARTITION {table}")
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {table}")
    except OperationalError:
        logger.info("The mentions of %d-%02d are in use; they are dropped later.", *month)
        return 0
    partitions.forget()
    logger.info("The mentions of %d-%02d were kept long enough and are gone.", *month)
    return 1


def _forget_keys(month: Month) -> Iterator[int]:
    """Delete the keys of a month, a stretch of the table at a time, each in its own transaction."""
    bounds = [partitions.start(month), partitions.start(partitions.after(month))]
    with connection.cursor() as cursor:
        cursor.execute(_PAGES)
        pages = cursor.fetchone()[0]
        for first in range(0, pages, _BLOCKS):
            cursor.execute(_KEYS, [f"({first},0)", f"({first + _BLOCKS},0)", *bounds])
            yield cursor.rowcount


def _delete_orphans(table: str, before: datetime) -> None:
    """What people decided about mentions, and noted, goes with them."""
    deleted = _ROWS
    with connection.cursor() as cursor:
        while deleted == _ROWS:
            cursor.execute(_ORPHANS.format(table=table), [before, before, _ROWS])
            deleted = cursor.rowcount


def _delete_old(table: str, before: datetime) -> None:
    deleted = _ROWS
    with connection.cursor() as cursor:
        while deleted == _ROWS:
            cursor.execute(_OLD_ROWS.format(table=table), [before, before, _ROWS])
            deleted = cursor.rowcount
