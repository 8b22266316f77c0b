"""How each brand is doing: what the overview draws. A fixed number of queries for all brands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max

from monitoring.models import Source

from .volume import STEP

# Means per five minutes of each slice of the range, so that long ranges read like short ones.
_SLICES = """
SELECT brand_id, floor(extract(epoch FROM starts_at - %(since)s) / %(width)s)::int AS slice,
    avg(total), avg(expected_low), avg(expected_high), sum(total), sum(negative), sum(positive)
FROM monitoring_step
WHERE brand_id = ANY(%(brands)s::bigint[]) AND starts_at >= %(since)s AND starts_at < %(until)s
GROUP BY 1, 2
"""
_NOW = """
SELECT brand, coalesce(sum(total), 0)::int, coalesce(sum(negative), 0)::int,
    coalesce(sum(positive), 0)::int
FROM unnest(%(brands)s::bigint[]) AS brand
LEFT JOIN monitoring_mentioncount ON brand_id = brand AND minute > %(after)s AND minute <= %(now)s
GROUP BY 1
"""
_BANDS = """
SELECT brand, band.* FROM unnest(%(brands)s::bigint[]) AS brand CROSS JOIN LATERAL (
    SELECT starts_at, expected_low, expected_high FROM monitoring_step
    WHERE brand_id = brand AND starts_at <= %(now)s ORDER BY starts_at DESC LIMIT 1) AS band
"""


@dataclass(slots=True)
class Pulse:
    """One brand over a range. `actual` has None where nothing was judged, the band 0 there.

    `now` is the last five minutes; `expected` the middle of the newest band, None without one.
    `late_source` names a source that does not deliver.
    """

    actual: list[float | None]
    low: list[float]
    high: list[float]
    now: int = 0
    expected: float | None = None
    expected_high: float | None = None
    total: int = 0
    negative: int = 0
    positive: int = 0
    sources: int = 0
    late_sources: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """How many times the most that is expected; None where nothing is expected yet."""
        return None if self.expected_high is None else self.now / max(self.expected_high, 1.0)

    @property
    def above(self) -> bool:
        return self.expected_high is not None and self.now > self.expected_high

    @property
    def negative_share(self) -> float:
        return self.negative / self.total if self.total else 0.0

    @property
    def stale(self) -> bool:
        """Whether no source of the brand delivers: its figures are then old, not calm."""
        return bool(self.sources) and len(self.late_sources) == self.sources


def pulses(
    brand_ids: Sequence[int], *, now: datetime, span: timedelta, slices: int
) -> dict[int, Pulse]:
    """Return the pulse of each brand over the last `span`, cut into `slices`. Four queries."""
    found = {brand: Pulse([None] * slices, [0.0] * slices, [0.0] * slices) for brand in brand_ids}
    values = {
        "brands": list(brand_ids),
        "since": now - span,
        "until": now,
        "width": span.total_seconds() / slices,
        "now": now,
        "after": now - STEP,
    }
    with connection.cursor() as cursor:
        for brand, place, actual, low, high, *sums in _rows(cursor, _SLICES, values):
            _put(found[brand], min(place, slices - 1), (actual, low, high), sums)
        for brand, _at, low, high in _rows(cursor, _BANDS, values):
            found[brand].expected, found[brand].expected_high = (low + high) / 2, high
        for brand, total, negative, positive in _rows(cursor, _NOW, values):
            _put_now(found[brand], total, negative, positive)
    _put_sources(found, now)
    return found


def _rows(cursor: Any, query: str, values: dict[str, Any]) -> list[tuple]:
    cursor.execute(query, values)
    rows: list[tuple] = cursor.fetchall()
    return rows


def _put(pulse: Pulse, place: int, means: tuple, sums: list) -> None:
    pulse.actual[place] = float(means[0])
    pulse.low[place], pulse.high[place] = means[1], means[2]
    pulse.total += int(sums[0])
    pulse.negative += int(sums[1])
    pulse.positive += int(sums[2])


def _put_now(pulse: Pulse, total: int, negative: int, positive: int) -> None:
    """Let the line end at what is happening now, in the newest band."""
    pulse.now = total
    if pulse.expected is None or not pulse.expected_high:
        return
    pulse.actual[-1] = float(total)
    if pulse.high[-1] == 0:
        pulse.high[-1] = pulse.expected_high
        pulse.low[-1] = max(0.0, 2 * pulse.expected - pulse.expected_high)
    if not pulse.total:
        pulse.total, pulse.negative, pulse.positive = total, negative, positive


def _put_sources(found: dict[int, Pulse], now: datetime) -> None:
    """A source is late when it fails, or when its poll is ten minutes overdue."""
    overdue = now - timedelta(minutes=10)
    rows = Source.objects.filter(brand__in=found, is_active=True)
    fields = rows.values_list("brand_id", "name", "failures", "next_poll_at")
    for brand, name, failures, next_poll_at in fields:
        found[brand].sources += 1
        if failures or (next_poll_at is not None and next_poll_at < overdue):
            found[brand].late_sources.append(name)


def latest_at(brand_ids: Sequence[int]) -> datetime | None:
    """When the last mention of these brands came in, by what their sources noted."""
    latest: datetime | None = Source.objects.filter(brand__in=brand_ids).aggregate(
        at=Max("mention_at")
    )["at"]
    return latest
