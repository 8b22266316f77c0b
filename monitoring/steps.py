"""Counts by steps of five minutes: read for judging, written for charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from .detection import Verdict
from .models import Step

STEP = timedelta(minutes=5)
SECONDS = 300
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COUNTS = """
SELECT date_bin('5 minutes', minute, 'epoch') AS starts_at, sum(total)::int, sum(negative)::int,
    sum(positive)::int, sum(reach)::bigint
FROM monitoring_mentioncount
WHERE brand_id = %s AND minute >= %s AND minute < %s GROUP BY 1
"""
_RULE_COUNTS = """
SELECT starts_at, total, negative, positive, reach FROM monitoring_rulecount
WHERE rule_id = %s AND starts_at >= %s AND starts_at < %s
"""
_TOTALS = """
SELECT array_agg(total ORDER BY starts_at), max(starts_at) FROM monitoring_step
WHERE brand_id = %s AND starts_at >= %s AND starts_at < %s
"""
_FIRST_OF_RULE = "SELECT min(starts_at) FROM monitoring_rulecount WHERE rule_id = %s"
_FIRST = "SELECT min(minute) FROM monitoring_mentioncount WHERE brand_id = %s AND minute >= %s"
# Written when a step is over and again when late mentions change it; else left untouched.
_WRITE = """
INSERT INTO monitoring_step AS s (brand_id, starts_at, total, negative, positive, reach,
    expected_low, expected_high, score)
SELECT %s, * FROM unnest(%s::timestamptz[], %s::int[], %s::int[], %s::int[], %s::bigint[],
    %s::float8[], %s::float8[], %s::float8[])
ON CONFLICT (brand_id, starts_at) DO UPDATE SET total = excluded.total,
    negative = excluded.negative, positive = excluded.positive, reach = excluded.reach,
    expected_low = excluded.expected_low, expected_high = excluded.expected_high,
    score = excluded.score
WHERE (s.total, s.negative, s.positive, s.reach, s.expected_high, s.score) IS DISTINCT FROM
    (excluded.total, excluded.negative, excluded.positive, excluded.reach, excluded.expected_high,
    excluded.score)
"""
_RECOUNT = """
WITH counted AS (
    SELECT date_bin('5 minutes', minute, 'epoch') AS starts_at, sum(total) AS total,
        sum(negative) AS negative, sum(positive) AS positive, sum(reach) AS reach
    FROM monitoring_mentioncount
    WHERE brand_id = %(brand)s AND minute >= %(since)s AND minute < %(until)s GROUP BY 1
), changed AS (
    SELECT s.id, c.*, c.total - s.total AS late FROM counted AS c
    JOIN monitoring_step AS s ON s.brand_id = %(brand)s AND s.starts_at = c.starts_at
    WHERE s.total <> c.total
)
UPDATE monitoring_step AS s SET total = c.total, negative = c.negative, positive = c.positive,
    reach = c.reach
FROM changed AS c WHERE s.id = c.id RETURNING c.late::int
"""


@dataclass(frozen=True, slots=True)
class Count:
    """What was said of a brand in the five minutes from `starts_at`."""

    starts_at: datetime
    total: int = 0
    negative: int = 0
    positive: int = 0
    reach: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A count and what it is worth."""

    count: Count
    verdict: Verdict

    @property
    def above(self) -> bool:
        """Whether it is more than the band holds."""
        return self.count.total > self.verdict.expected_high


def floor(moment: datetime) -> datetime:
    """The beginning of the step that `moment` is in."""
    return moment - (moment - _EPOCH) % STEP


def counts(
    brand_id: int, *, since: datetime, until: datetime, rule_id: int | None = None
) -> list[Count]:
    """A count for every step from `since` to before `until`; silence is a count of zero.

    With `rule_id` only of what that rule counts.
    """
    query, subject = (_COUNTS, brand_id) if rule_id is None else (_RULE_COUNTS, rule_id)
    with connection.cursor() as cursor:
        cursor.execute(query, [subject, since, until])
        found = {row[0]: Count(*row) for row in cursor.fetchall()}
    steps = -(-(until - since) // STEP)
    starts = (since + STEP * number for number in range(steps))
    return [found.get(start) or Count(start) for start in starts]


def closed(brand_id: int, *, since: datetime, until: datetime) -> list[Count]:
    """The same from the steps that were closed and stored: a tenth of the cost, for long spans."""
    rows = Step.objects.filter(brand=brand_id, starts_at__gte=since, starts_at__lt=until)
    columns = ("starts_at", "total", "negative", "positive", "reach")
    return [Count(*row) for row in rows.order_by("starts_at").values_list(*columns)]


def totals(
    brand_id: int, *, since: datetime, until: datetime
) -> tuple[list[float], datetime | None]:
    """The totals alone of the closed steps, and the beginning of the last of them: a forecast looks
    at weeks, and needs nothing else of them."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, [brand_id, since, until])
        found, last = cursor.fetchone()
    return list(map(float, found or [])), last


def first(brand_id: int, *, since: datetime) -> datetime | None:
    """The beginning of the first step from `since` in which anything was said."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, [brand_id, since])
        (minute,) = cursor.fetchone()
    return floor(minute) if minute else None


def first_of_rule(rule_id: int) -> datetime | None:
    """The first step in which the rule counted anything."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_OF_RULE, [rule_id])
        (starts_at,) = cursor.fetchone()
    return starts_at  # type: ignore[no-any-return]


def write(brand_id: int, judged: Sequence[Judged]) -> None:
    """Store finished steps for the charts; what stands there already is left untouched."""
    if not judged:
        return
    each = [step.count for step in judged]
    columns: list[list[Any]] = [
        [count.starts_at for count in each],
        [count.total for count in each],
        [count.negative for count in each],
        [count.positive for count in each],
        [count.reach for count in each],
        [step.verdict.expected_low for step in judged],
        [step.verdict.expected_high for step in judged],
        [step.verdict.score for step in judged],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [brand_id, *columns])


def recount(brand_id: int, *, since: datetime, until: datetime) -> int:
    """Bring stored steps up to date with late mentions; return how many mentions came late."""
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, {"brand": brand_id, "since": since, "until": until})
        return sum(late for (late,) in cursor.fetchall())
