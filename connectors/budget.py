"""How many calls a credential has left, shared by every process that calls with it.

A network tells with its answers (Batch.quota). Reading takes a call before it makes it, and leaves
RESERVE of what there is alone: an approved response must not wait because we listened too much.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from .base import Quota

RESERVE = 0.2
# Where a network does not say when its count begins anew.
WINDOW = timedelta(minutes=15)
_TAKE = """
WITH known AS (
    SELECT key, "left", "limit", wait_until, coalesce(resets_at, told_at + %(window)s) AS resets,
        ceil("limit" * %(reserve)s) AS least
    FROM connectors_budget WHERE key = %(key)s FOR UPDATE
), taken AS (
    UPDATE connectors_budget AS b SET
        "left" = CASE WHEN resets <= %(now)s THEN b."limit" ELSE b."left" END - 1,
        resets_at = CASE WHEN resets > %(now)s THEN b.resets_at END,
        told_at = CASE WHEN resets > %(now)s THEN b.told_at ELSE %(now)s END
    FROM known WHERE b.key = known.key AND coalesce(known.wait_until, '-infinity') <= %(now)s
        AND (known."limit" = 0 OR resets <= %(now)s OR known."left" > least)
    RETURNING b.key
)
SELECT EXISTS (SELECT FROM taken),
    greatest(wait_until,
        CASE WHEN "limit" > 0 AND "left" <= least AND resets > %(now)s THEN resets END)
FROM known
"""
_LEARN = """
INSERT INTO connectors_budget AS b (key, "left", "limit", resets_at, told_at)
VALUES (%(key)s, %(left)s, greatest(%(limit)s, %(left)s), %(resets_at)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET
    -- Answers of one window come in any order; the least that was said is the latest.
    "left" = CASE WHEN {same} THEN least(b."left", excluded."left") ELSE excluded."left" END,
    "limit" = CASE WHEN %(limit)s > 0 THEN %(limit)s
        WHEN {same} THEN greatest(b."limit", excluded."limit") ELSE excluded."limit" END,
    resets_at = excluded.resets_at, told_at = excluded.told_at
""".format(
    same="(b.resets_at > excluded.told_at"
    " AND abs(extract(epoch FROM b.resets_at - excluded.resets_at)) < 5)"
)
_HOLD = """
INSERT INTO connectors_budget AS b (key, "left", "limit", wait_until, told_at)
VALUES (%(key)s, 0, 0, %(until)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET wait_until = greatest(b.wait_until, excluded.wait_until)
"""


def key(network: str, account_id: int | None) -> str:
    """Name the credential: the account's, or our own address where a network knows no account."""
    return f"account:{account_id}" if account_id else f"network:{network}"


def take(name: str, *, now: datetime) -> timedelta | None:
    """Take one call for reading; None where it may be made, else how long to stay away.

    Nothing is counted of a credential of which no network has said anything yet.
    """
    values: dict[str, Any] = {"key": name, "now": now, "reserve": RESERVE, "window": WINDOW}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        found = cursor.fetchone()
    if found is None or found[0]:
        return None
    until: datetime = found[1]
    return max(until - now, timedelta(seconds=1))


def learn(name: str, quota: Quota, *, now: datetime) -> None:
    """Keep what the network said is left."""
    _run(
        _LEARN,
        key=name,
        left=max(quota.left, 0),
        limit=max(quota.limit, 0),
        resets_at=quota.resets_at,
        now=now,
    )


def hold(name: str, *, seconds: float, now: datetime) -> None:
    """Have nobody read with it for so long: the network asked for that (Retry-After)."""
    _run(_HOLD, key=name, until=now + timedelta(seconds=seconds), now=now)


def _run(statement: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
