"""The posts that reach farthest, found without reading a storm."""

from datetime import datetime
from typing import Any

from django.db import connection

from .filters import REACH, Filters, conditions
from .stream import Post, read

# Of a window with more mentions than this, these newest ones are looked at, and the farthest of
# each five minutes, which ingest keeps: a storm of half a million is not sorted for five posts.
AMONG = 2_000
# Some of those found may have been taken away, or be of authors who left.
_SPARE = 4

_CANDIDATES = """
WITH kept AS (
    SELECT brand_id, published_at, source_id, external_id FROM monitoring_farthestpost
    WHERE brand_id = %(brand)s AND starts_at >= %(since)s - interval '5 minutes'
        AND starts_at < %(until)s
    ORDER BY reach DESC LIMIT %(limit)s
), far AS (
    SELECT m.id, m.published_at, m.reach FROM kept JOIN monitoring_mention AS m
    ON m.brand_id = kept.brand_id AND m.published_at = kept.published_at
        AND m.source_id = kept.source_id AND m.external_id = kept.external_id
    WHERE m.published_at >= %(since)s AND m.published_at < %(until)s AND m.gone_at IS NULL
), newest AS (
    SELECT id, published_at, reach FROM monitoring_mention
    WHERE brand_id = %(brand)s AND published_at >= %(since)s AND published_at < %(until)s
        AND about = 'brand' AND gone_at IS NULL
    ORDER BY published_at DESC LIMIT %(among)s
)
SELECT id, published_at FROM (SELECT * FROM far UNION SELECT * FROM newest) AS found
ORDER BY reach DESC, id DESC LIMIT %(limit)s
"""


def top_posts(
    brand_id: int, *, since: datetime, until: datetime, limit: int = 5, among: int = AMONG
) -> list[Post]:
    """Return the brand's farthest-reaching mentions from `since` to before `until`.

    Exact for up to `among` mentions; of more, the farthest of the newest `among` and of each five
    minutes' farthest that is not positive. Two queries, whose cost does not grow with the storm.
    """
    values: dict[str, Any] = {
        "brand": brand_id,
        "since": since,
        "until": until,
        "among": among,
        "limit": limit * _SPARE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, values)
        found = cursor.fetchall()
    if not found:
        return []
    wanted = Filters(since=min(at for _pk, at in found), until=until, order=REACH, fold=False)
    query = conditions(wanted)
    query.add("m.id = ANY(%(ids)s)", ids=[pk for pk, _at in found])
    return read([brand_id], query, wanted, limit)
