"""Queries of a brand and how often each was answered. Read from counts, never from mentions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet

from accounts.models import Brand, User
from monitoring.models import Query

# The days are the brand's own.
_BY_DAY = """
SELECT query_id, (hour AT TIME ZONE %(zone)s)::date AS day, sum(total)::bigint,
    sum(negative)::bigint, sum(positive)::bigint, sum(reach)::bigint
FROM monitoring_querycount
WHERE query_id = ANY(%(queries)s::bigint[]) AND hour >= %(since)s AND hour < %(until)s
GROUP BY 1, 2
"""
_BRAND_BY_DAY = """
SELECT 0, (minute AT TIME ZONE %(zone)s)::date AS day, sum(total)::bigint, sum(negative)::bigint,
    sum(positive)::bigint, sum(reach)::bigint
FROM monitoring_mentioncount
WHERE brand_id = %(brand)s AND minute >= %(since)s AND minute < %(until)s
GROUP BY 2
"""


@dataclass(frozen=True)
class Days:
    """The calendar days of a period, the last of them today and not over yet."""

    days: tuple[date, ...]
    since: datetime
    until: datetime
    zone: str

    @classmethod
    def last(cls, count: int, *, zone: str, now: datetime) -> "Days":
        today = now.astimezone(ZoneInfo(zone)).date()
        days = tuple(today - timedelta(days=count - 1 - number) for number in range(count))
        midnight = datetime(days[0].year, days[0].month, days[0].day, tzinfo=ZoneInfo(zone))
        return cls(days, midnight, now, zone)


@dataclass(frozen=True)
class Series:
    """Mentions per day, oldest first, and what they sum up to."""

    totals: tuple[int, ...]
    negative: int = 0
    positive: int = 0
    reach: int = 0

    @property
    def total(self) -> int:
        return sum(self.totals)

    @property
    def negative_share(self) -> float:
        return self.negative / self.total if self.total else 0.0


def queries(user: User, brand: Brand) -> QuerySet[Query]:
    """The brand's queries by name, where `user` may see the brand."""
    found: QuerySet[Query] = Query.objects.visible_to(user).filter(brand=brand).order_by("name")
    return found


def get_query(user: User, slug: str, pk: int) -> Query:
    """Return the query; Query.DoesNotExist alike for a missing and an invisible one."""
    found: Query = (
        Query.objects.visible_to(user).select_related("brand").get(pk=pk, brand__slug=slug)
    )
    return found


def by_day(query_ids: Iterable[int], period: Days) -> dict[int, Series]:
    """Return the series of each query. One query."""
    ids = list(query_ids)
    values = {"queries": ids, "since": period.since, "until": period.until, "zone": period.zone}
    return _series(_BY_DAY, values, ids, period) if ids else {}


def brand_by_day(brand_id: int, period: Days) -> Series:
    """Return the series of what was said about the brand itself. One query."""
    values = {"brand": brand_id, "since": period.since, "until": period.until, "zone": period.zone}
    return _series(_BRAND_BY_DAY, values, [0], period)[0]


def _series(
    sql: str, values: dict[str, Any], ids: Sequence[int], period: Days
) -> dict[int, Series]:
    counted: dict[int, dict[date, tuple[int, ...]]] = {pk: {} for pk in ids}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for pk, day, *figures in cursor.fetchall():
            counted[pk][day] = tuple(int(figure) for figure in figures)
    none = (0, 0, 0, 0)
    return {
        pk: Series(
            tuple(days.get(day, none)[0] for day in period.days),
            *(sum(figures[at] for figures in days.values()) for at in (1, 2, 3)),
        )
        for pk, days in counted.items()
    }
