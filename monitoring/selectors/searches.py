"""Saved searches and what is unread in each, from sources that cost little.

What only asks for brand, network, crisis type or negative and positive is summed from the counts.
Anything else is looked for among the newest mentions, which has a bound; beyond it the number is
"at least so many".
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import User
from monitoring.enums import Sentiment
from monitoring.models_triage import SavedSearch, SearchLook
from monitoring.visible import STANDING

from .filters import Filters, conditions
from .stream import TooSlow, giving_up

# The most that is counted by looking, and the mentions of a brand that are looked through for it.
MOST, LOOKED_THROUGH = 99, 2_000
# Nobody reads what is older than this for being unread.
OLDEST = timedelta(days=7)
RECENT = timedelta(minutes=10)
_COUNTED = """
SELECT {place} AS place, coalesce(sum({column}), 0)::bigint AS found, false AS more
FROM monitoring_mentioncount AS c
WHERE c.brand_id = ANY(%(brands)s::bigint[]) AND c.minute >= %(since)s {wheres}
"""
_LOOKED_FOR = """
SELECT {place} AS place, count(*) FILTER (WHERE wanted)::bigint AS found,
    coalesce(max(place) >= %(through)s, false) AS more
FROM unnest(%(brands)s::bigint[]) AS brand CROSS JOIN LATERAL (
    SELECT (true {wheres}) AS wanted, row_number() OVER () AS place FROM (
        SELECT * FROM monitoring_mention WHERE brand_id = brand AND published_at >= %(since)s
        ORDER BY published_at DESC, id DESC LIMIT %(through)s) AS m) AS looked
"""
_STANDING = " AND " + STANDING.format("m")
_NAME = re.compile(r"%\((\w+)\)s")
_SUMMED: dict[tuple[str, ...], str] = {
    (): "c.total",
    (Sentiment.NEGATIVE.value,): "c.negative",
    (Sentiment.POSITIVE.value,): "c.positive",
    (Sentiment.NEUTRAL.value,): "(c.total - c.negative - c.positive)",
}


@dataclass(frozen=True)
class Unread:
    """`more` says that there may be more than `count`."""

    count: int
    more: bool


def searches(user: User) -> list[SavedSearch]:
    """Return the person's own searches and those shared with their brands, by name."""
    return list(SavedSearch.objects.visible_to(user).select_related("brand", "owner"))


def get_search(user: User, pk: int) -> SavedSearch:
    """Return the search; SavedSearch.DoesNotExist alike for a missing and an invisible one."""
    found: SavedSearch = SavedSearch.objects.visible_to(user).get(pk=pk)
    return found


def unread(
    user: User,
    found: Sequence[SavedSearch],
    read: Callable[[SavedSearch], Filters],
    *,
    now: datetime,
) -> dict[int, Unread]:
    """Return what came in to each search since the person last looked at it. Two queries.

    `read` gives a search's filters. Nothing is returned for any where it takes too long.
    """
    looks = SearchLook.objects.filter(user=user, search__in=found)
    looked = dict(looks.values_list("search_id", "looked_at"))
    parts: list[str] = []
    values: dict[str, Any] = {}
    for search in found:
        since = max(looked.get(search.pk, search.created_at), now - OLDEST)
        filters = replace(read(search), since=since, fold=False)
        # Counts are by the minute: what was said in the minute of the look is not in them.
        counted = _countable(filters) and since < now - RECENT
        part = _counted if counted else _looked_for
        sql, given = part(user, search.pk, filters)
        parts.append(_NAME.sub(rf"%(\g<1>_{search.pk})s", sql))
        values |= {f"{name}_{search.pk}": value for name, value in given.items()}
    if not parts:
        return {}
    try:
        with giving_up(), connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            rows = cursor.fetchall()
    except TooSlow:
        return {}
    return {place: Unread(min(count, MOST), more or count > MOST) for place, count, more in rows}


def _base(user: User, filters: Filters) -> dict[str, Any]:
    brands = [pk for pk in user.roles if not filters.brands or pk in filters.brands]
    return {"brands": brands, "since": filters.since}


def _counted(user: User, place: int, filters: Filters) -> tuple[str, dict[str, Any]]:
    values, wheres = _base(user, filters), ""
    for name, wanted in (("network", filters.networks), ("crisis_type", filters.crisis_types)):
        if wanted:
            wheres += f" AND c.{name} = ANY(%({name})s)"
            values[name] = list(wanted)
    column = _SUMMED[tuple(filters.sentiments)]
    return _COUNTED.format(place=place, column=column, wheres=wheres), values


def _looked_for(user: User, place: int, filters: Filters) -> tuple[str, dict[str, Any]]:
    query = conditions(replace(filters, states=(), since=None))
    _states(query, filters)
    values = {**_base(user, filters), **query.values, "through": LOOKED_THROUGH}
    return _LOOKED_FOR.format(place=place, wheres=_STANDING + query.sql), values


def _states(query: Any, filters: Filters) -> None:
    """Among the newest mentions the state is looked up for each, whichever is wanted."""
    if filters.states:
        query.add(
            "coalesce((SELECT s.state FROM monitoring_mentionstate AS s"
            " WHERE s.mention_id = m.id), 'new') = ANY(%(states)s)",
            states=list(filters.states),
        )


def _countable(filters: Filters) -> bool:
    if tuple(filters.sentiments) not in _SUMMED:
        return False
    rest = replace(
        filters, brands=(), networks=(), crisis_types=(), sentiments=(), since=None, fold=True
    )
    return rest == Filters(order=filters.order)
