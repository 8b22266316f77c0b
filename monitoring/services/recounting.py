"""The per-minute counts follow the label: moved within the transaction that changes it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from monitoring.enums import About, Sentiment
from monitoring.models import Mention

# One order for everybody who takes several counts at once: that of monitoring.counting.
_LOCK = """
SELECT 1 FROM monitoring_mentioncount WHERE brand_id = %(brand)s
    AND (minute, network, crisis_type) IN (SELECT * FROM unnest(%(minutes)s::timestamptz[],
        %(networks)s::text[], %(types)s::text[]))
ORDER BY minute, network, crisis_type FOR UPDATE
"""
_SHAPE = """
(SELECT * FROM unnest(%(minutes)s::timestamptz[], %(networks)s::text[], %(types)s::text[],
    %(totals)s::bigint[], %(negatives)s::bigint[], %(positives)s::bigint[], %(reaches)s::bigint[])
AS d (minute, network, crisis_type, total, negative, positive, reach))
"""
_LESS = f"""
UPDATE monitoring_mentioncount AS c SET total = greatest(0, c.total + d.total),
    negative = greatest(0, c.negative + d.negative),
    positive = greatest(0, c.positive + d.positive), reach = greatest(0, c.reach + d.reach)
FROM {_SHAPE} AS d WHERE c.brand_id = %(brand)s AND c.minute = d.minute
    AND c.network = d.network AND c.crisis_type = d.crisis_type
"""  # noqa: S608 - constants only
# A kind of crisis that nobody had seen in that minute has no row yet.
_MORE = f"""
INSERT INTO monitoring_mentioncount
    (brand_id, minute, network, crisis_type, total, negative, positive, reach)
SELECT %(brand)s, d.minute, d.network, d.crisis_type, 0, 0, 0, 0 FROM {_SHAPE} AS d
ON CONFLICT (brand_id, minute, network, crisis_type) DO NOTHING
"""  # noqa: S608 - constants only
# The hours of the queries that were answered, whatever they are about.
_QUERIES = """
UPDATE monitoring_querycount AS c SET negative = greatest(0, c.negative + d.negative),
    positive = greatest(0, c.positive + d.positive)
FROM (SELECT * FROM unnest(%s::int[], %s::timestamptz[], %s::int[], %s::int[])
    AS d (query_id, hour, negative, positive)) AS d
WHERE c.query_id = d.query_id AND c.hour = d.hour
"""
_LOCK_QUERIES = """
SELECT 1 FROM monitoring_querycount
WHERE (query_id, hour) IN (SELECT * FROM unnest(%s::int[], %s::timestamptz[]))
ORDER BY query_id, hour FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How a mention is counted: when, where, as what. `counts` is false for what is not ours."""

    at: datetime
    network: str
    crisis_type: str
    sentiment: str
    reach: int
    counts: bool
    queries: tuple[int, ...] = ()

    @classmethod
    def of(cls, row: Mention) -> "Counted":
        sentiment = row.corrected_sentiment or row.sentiment
        ours = row.about == About.BRAND and row.gone_at is None
        return cls(
            row.published_at,
            row.network,
            row.crisis_type,
            sentiment,
            row.reach,
            ours,
            tuple(row.queries),
        )

    @property
    def key(self) -> tuple[datetime, str, str]:
        return (self.at.replace(second=0, microsecond=0), self.network, self.crisis_type)

    @property
    def figures(self) -> tuple[int, int, int, int]:
        negative = int(self.sentiment == Sentiment.NEGATIVE)
        positive = int(self.sentiment == Sentiment.POSITIVE)
        return (1, negative, positive, self.reach)


def move(brand_id: int, changes: Iterable[tuple[Counted, Counted]]) -> None:
    """Count mentions as the second of each pair instead of as the first. In a transaction."""
    pairs = list(changes)
    difference: dict[tuple[datetime, str, str], list[int]] = {}
    for before, after in pairs:
        _add(difference, before, -1)
        _add(difference, after, 1)
    changed = {key: figures for key, figures in sorted(difference.items()) if any(figures)}
    if changed:
        _write(brand_id, list(changed), list(changed.values()))
    _move_queries(pairs)


def _move_queries(changes: Sequence[tuple[Counted, Counted]]) -> None:
    difference: dict[tuple[int, datetime], list[int]] = {}
    for before, after in changes:
        bad, good = (after.figures[at] - before.figures[at] for at in (1, 2))
        hour = before.at.replace(minute=0, second=0, microsecond=0)
        for query in before.queries if bad or good else ():
            sums = difference.setdefault((query, hour), [0, 0])
            sums[0] += bad
            sums[1] += good
    if difference:
        keys = sorted(difference)
        named: list[Any] = [[query for query, _hour in keys], [hour for _query, hour in keys]]
        figures = [[difference[key][place] for key in keys] for place in (0, 1)]
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_QUERIES, named)
            cursor.execute(_QUERIES, [*named, *figures])


def _add(
    difference: dict[tuple[datetime, str, str], list[int]], counted: Counted, sign: int
) -> None:
    if counted.counts:
        sums = difference.setdefault(counted.key, [0, 0, 0, 0])
        for place, figure in enumerate(counted.figures):
            sums[place] += sign * figure


def _write(
    brand_id: int, keys: Sequence[tuple[datetime, str, str]], figures: Sequence[list[int]]
) -> None:
    minutes, networks, types = (list(column) for column in zip(*keys, strict=True))
    totals, negatives, positives, reaches = (list(c) for c in zip(*figures, strict=True))
    parameters: dict[str, Any] = {
        "brand": brand_id,
        "minutes": minutes,
        "networks": networks,
        "types": types,
        "totals": totals,
        "negatives": negatives,
        "positives": positives,
        "reaches": reaches,
    }
    with connection.cursor() as cursor:
        for statement in (_MORE, _LOCK, _LESS):
            cursor.execute(statement, parameters)
