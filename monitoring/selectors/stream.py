"""The stream of mentions: filtered, newest or farthest-reaching first, page by page by keyset.

Each brand is read along its index (brand, published_at, id), so that a page costs the same however
many mentions there are; no OFFSET, no count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import User
from monitoring.enums import CrisisType, Sentiment
from monitoring.models import Detection, Mention, MentionCount

PAGE = 50
NEWEST, REACH = "newest", "reach"
_MEANT = "coalesce(nullif(corrected_sentiment, ''), sentiment)"
_COLUMNS = (
    "id, brand_id, network, author, title, text, url, lang, published_at, reach,"
    f" {_MEANT} AS meant, corrected_sentiment <> '' AS corrected, crisis_type"
)
_ORDERS = {NEWEST: "published_at DESC, id DESC", REACH: "reach DESC, id DESC"}
# The brands' own newest rows first, then the newest of those: never a sort of a whole table.
_STREAM = """
SELECT found.* FROM unnest(%(brands)s::bigint[]) AS brand CROSS JOIN LATERAL (
    SELECT {columns} FROM monitoring_mention WHERE brand_id = brand {wheres}
    ORDER BY {order} LIMIT %(limit)s) AS found
ORDER BY {order} LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Post:
    """A mention as lists show it. `meant` is the sentiment, a person's correction before ours."""

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


@dataclass(frozen=True)
class Cursor:
    """Where the page before ended: the last row's time (or reach) and id."""

    value: Any
    id: int


@dataclass(frozen=True)
class Filters:
    """What of the stream is wanted; empty means all. `until` is exclusive."""

    brands: Sequence[int] = ()
    networks: Sequence[str] = ()
    sentiments: Sequence[str] = ()
    crisis_types: Sequence[str] = ()
    languages: Sequence[str] = ()
    words: str = ""
    reach: int = 0
    since: datetime | None = None
    until: datetime | None = None
    order: str = NEWEST


@dataclass(frozen=True)
class Page:
    """`older` is the cursor of the page after this one, None on the last."""

    posts: list[Post]
    older: Cursor | None


@dataclass
class _Query:
    wheres: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, where: str, **values: Any) -> None:
        self.wheres.append(where)
        self.values.update(values)


def stream(user: User, filters: Filters, after: Cursor | None = None) -> Page:
    """Return a page of the mentions that `user` may see and the filters want. One query."""
    query = _filtered(filters)
    if after and filters.order == REACH:
        query.add("(reach, id) < (%(at)s, %(id)s)", at=after.value, id=after.id)
    elif after:
        # The first half repeats the second for the planner: it leaves out months.
        query.add("published_at <= %(at)s", at=after.value)
        query.add("(published_at, id) < (%(at)s, %(id)s)", id=after.id)
    posts = _read(_brands(user, filters), query, filters.order, PAGE + 1)
    return Page(posts[:PAGE], _cursor(posts[PAGE - 1], filters) if len(posts) > PAGE else None)


def newer(user: User, filters: Filters, than: int, limit: int = 100) -> list[Post]:
    """Return what came in after the mention `than`, newest first: what waits behind the pill."""
    query = _filtered(filters)
    query.add(
        "(published_at, id) >"
        " (SELECT published_at, id FROM monitoring_mention WHERE id = %(than)s)",
        than=than,
    )
    return _read(_brands(user, filters), query, NEWEST, limit)


def top_posts(brand_id: int, *, since: datetime, until: datetime, limit: int = 5) -> list[Post]:
    """Return the brand's farthest-reaching mentions from `since` to before `until`."""
    query = _filtered(Filters(since=since, until=until))
    return _read([brand_id], query, REACH, limit)


def whole(user: User, posts: Sequence[Post]) -> list[Mention]:
    """Return the mentions behind a page's posts with every field, in its order. One query."""
    if not posts:
        return []
    times = [post.published_at for post in posts]
    # The bounds spare the months in which none of them lies.
    found = Mention.objects.visible_to(user).filter(
        pk__in=[post.id for post in posts], published_at__range=(min(times), max(times))
    )
    by_id = {mention.pk: mention for mention in found}
    return [by_id[post.id] for post in posts if post.id in by_id]


def samples(detection: Detection) -> list[Post]:
    """Return the posts that show a detection best, the most telling first; those that are left."""
    wanted = [int(each["id"]) for each in detection.samples]
    if not wanted:
        return []
    times = [datetime.fromisoformat(each["published_at"]) for each in detection.samples]
    query = _Query()
    query.add("id = ANY(%(ids)s)", ids=wanted)
    # For the planner: only the months that they are in.
    query.add("published_at BETWEEN %(first)s AND %(last)s", first=min(times), last=max(times))
    posts = _read([detection.brand_id], query, NEWEST, len(wanted))
    return sorted(posts, key=lambda post: wanted.index(post.id))


def get_mention(user: User, pk: int) -> Mention:
    """Return the mention; Mention.DoesNotExist alike for a missing and an invisible one."""
    mention: Mention = Mention.objects.visible_to(user).get(pk=pk)
    return mention


def networks(brand_ids: Iterable[int], *, since: datetime) -> list[str]:
    """Return the networks on which these brands were spoken of since then."""
    rows = MentionCount.objects.filter(brand__in=brand_ids, minute__gte=since)
    return list(rows.order_by("network").values_list("network", flat=True).distinct())


def _brands(user: User, filters: Filters) -> list[int]:
    return [pk for pk in user.roles if not filters.brands or pk in filters.brands]


def _cursor(post: Post, filters: Filters) -> Cursor:
    return Cursor(post.reach if filters.order == REACH else post.published_at, post.id)


def _filtered(filters: Filters) -> _Query:
    query = _Query()
    _among(query, "network", filters.networks)
    _among(query, "crisis_type", [t for t in filters.crisis_types if t in CrisisType.values])
    _among(query, "lang", filters.languages)
    if filters.sentiments:
        known = [kind for kind in filters.sentiments if kind in Sentiment.values]
        query.add(f"{_MEANT} = ANY(%(meant)s)", meant=known)
    if filters.reach:
        query.add("reach >= %(reach)s", reach=filters.reach)
    if filters.since:
        query.add("published_at >= %(since)s", since=filters.since)
    if filters.until:
        query.add("published_at < %(until)s", until=filters.until)
    for number, word in enumerate(filters.words.split()[:8]):
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        name = f"word{number}"
        query.add(f"(text ILIKE %({name})s OR title ILIKE %({name})s)", **{name: pattern})
    return query


def _among(query: _Query, column: str, wanted: Sequence[str]) -> None:
    if wanted:
        query.add(f"{column} = ANY(%({column})s)", **{column: list(wanted)})


def _read(brands: list[int], query: _Query, order: str, limit: int) -> list[Post]:
    # Columns and orders are our own words; every value goes as a parameter.
    wheres = "".join(f" AND {where}" for where in query.wheres)
    sql = _STREAM.format(columns=_COLUMNS, wheres=wheres, order=_ORDERS[order])
    with connection.cursor() as cursor:
        cursor.execute(sql, {**query.values, "brands": brands, "limit": limit})
        return [Post(*row) for row in cursor.fetchall()]
