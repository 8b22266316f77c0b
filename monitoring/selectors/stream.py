"""The stream of mentions: filtered, newest or farthest-reaching first, page by page by keyset.

Each brand is read along its index (brand, published_at, id), so that a page costs the same however
many mentions there are; no OFFSET, no count. Mentions that people have handled are few: asked for
by their state, they are read along the index of the states instead.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from accounts.models import User
from core.errors import Refused
from monitoring.models import Detection, Mention, MentionCount
from monitoring.visible import STANDING, emptied, standing

from .filters import MEANT, NEWEST, REACH, Conditions, Cursor, Filters, conditions

PAGE = 50
# Rows among which near-duplicates are folded into one; read whether or not any are.
READ = 200
# Seconds for what no index finds. Then the reader is told to ask for less; a worker has longer.
PATIENCE, WORKERS_PATIENCE = 5, 60
_COLUMNS = (
    "m.id, m.brand_id, m.network, m.author, m.title, m.text, m.url, m.lang, m.published_at,"
    f" m.reach, {MEANT} AS meant, m.corrected_sentiment <> '' AS corrected, m.crisis_type,"
    " m.emotion, m.blame, m.question, m.suspicion, m.stars, m.fingerprint"
)
_NAMES = (
    "id, brand_id, network, author, title, text, url, lang, published_at, reach, meant, corrected,"
    " crisis_type, emotion, blame, question, suspicion, stars, fingerprint"
)
_ORDERS = {NEWEST: "published_at DESC, id DESC", REACH: "reach DESC, id DESC"}
_INNER = {NEWEST: "m.published_at DESC, m.id DESC", REACH: "m.reach DESC, m.id DESC"}
_KEYS = {NEWEST: "published_at", REACH: "reach"}
_ALL = "monitoring_mention AS m WHERE m.brand_id = brand AND " + STANDING.format("m")
# The same two columns once more, so that the index of the states gives the order.
_HANDLED = (
    "monitoring_mentionstate AS h JOIN monitoring_mention AS m"
    " ON m.id = h.mention_id AND m.published_at = h.published_at WHERE h.brand_id = brand"
    " AND h.state = ANY(%(states)s) AND " + STANDING.format("m")
)
_INNER_HANDLED = {NEWEST: "h.published_at DESC, h.mention_id DESC", REACH: _INNER[REACH]}
# The brands' own newest rows first, then the newest of those: never a sort of a whole table.
_FOUND = """
SELECT found.* FROM unnest(%(brands)s::bigint[]) AS brand CROSS JOIN LATERAL (
    SELECT {columns} FROM {table} {wheres} ORDER BY {inner} LIMIT %(read)s) AS found
ORDER BY {order} LIMIT %(read)s
"""
# Of those that share a fingerprint the first one stands for all; `last` is where reading ended.
_FOLDED = """
SELECT {columns}, alike, CASE rank WHEN 1 THEN read END AS read,
    CASE rank WHEN 1 THEN last_value END AS last_value, CASE rank WHEN 1 THEN last_id END AS last_id
