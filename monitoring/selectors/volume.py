"""Counts of mentions over time: what charts and shares are drawn from. No mention is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, Sum

from monitoring.models import MentionCount

STEP = timedelta(minutes=5)
HOUR = timedelta(hours=1)
# Closed steps carry their band. What came after the last closed one is counted from the minutes.
_VOLUME = """
WITH closed AS (
    SELECT brand_id, starts_at, total, negative, positive, reach, expected_low, expected_high
    FROM monitoring_step
    WHERE brand_id = ANY(%(brands)s::bigint[]) AND starts_at >= %(since)s AND starts_at < %(until)s
), ends AS (
    SELECT brand, coalesce((SELECT max(starts_at) + interval '5 minutes' FROM closed
        WHERE brand_id = brand), %(since)s) AS at
    FROM unnest(%(brands)s::bigint[]) AS brand
), running AS (
    SELECT brand_id, date_bin('5 minutes', minute, 'epoch') AS starts_at, sum(total) AS total,
        sum(negative) AS negative, sum(positive) AS positive, sum(reach) AS reach,
        NULL::float AS expected_low, NULL::float AS expected_high
    FROM monitoring_mentioncount JOIN ends ON brand = brand_id
    WHERE minute >= at AND minute < %(until)s GROUP BY 1, 2
)
SELECT * FROM closed UNION ALL SELECT * FROM running ORDER BY brand_id, starts_at
"""


@dataclass(frozen=True, slots=True)
class Point:
    """Five minutes of a brand. The band is None while the step is not closed yet."""

    brand_id: int
    at: datetime
    total: int
    negative: int
    positive: int
    reach: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Shares:
    """Mentions by sentiment; `negative_share` is 0 to 1."""

    total: int
    negative: int
    positive: int

    @property
    def neutral(self) -> int:
        return self.total - self.negative - self.positive

    @property
    def negative_share(self) -> float:
        return self.negative / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class NetworkShare:
    network: str
    total: int


def volume(brand_ids: Iterable[int], *, since: datetime, until: datetime) -> list[Point]:
    """Return a point for each five minutes that has one, by brand and time. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_VOLUME, {"brands": list(brand_ids), "since": since, "until": until})
        return [
            Point(row[0], row[1], int(row[2]), int(row[3]), int(row[4]), int(row[5]), *row[6:])
            for row in cursor.fetchall()
        ]


@dataclass(frozen=True, slots=True)
class Lately:
    """How what was said in the last hour and in its last five minutes was meant, and on which
    networks, the loudest first."""

    hour: Shares
    last: Shares
    networks: list[NetworkShare]


def lately(brand_id: int, *, until: datetime) -> Lately:
    """What was said in the hour before `until`. One query."""
    rows = MentionCount.objects.filter(
        brand=brand_id, minute__gte=until - HOUR, minute__lt=until
    ).values("network")
    newest = Q(minute__gte=until - STEP)
    sums = {f"hour_{name}": Sum(name) for name in _SUMMED}
    sums |= {f"last_{name}": Sum(name, filter=newest) for name in _SUMMED}
    summed: Any = rows.annotate(**sums)
    found = list(summed.order_by("-hour_total", "network"))
    return Lately(
        _shares(found, "hour"),
        _shares(found, "last"),
        [NetworkShare(row["network"], row["hour_total"]) for row in found],
    )


_SUMMED = ("total", "negative", "positive")


def _shares(rows: list[dict[str, Any]], span: str) -> Shares:
    return Shares(*(sum(row[f"{span}_{name}"] or 0 for row in rows) for name in _SUMMED))
