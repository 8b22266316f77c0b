"""What a query would have found among the brand's mentions of the last 30 days.

The first answer reads at most some two thousand mentions, whatever there are: all of them, or a
sample spread evenly over all that was said, from which the whole is estimated with its interval.
Counting all goes on from there, newest first, a bounded part at a time; who asks comes again with
where it got to, so that nothing runs on when nobody waits for it any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import sqrt
from statistics import variance
from typing import Any

from django.db import connection

from monitoring.models import Source
from monitoring.queries import fields
from monitoring.queries.matcher import Columns, Matcher
from monitoring.queries.tree import Node
from monitoring.queries.words import joined
from monitoring.visible import STANDING

from .filters import SUSPICIOUS

DAYS = 30
SHOWN = 20
# The first answer reads this many, or SLICES times EACH of more.
AT_ONCE = 2_000
SLICES, EACH = 200, 10
# Mentions of one further step of counting all.
STEP = 10_000
_COLUMNS = (
    "id, published_at, title, text, author, lang, source_id, network, url, reach, stars,"
    " coalesce(nullif(corrected_sentiment, ''), sentiment), emotion, crisis_type, blame, question,"
    " suspicion, parent_id <> '', about"
)
_NEWEST = """
SELECT {columns} FROM monitoring_mention AS m
WHERE brand_id = %(brand)s AND published_at >= %(since)s AND published_at <= %(at)s
    AND (published_at, id) < (%(at)s, %(id)s) AND {standing}
ORDER BY published_at DESC, id DESC LIMIT %(limit)s
"""
_SLICED = """
SELECT number, found.* FROM unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
    WITH ORDINALITY AS slice(begins, ends, number)
CROSS JOIN LATERAL (SELECT {columns} FROM monitoring_mention AS m
    WHERE brand_id = %(brand)s AND published_at >= begins AND published_at < ends
        AND {standing}
    ORDER BY published_at DESC, id DESC LIMIT %(limit)s) AS found
