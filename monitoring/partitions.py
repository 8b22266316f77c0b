"""The months of the mentions' table: made on demand, outside the statements that write.

Each month is a partition, so that old months leave by DROP. Months are made within a bound, so
that hostile dates cannot fill the catalogue; older posts go to `monitoring_mention_other`.
"""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

# What a dated archive may reach back to; a catalogue of 240 partitions still plans in milliseconds.
YEARS_BACK = 20
# Only ours: held while a month is made, so that two processes do not make it at once.
_LOCK = 4_201_011
# A long query must not make ingest wait behind it: without its month a post goes to "other".
_PATIENCE = "2s"
_ATTACHED = """
SELECT EXISTS (SELECT FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = 'monitoring_mention'::regclass AND relname = %s)
"""
_MOVE = """
WITH moved AS (DELETE FROM monitoring_mention_other
    WHERE published_at >= %s AND published_at < %s RETURNING *)
INSERT INTO {} SELECT * FROM moved
"""
Month = tuple[int, int]
_known: set[Month] = set()


def ensure_months(months: Iterable[Month], *, now: datetime) -> None:
    """Make the partitions of the months (year, month) that lie within the bound.

    Months that this process has seen committed cost nothing. A month that cannot be made now is
    logged and left: its posts go to "other" and move when the month is made.
    """
    for month in sorted(set(months) - _known):
        if _within_bound(month, now):
            _ensure(month)


def ensure_ahead(*, now: datetime) -> int:
    """Make this month and the next, so that ingest never has to. Return the number of months."""
    this = (now.year, now.month)
    ensure_months([this, after(this)], now=now)
    return 2


def forget() -> None:
    """Forget which months exist, after a test or an operator has dropped some."""
    _known.clear()


def table_of(month: Month) -> str:
    return f"monitoring_mention_{month[0]:04d}_{month[1]:02d}"


def _within_bound(month: Month, now: datetime) -> bool:
    return (now.year - YEARS_BACK, now.month) <= month <= after((now.year, now.month))


def after(month: Month) -> Month:
    """Return the month that follows."""
    year, number = month
    return (year + 1, 1) if number == 12 else (year, number + 1)


def _ensure(month: Month) -> None:
    try:
        with transaction.atomic():
            if not _exists(month):
                _make(month)
            # Remembered only if it is really there: the surrounding transaction may be undone.
            transaction.on_commit(lambda: _known.add(month))
    except OperationalError:
        logger.warning("The partition of %d-%02d could not be made now", *month, exc_info=True)


def _exists(month: Month) -> bool:
    # Not to_regclass: its cache may still remember that there was no such table.
    with connection.cursor() as cursor:
        cursor.execute(_ATTACHED, [table_of(month)])
        return bool(cursor.fetchone()[0])


def _make(month: Month) -> None:
    """Build the table apart and attach it: that locks out nobody who reads or writes the parent.

    `CREATE TABLE … PARTITION OF` would take the parent exclusively. Rows of this month that went
    to "other" meanwhile move along, since two partitions cannot claim one row.
    """
    table, begins, ends = table_of(month), start(month), start(after(month))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_PATIENCE])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if _exists(month):
            return
        # What would be written to "other" between the move and the attachment must wait.
        cursor.execute("LOCK TABLE monitoring_mention_other IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(
            f"CREATE TABLE {table} (LIKE monitoring_mention"
            " INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"
        )
        cursor.execute(_MOVE.format(table), [begins, ends])
        cursor.execute(
            f"ALTER TABLE monitoring_mention ATTACH PARTITION {table} FOR VALUES FROM (%s) TO (%s)",
            [begins, ends],
        )
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")


def start(month: Month) -> datetime:
    """Return the first moment of a month, which is that of its partition."""
    return datetime(month[0], month[1], 1, tzinfo=UTC)