FROM (
    SELECT found.*, row_number() OVER same AS place, count(*) OVER (PARTITION BY brand_id,
            CASE fingerprint WHEN 0 THEN id ELSE fingerprint END, fingerprint = 0) AS alike,
        row_number() OVER whole AS rank, count(*) OVER () AS read,
        last_value({key}) OVER whole AS last_value, last_value(id) OVER whole AS last_id
    FROM ({found}) AS found
    WINDOW same AS (PARTITION BY brand_id, CASE fingerprint WHEN 0 THEN id ELSE fingerprint END,
            fingerprint = 0 ORDER BY {order}),
        whole AS (ORDER BY {order} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
) AS folded WHERE place = 1 ORDER BY {order} LIMIT %(limit)s
"""
_SINGLE = """
SELECT found.*, 1 AS alike, NULL AS read, NULL AS last_value, NULL AS last_id
FROM ({found}) AS found
"""
_PAGE = """
SELECT page.*, s.state, s.version, s.kind, s.assignee_id, person.name
FROM ({page}) AS page LEFT JOIN monitoring_mentionstate AS s ON s.mention_id = page.id
LEFT JOIN accounts_user AS person ON person.id = s.assignee_id
ORDER BY {order}
"""


_SUMMED = """
SELECT brand_id, count(*), sum(reach) FROM (
    SELECT m.brand_id, m.reach FROM {table} AND m.brand_id = ANY(%(brands)s::bigint[]) {wheres}
    LIMIT %(most)s) AS found
GROUP BY brand_id
"""


class TooSlow(Refused):
    """What was asked for would have taken too long to find."""


@dataclass(frozen=True, slots=True)
class Post:
    """A mention as lists show it. `meant` is the sentiment, a person's correction before ours.

    `alike` counts it and those folded into it. `read`, `last_value` and `last_id` tell of the first
    post of a page how far was read. The last five are what people have done about it, None where
    nothing.
    """

    id: int
    brand_id: int
    network: str
    author: str
    title: str
    text: str
    url: str
    lang: str
    published_at: datetime
    reach: int
    meant: str
    corrected: bool
    crisis_type: str
    emotion: str
    blame: str
    question: bool
    suspicion: float
    stars: float | None
    fingerprint: int
    alike: int
    read: int | None
    last_value: Any
    last_id: int | None
    state: str | None
    version: int | None
    kind: str | None
    assignee_id: int | None
    assignee: str | None


@dataclass(frozen=True)
class Page:
    """`older` is the cursor of the page after this one, None on the last."""

    posts: list[Post]
    older: Cursor | None


def stream(
    user: User,
    filters: Filters,
    after: Cursor | None = None,
    *,
    size: int = PAGE,
    patience: int | None = None,
) -> Page:
    """Return a page of the mentions that `user` may see and the filters want. One query.

    Raises TooSlow where filters that no index serves find too little in `patience` seconds.
    """
    query = conditions(filters)
    if after:
        _continue(query, filters, after)
    with _patience(filters, patience):
        posts = read(_brands(user, filters), query, filters, size + 1)
    return Page(posts[:size], _older(posts, filters, size))


def _continue(query: Conditions, filters: Filters, after: Cursor) -> None:
    if filters.order == REACH:
        query.add("(m.reach, m.id) < (%(at)s, %(id)s)", at=after.value, id=after.id)
        return
    # The first half repeats the second for the planner: it leaves out months.
    query.add("m.published_at <= %(at)s", at=after.value)
    query.add("(m.published_at, m.id) < (%(at)s, %(id)s)", id=after.id)
    if filters.handled:
        query.add("(h.published_at, h.mention_id) < (%(at)s, %(id)s)")


def _older(posts: list[Post], filters: Filters, size: int) -> Cursor | None:
    if len(posts) > size:
        last = posts[size - 1]
        return Cursor(last.reach if filters.order == REACH else last.published_at, last.id)
    if posts and (posts[0].read or 0) >= READ:
        # So much was folded that the page is not full: there is more behind what was read.
        return Cursor(posts[0].last_value, posts[0].last_id or 0)
    return None


def newer(user: User, filters: Filters, than: int, limit: int = 100) -> list[Post]:
    """Return what came in after the mention `than`, newest first: what waits behind the pill."""
    query = conditions(filters)
    query.add(
        "(m.published_at, m.id) >"
        " (SELECT published_at, id FROM monitoring_mention WHERE id = %(than)s)",
        than=than,
    )
    wanted = replace(filters, order=NEWEST, fold=False)
    with _patience(filters):
        return read(_brands(user, filters), query, wanted, limit)


@dataclass(frozen=True)
class Summary:
    """How many mentions a filter finds, by brand, and how far they reach. `more` says that the
    count ended at its bound."""

    brands: dict[int, int]
    reach: int
    more: bool

    @property
    def total(self) -> int:
        return sum(self.brands.values())


def summary(user: User, filters: Filters, *, most: int) -> Summary:
    """Count what the filters want, up to `most`. One query; TooSlow as `stream`."""
    query = conditions(filters)
    table = (_HANDLED if filters.handled else _ALL).replace("_id = brand", "_id = m.brand_id")
    sql = _SUMMED.format(table=table, wheres=query.sql)
    values = {**query.values, "brands": _brands(user, filters), "most": most + 1}
    with giving_up(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    brands = {brand: count for brand, count, _reach in rows}
    more = sum(brands.values()) > most
    return Summary(brands, int(sum(reach for *_rest, reach in rows)), more)


def whole(user: User, posts: Sequence[Post]) -> list[Mention]:
    """Return the mentions behind a page's posts with every field, in its order. One query."""
    if not posts:
        return []
    times = [post.published_at for post in posts]
    # The bounds spare the months in which none of them lies.
    found = standing(Mention.objects.visible_to(user)).filter(
        pk__in=[post.id for post in posts], published_at__range=(min(times), max(times))
    )
    by_id = {mention.pk: mention for mention in found}
    return [by_id[post.id] for post in posts if post.id in by_id]


def shown(mentions: Sequence[Mention]) -> list[Post]:
    """Return these mentions, which the caller was allowed to see, as lists show them."""
    if not mentions:
        return []
    query = Conditions()
    query.add("m.id = ANY(%(ids)s)", ids=[mention.pk for mention in mentions])
    times = [mention.published_at for mention in mentions]
    query.add("m.published_at BETWEEN %(first)s AND %(last)s", first=min(times), last=max(times))
    brands = sorted({mention.brand_id for mention in mentions})
    return read(brands, query, Filters(fold=False), len(mentions))


def samples(detection: Detection) -> list[Post]:
    """Return the posts that show a detection best, the most telling first; those that are left."""
    return list(kept_posts([detection.brand_id], detection.samples).values())


def kept_posts(brands: Iterable[int], kept: Sequence[dict[str, Any]]) -> dict[int, Post]:
    """Return posts by id, in the order in which other rows keep them ({"id", "published_at"}).

    Those that were taken away are left out. One query.
    """
    wanted = [int(each["id"]) for each in kept]
    if not wanted:
        return {}
    times = [datetime.fromisoformat(each["published_at"]) for each in kept]
    query = Conditions()
    query.add("m.id = ANY(%(ids)s)", ids=wanted)
    # For the planner: only the months that they are in.
    query.add("m.published_at BETWEEN %(first)s AND %(last)s", first=min(times), last=max(times))
    posts = read(list(brands), query, Filters(fold=False), len(wanted))
    places = {pk: place for place, pk in reversed(list(enumerate(wanted)))}
    return {post.id: post for post in sorted(posts, key=lambda post: places[post.id])}


def get_mention(user: User, pk: int) -> Mention:
    """Return the mention; Mention.DoesNotExist alike for a missing and an invisible one.

    One that was taken away, or whose author has left, comes without words and with `gone_at`.
    """
    mention: Mention = emptied(Mention.objects.visible_to(user).get(pk=pk))
    return mention


def networks(brand_ids: Iterable[int], *, since: datetime) -> list[str]:
    """Return the networks on which these brands were spoken of since then."""
    rows = MentionCount.objects.filter(brand__in=brand_ids, minute__gte=since)
    return list(rows.order_by("network").values_list("network", flat=True).distinct())


def _brands(user: User, filters: Filters) -> list[int]:
    return [pk for pk in user.roles if not filters.brands or pk in filters.brands]


@contextmanager
def _patience(filters: Filters, seconds: int | None = None) -> Iterator[None]:
    """Give up what takes too long; nothing is set up for what an index finds."""
    if filters.plain:
        yield
        return
    with giving_up(PATIENCE if seconds is None else seconds):
        yield


@contextmanager
def giving_up(seconds: int = PATIENCE) -> Iterator[None]:
    """End what takes longer than this with TooSlow. The queries within are one transaction."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise TooSlow(
            _("Nothing was found in %(seconds)d seconds. Choose a shorter period.")
            % {"seconds": seconds}
        ) from error


def read(brands: list[int], query: Conditions, filters: Filters, limit: int) -> list[Post]:
    """Return the posts of these brands that the conditions want, in the filters' order."""
    sql = _sql(query, filters)
    read = max(READ, limit) if filters.fold else limit
    values = {**query.values, "brands": brands, "read": read, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Post(*row) for row in cursor.fetchall()]


def _sql(query: Conditions, filters: Filters) -> str:
    order, handled = _ORDERS[filters.order], filters.handled
    found = _FOUND.format(
        columns=_COLUMNS,
        table=_HANDLED if handled else _ALL,
        wheres=query.sql,
        inner=(_INNER_HANDLED if handled else _INNER)[filters.order],
        order=order,
    )
    page = _FOLDED if filters.fold else _SINGLE
    folded = page.format(columns=_NAMES, found=found, order=order, key=_KEYS[filters.order])
    return _PAGE.format(page=folded, order=order)
