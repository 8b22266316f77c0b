"""What stands around a mention: its thread, its near-duplicates, what else its author said.

None of these is indexed, which would cost every mention that comes in. They are looked for among
the brand's mentions nearest in time: so many before it, so many after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from monitoring.influence import Influence, Resonance
from monitoring.models import Detection, Mention, Query
from monitoring.models_labels import Correction
from monitoring.visible import STANDING

from .stream import Post, giving_up, shown

# Mentions that are looked through on each side, and rows shown of each kind.
LOOKED_THROUGH, SHOWN = 20_000, 20
_AROUND = """
SELECT m.id, m.published_at,
    CASE WHEN m.source_id = %(source)s AND m.external_id = %(parent)s THEN 'parent'
        WHEN m.source_id = %(source)s AND m.parent_id = %(own)s THEN 'answer'
        WHEN m.fingerprint = %(fingerprint)s AND m.fingerprint <> 0 THEN 'alike'
        ELSE 'author' END AS how
FROM (
    (SELECT * FROM monitoring_mention WHERE brand_id = %(brand)s AND published_at <= %(at)s
        ORDER BY published_at DESC, id DESC LIMIT %(through)s)
    UNION ALL
    (SELECT * FROM monitoring_mention WHERE brand_id = %(brand)s AND published_at > %(at)s
        ORDER BY published_at, id LIMIT %(through)s)
) AS m
WHERE m.id <> %(id)s AND {standing} AND (
    (m.source_id = %(source)s AND m.external_id = nullif(%(parent)s, ''))
    OR (m.source_id = %(source)s AND m.parent_id = nullif(%(own)s, ''))
    OR m.fingerprint = nullif(%(fingerprint)s, 0)
    OR (m.source_id = %(source)s AND m.author_id = nullif(%(author)s, '')))
ORDER BY m.published_at DESC, m.id DESC LIMIT %(most)s
"""
# An author who says it again and again has said it once.
_RESONANCE = """
WITH after AS (
    SELECT m.id, m.source_id, m.parent_id, m.fingerprint, m.reach, m.gone_at, m.author_id,
        coalesce(nullif(m.author_id, ''), m.author) AS who
    FROM monitoring_mention AS m WHERE m.brand_id = %(brand)s AND m.published_at >= %(at)s
    ORDER BY m.published_at, m.id LIMIT %(through)s
), standing AS (SELECT m.* FROM after AS m WHERE m.id <> %(id)s AND {standing}),
repeaters AS (
    SELECT who, max(reach) AS reach FROM standing
    WHERE fingerprint = nullif(%(fingerprint)s, 0) AND who NOT IN ('', %(who)s) GROUP BY who
)
SELECT (SELECT count(*) FROM standing
        WHERE source_id = %(source)s AND parent_id = nullif(%(own)s, '')),
    count(*), coalesce(sum(reach), 0)::bigint FROM repeaters
"""


@dataclass(frozen=True)
class Around:
    """Posts by what they are to the mention. An answer of the same author is an answer."""

    parent: list[Post]
    answers: list[Post]
    alike: list[Post]
    author: list[Post]


def around(mention: Mention) -> Around:
    """Return what stands around a mention that the caller was allowed to see. Two queries.

    Raises TooSlow where even that much cannot be looked through in time.
    """
    values: dict[str, Any] = {
        "id": mention.pk,
        "brand": mention.brand_id,
        "source": mention.source_id,
        "own": mention.external_id,
        "parent": mention.parent_id,
        "author": mention.author_id,
        "fingerprint": mention.fingerprint,
        "at": mention.published_at,
        "through": LOOKED_THROUGH,
        "most": 4 * SHOWN,
    }
    with giving_up(), connection.cursor() as cursor:
        cursor.execute(_AROUND.format(standing=STANDING.format("m")), values)
        how = {pk: (at, kind) for pk, at, kind in cursor.fetchall()}
    times = [at for at, _kind in how.values()]
    found = (
        Mention.objects.filter(
            pk__in=how, brand_id=mention.brand_id, published_at__range=(min(times), max(times))
        )
        if how
        else []
    )
    posts = shown(list(found))
    kinds = {
        kind: [post for post in posts if how[post.id][1] == kind][:SHOWN]
        for kind in ("parent", "answer", "alike", "author")
    }
    return Around(kinds["parent"], kinds["answer"], kinds["alike"], kinds["author"])


def influence(mention: Mention) -> Influence:
    """Weigh a mention that the caller was allowed to see, by what followed it. One query.

    Raises TooSlow where even that much cannot be looked through in time.
    """
    values: dict[str, Any] = {
        "id": mention.pk,
        "brand": mention.brand_id,
        "source": mention.source_id,
        "own": mention.external_id,
        "who": mention.author_id or mention.author,
        "fingerprint": mention.fingerprint,
        "at": mention.published_at,
        "through": LOOKED_THROUGH,
    }
    with giving_up(), connection.cursor() as cursor:
        cursor.execute(_RESONANCE.format(standing=STANDING.format("m")), values)
        found = Resonance(*cursor.fetchone())
    return Influence(mention.reach, found)


def signals_with(mention: Mention, limit: int = 5) -> list[Detection]:
    """Return the signals that the mention is a part of: as a sample, or by its time."""
    its_time = Q(started_at__lte=mention.published_at, detected_at__gte=mention.published_at)
    sample = Q(samples__contains=[{"id": mention.pk}])
    found = Detection.objects.filter(its_time | sample, brand_id=mention.brand_id)
    return list(found.order_by("-detected_at")[:limit])


def corrections(mention: Mention) -> Sequence[Correction]:
    """Return what people have said of the mention's labels, the latest first."""
    found = Correction.objects.filter(mention_id=mention.pk, brand_id=mention.brand_id)
    return list(found.select_related("by").order_by("-at"))


def answered(mention: Mention) -> list[Query]:
    """Return the queries that the mention answered when it arrived."""
    if not mention.queries:
        return []
    found = Query.objects.filter(pk__in=mention.queries, brand_id=mention.brand_id)
    return list(found.order_by("name"))