"""
_HOURS = """
SELECT date_trunc('hour', minute, 'UTC'), sum(total)::bigint FROM monitoring_mentioncount
WHERE brand_id = %s AND minute >= %s AND minute <= %s GROUP BY 1 ORDER BY 1
"""
_LAST_ID = 2**63 - 1
# Normal quantile of 95 %.
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Example:
    """A mention that the query finds."""

    id: int
    published_at: datetime
    title: str
    text: str
    author: str
    lang: str
    network: str


@dataclass(frozen=True)
class Answer:
    """What was found so far.

    Of `looked` mentions `found` answer; of all in the 30 days about `estimate` do, between `low`
    and `high` with 95 % confidence. `total` is about how many there are; exact where `is_exact`.
    """

    found: int
    looked: int
    estimate: int
    low: int
    high: int
    total: int
    is_exact: bool
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Counting:
    """How far counting all has got: `at` and `id` of the last mention looked at."""

    found: int = 0
    looked: int = 0
    at: datetime | None = None
    id: int = _LAST_ID
    is_done: bool = False


def first_answer(brand_id: int, tree: Node, *, now: datetime) -> Answer:
    """Return what the query would have found, at once: exact if few mentions, else estimated."""
    matcher, hours = Matcher([(0, tree)]), _hours(brand_id, now)
    # The counts know of no competitors and topics, so few of them may still be many mentions.
    if sum(count for _hour, count in hours) <= AT_ONCE:
        rows = _newest(brand_id, Counting(at=now), now=now, limit=AT_ONCE + 1)
        if len(rows) <= AT_ONCE:
            hits = _hits(matcher, rows, brand_id)
            count = len(hits)
            return Answer(count, len(rows), count, count, count, len(rows), True, _examples(hits))
    return _estimated(brand_id, matcher, hours, now=now)


def count_on(brand_id: int, tree: Node, so_far: Counting, *, now: datetime) -> Counting:
    """Look at the next STEP mentions and return how far it got."""
    rows = _newest(brand_id, so_far, now=now, limit=STEP)
    hits = _hits(Matcher([(0, tree)]), rows, brand_id)
    last = rows[-1] if rows else None
    return Counting(
        so_far.found + len(hits),
        so_far.looked + len(rows),
        last[1] if last else so_far.at,
        last[0] if last else so_far.id,
        len(rows) < STEP,
    )


def _hours(brand_id: int, now: datetime) -> list[tuple[datetime, int]]:
    """Return how much was said in each hour of the 30 days in which anything was."""
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, [brand_id, now - timedelta(days=DAYS), now])
        return [(hour, int(count)) for hour, count in cursor.fetchall()]


def _estimated(
    brand_id: int, matcher: Matcher, hours: Sequence[tuple[datetime, int]], *, now: datetime
) -> Answer:
    slices, sizes = _slices(hours, now)
    values = {
        "brand": brand_id,
        "begins": [begins for begins, _ends in slices],
        "ends": [ends for _begins, ends in slices],
        "limit": EACH,
    }
    rows = _read(_SLICED, values)
    hits = {id(row) for row in _hits(matcher, [row[1:] for row in rows], brand_id, rows)}
    matched = [row[1:] for row in rows if id(row) in hits]
    strata = _strata(rows, hits, sizes)
    total = sum(size for size, _looked, _found in strata)
    estimate, error = _estimate(strata)
    return Answer(
        found=len(matched),
        looked=len(rows),
        estimate=round(estimate),
        low=max(len(matched), round(estimate - error)),
        high=min(round(total), round(estimate + error)),
        total=round(total),
        is_exact=False,
        examples=_examples(matched),
    )


def _slices(
    hours: Sequence[tuple[datetime, int]], now: datetime
) -> tuple[list[tuple[datetime, datetime]], list[float]]:
    """Cut the 30 days so that about as much was said in each part; return how much that was."""
    begin, hour = now - timedelta(days=DAYS), timedelta(hours=1)
    edges, counts = [begin], [0.0]
    total = max(1, sum(count for _hour, count in hours))
    for (starts_at, count), reached in zip(hours, accumulate(c for _h, c in hours), strict=True):
        # An hour of a storm is cut in several: as if its mentions came evenly.
        parts = max(1, round(SLICES * count / total))
        for part in range(1, parts + 1):
            edges.append(min(now, max(begin, starts_at + hour * part / parts)))
            counts.append(reached - count * (parts - part) / parts)
    return _merged(edges, counts, now)


def _merged(
    edges: Sequence[datetime], counts: Sequence[float], now: datetime
) -> tuple[list[tuple[datetime, datetime]], list[float]]:
    """Put neighbours together until there are about SLICES parts with as much in each."""
    slices: list[tuple[datetime, datetime]] = []
    sizes: list[float] = []
    least = counts[-1] / SLICES
    begin, before = edges[0], counts[0]
    for edge, count in zip(edges[1:], counts[1:], strict=True):
        if count - before >= least and edge > begin:
            slices.append((begin, edge))
            sizes.append(count - before)
            begin, before = edge, count
    # What came this very moment is in the last part, too.
    slices.append((begin, now + timedelta(microseconds=1)))
    sizes.append(counts[-1] - before)
    return slices, sizes


def _strata(
    rows: Sequence[tuple[Any, ...]], hits: set[int], sizes: Sequence[float]
) -> list[tuple[float, int, int]]:
    """Return (how many there are, looked at, found) of each slice."""
    looked, found, ours = ([0] * len(sizes) for _ in range(3))
    for row in rows:
        slice_ = row[0] - 1
        looked[slice_] += 1
        found[slice_] += id(row) in hits
        ours[slice_] += row[-1] == "brand"
    # The counts know only what is about the brand; the sample tells what else there is.
    share = max(sum(ours) / max(1, sum(looked)), 0.01)
    return [
        (float(count) if count < EACH else max(size / share, count), count, hit)
        for size, count, hit in zip(sizes, looked, found, strict=True)
    ]


def _estimate(strata: Sequence[tuple[float, int, int]]) -> tuple[float, float]:
    """Return how many answer in all, and how far that may be off either way (95 %).

    Mentions that follow each other are alike, so that ten of them may tell less than ten others:
    the error is the larger of that of single mentions and that of whole slices.
    """
    seen = [(size, looked, found / looked) for size, looked, found in strata if looked]
    total = sum(size for size, _looked, _share in seen)
    looked = sum(count for _size, count, _share in seen)
    if not looked:
        return 0.0, 0.0
    estimate = sum(size * share for size, _looked, share in seen)
    # As if two more had answered and two had not: none found is not the same as none there.
    share = (sum(found for _size, _looked, found in strata) + 2) / (looked + 4)
    single = share * (1 - share) / looked
    whole = variance([share for _size, _looked, share in seen]) / len(seen) if seen[1:] else 0.0
    unseen = max(0.0, 1 - looked / total)
    return estimate, _Z * total * sqrt(unseen * max(single, whole))


def _newest(brand_id: int, so_far: Counting, *, now: datetime, limit: int) -> list[tuple[Any, ...]]:
    values = {
        "brand": brand_id,
        "since": now - timedelta(days=DAYS),
        "at": so_far.at or now,
        "id": so_far.id,
        "limit": limit,
    }
    return _read(_NEWEST, values)


def _read(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(columns=_COLUMNS, standing=STANDING.format("m")), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _hits(
    matcher: Matcher,
    rows: Sequence[tuple[Any, ...]],
    brand_id: int,
    instead: Sequence[tuple[Any, ...]] | None = None,
) -> list[tuple[Any, ...]]:
    """Return the rows that answer; or what stands in their places in `instead`."""
    texts = [joined(row[2], row[3]) for row in rows]
    numbers = matcher.match(texts, _columns(rows, brand_id)).get(0, [])
    return [(instead or rows)[number] for number in numbers]


def _columns(rows: Sequence[tuple[Any, ...]], brand_id: int) -> Columns:
    def read(name: str) -> Sequence[Any]:
        if name == "source":
            names = dict(Source.objects.filter(brand_id=brand_id).values_list("pk", "name"))
            return [names.get(row[6], "") for row in rows]
        if name == "lang":
            return [fields.language(row[5]) for row in rows]
        if name == "suspicious":
            return [row[16] >= SUSPICIOUS for row in rows]
        if name == "review":
            return [row[10] is not None for row in rows]
        return [row[_PLACES[name]] for row in rows]

    return read


_PLACES = {
    "author": 4, "network": 7, "url": 8, "reach": 9, "stars": 10, "sentiment": 11, "emotion": 12,
    "type": 13, "blame": 14, "question": 15, "reply": 17,
}  # fmt: skip


def _examples(rows: Sequence[tuple[Any, ...]]) -> tuple[Example, ...]:
    newest = sorted(rows, key=lambda row: (row[1], row[0]), reverse=True)[:SHOWN]
    return tuple(Example(*row[:6], network=row[7]) for row in newest)  # type: ignore[misc]
