"""What becomes of mentions after they came in: edited, taken away, their authors gone or back.

`apply` is part of the transaction that stores a batch and its cursor. Batches may come doubled and
in any order, with the same outcome: what is gone stays gone, also if it is gone before it was seen;
of two edits the later one counts; of two words about an author the later one counts.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from connectors.base import Batch
from core import live
from core.text import clean

from . import kinds, rulebook
from .enums import About, Sentiment
from .models import HiddenAuthor, Source
from .rows import MAX_ID, Row, key_of, score

# Authors who do not come back within this have their posts emptied.
ABSENCE = timedelta(days=30)
# Ids that a frame to the open pages carries at most; more, and they fetch themselves afresh anyway.
MAX_TOLD = 100

_TOMBSTONE = """
INSERT INTO monitoring_seenmention (key, published_at)
SELECT key, NULL FROM unnest(%s::uuid[]) AS key
ON CONFLICT DO NOTHING
"""
_EMPTY = """
UPDATE monitoring_mention AS m
SET gone_at = %(now)s, text = '', title = '', author = '', author_id = '', url = '', fingerprint = 0
FROM unnest(%(keys)s::uuid[], %(ids)s::text[]) AS gone (key, external_id)
JOIN monitoring_seenmention AS seen ON seen.key = gone.key
WHERE m.brand_id = %(brand)s AND m.published_at = seen.published_at AND m.source_id = %(source)s
    AND m.external_id = gone.external_id AND m.gone_at IS NULL
RETURNING m.id
"""
_AUTHORS = """
INSERT INTO monitoring_hiddenauthor AS a (source_id, author_id, gone, at)
SELECT %s, author, %s, %s FROM unnest(%s::text[]) AS author
ON CONFLICT (source_id, author_id) DO UPDATE SET gone = excluded.gone, at = excluded.at
WHERE (excluded.at, excluded.gone) > (a.at, a.gone)
"""
_BACK = """
UPDATE monitoring_hiddenauthor SET gone = false, at = %s
WHERE source_id = %s AND author_id = ANY(%s) AND at < %s
"""
_EDITED = """
SELECT edit.key::text, m.id, m.published_at, m.network, m.crisis_type, m.sentiment,
    m.corrected_sentiment <> '', m.about
FROM unnest(%(keys)s::uuid[], %(ids)s::text[], %(times)s::timestamptz[])
    AS edit (key, external_id, edited_at)
JOIN monitoring_seenmention AS seen ON seen.key = edit.key
JOIN monitoring_mention AS m ON m.brand_id = %(brand)s AND m.published_at = seen.published_at
    AND m.source_id = %(source)s AND m.external_id = edit.external_id
WHERE m.gone_at IS NULL AND (m.edited_at IS NULL OR m.edited_at < edit.edited_at)
ORDER BY m.id FOR UPDATE OF m
"""
_REWRITE = """
UPDATE monitoring_mention AS m SET
    text = e.text, title = e.title, author = e.author, url = e.url, lang = e.lang,
    stars = e.stars, edited_at = e.edited_at, queries = e.queries, tier = 1,
    lang_confidence = e.lang_confidence, sentiment = e.sentiment,
    sentiment_score = e.sentiment_score, confidence = e.confidence, crisis_type = e.crisis_type,
    crisis_confidence = e.crisis_confidence, emotion = e.emotion,
    emotion_confidence = e.emotion_confidence, blame = e.blame,
    blame_confidence = e.blame_confidence, question = e.question, suspicion = e.suspicion,
    fingerprint = e.fingerprint
FROM jsonb_to_recordset(%s) AS e (id bigint, published_at timestamptz, text text, title text,
    author text, url text, lang text, stars float, edited_at timestamptz, queries int[],
    lang_confidence float, sentiment text, sentiment_score float, confidence float,
    crisis_type text, crisis_confidence float, emotion text, emotion_confidence float, blame text,
    blame_confidence float, question bool, suspicion float, fingerprint bigint)
WHERE m.id = e.id AND m.published_at = e.published_at
"""
_MARKS = (
    "lang_confidence", "sentiment", "sentiment_score", "confidence", "crisis_type",
    "crisis_confidence", "emotion", "emotion_confidence", "blame", "blame_confidence", "question",
    "suspicion", "fingerprint",
)  # fmt: skip
_LESS = """
UPDATE monitoring_mentioncount SET total = greatest(0, total + %(total)s),
    negative = greatest(0, negative + %(negative)s), positive = greatest(0, positive + %(positive)s)
WHERE brand_id = %(brand)s AND minute = date_trunc('minute', %(at)s::timestamptz)
    AND network = %(network)s AND crisis_type = %(crisis_type)s
"""
_MORE = """
INSERT INTO monitoring_mentioncount AS c
    (brand_id, minute, network, crisis_type, total, negative, positive, reach)
VALUES (%(brand)s, date_trunc('minute', %(at)s::timestamptz), %(network)s, %(crisis_type)s,
    %(total)s, %(negative)s, %(positive)s, 0)
ON CONFLICT (brand_id, minute, network, crisis_type) DO UPDATE SET
    total = c.total + excluded.total, negative = c.negative + excluded.negative,
    positive = c.positive + excluded.positive
"""
_LEFT_FOR_GOOD = """
UPDATE monitoring_mention AS m
SET gone_at = %(now)s, text = '', title = '', author = '', author_id = '', url = '', fingerprint = 0
FROM monitoring_hiddenauthor AS a
WHERE a.gone AND a.at < %(before)s AND m.source_id = a.source_id AND m.author_id = a.author_id
    AND m.gone_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch says of posts that came before it; see connectors.base.Batch."""

    gone: Sequence[str] = ()
    authors_gone: Sequence[str] = ()
    authors_back: Sequence[str] = ()
    authors_at: datetime | None = None

    @classmethod
    def of(cls, batch: Batch) -> "Changes":
        return cls(batch.gone, batch.authors_gone, batch.authors_back, batch.authors_at)


NO_CHANGES = Changes()


@dataclass(slots=True)
class _Moved:
    """By how much the counts change, by time, network and crisis type."""

    by: dict[tuple[datetime, str, str], Counter[str]] = field(default_factory=dict)

    def add(self, at: datetime, network: str, crisis_type: str, sentiment: str, sign: int) -> None:
        count = self.by.setdefault((at, network, crisis_type), Counter())
        count["total"] += sign
        count[sentiment] += sign


def apply(source: Source, changes: Changes, edits: Sequence[Row], *, now: datetime) -> None:
    """Apply what a batch changes. Expects the transaction in which its posts were written."""
    if changes.gone:
        _take_away(source, changes.gone, now)
    if changes.authors_gone or changes.authors_back:
        _note_authors(source, changes, now)
    if edits:
        _edit(source, edits)


def _take_away(source: Source, external_ids: Sequence[str], now: datetime) -> None:
    by_key = sorted((key_of(source.pk, each), each) for each in set(external_ids) if each)
    keys = [str(UUID(bytes=key)) for key, _id in by_key]
    values: dict[str, Any] = {
        "keys": keys,
        "ids": [stored_id(each) for _key, each in by_key],
        "brand": source.brand_id,
        "source": source.pk,
        "now": now,
    }
    with connection.cursor() as cursor:
        if not _in_order(source):
            cursor.execute(_TOMBSTONE, [keys])
        cursor.execute(_EMPTY, values)
        gone = [pk for (pk,) in cursor.fetchall()]
    if gone:
        live.publish(f"brand.{source.brand_id}", "gone", {"ids": gone[:MAX_TOLD]})


def _in_order(source: Source) -> bool:
    """Whether nothing needs to be remembered of what was never seen; see Network.in_order."""
    network = kinds.find(source.kind)
    return network is not None and network.in_order


def stored_id(external_id: str) -> str:
    """Return an external id as it is stored with the mention."""
    return clean(external_id)[:MAX_ID]


def _note_authors(source: Source, changes: Changes, now: datetime) -> None:
    at = min(changes.authors_at or now, now)
    changed = 0
    with connection.cursor() as cursor:
        for gone, authors in ((True, changes.authors_gone), (False, changes.authors_back)):
            found = sorted({stored_id(each) for each in authors} - {""})
            if found and not gone and _in_order(source):
                cursor.execute(_BACK, [at, source.pk, found, at])
                changed += cursor.rowcount
            elif found:
                cursor.execute(_AUTHORS, [source.pk, gone, at, found])
                changed += cursor.rowcount
    # A whole network's accounts come back all the time: open pages need not hear of it.
    if changed:
        live.publish(f"brand.{source.brand_id}", "gone", {"ids": []})


def _edit(source: Source, edits: Sequence[Row]) -> None:
    by_key = {str(UUID(bytes=row.key)): row for row in edits}
    values: dict[str, Any] = {
        "keys": list(by_key),
        "ids": [row.external_id for row in by_key.values()],
        "times": [row.edited_at for row in by_key.values()],
        "brand": source.brand_id,
        "source": source.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_EDITED, values)
        found = cursor.fetchall()
        if not found:
            return
        book = rulebook.of_brand(source.brand_id)
        score([by_key[key] for key, *_rest in found], book)
        changed = [_rewritten(by_key[key], pk, at) for key, pk, at, *_rest in found]
        cursor.execute(_REWRITE, [json.dumps(changed, default=float)])
    _move_counts(source.brand_id, by_key, found)
    live.publish(f"brand.{source.brand_id}", "volume")


def _rewritten(row: Row, pk: int, at: datetime) -> dict[str, Any]:
    lang, *marks = row.marks
    return {
        "id": pk,
        "published_at": at.isoformat(),
        "text": row.text,
        "title": row.title,
        "author": row.author,
        "url": row.url,
        "lang": row.lang or lang,
        "stars": row.stars,
        "edited_at": row.edited_at.isoformat() if row.edited_at else None,
        "queries": row.queries,
        **dict(zip(_MARKS, marks, strict=True)),
    }


def _move_counts(brand_id: int, by_key: dict[str, Row], found: Sequence[tuple[Any, ...]]) -> None:
    """Counts follow what an edit means now; a person's correction stays, and counts before it."""
    moved = _Moved()
    for key, _pk, at, network, crisis_type, sentiment, corrected, about in found:
        if about != About.BRAND:
            continue
        marks = by_key[key].marks
        moved.add(at, network, crisis_type, "" if corrected else sentiment, -1)
        moved.add(at, network, marks[5], "" if corrected else marks[2], +1)
    with connection.cursor() as cursor:
        for (at, network, crisis_type), count in sorted(moved.by.items()):
            negative, positive = count[Sentiment.NEGATIVE], count[Sentiment.POSITIVE]
            if not (count["total"] or negative or positive):
                continue
            statement = _MORE if count["total"] > 0 else _LESS
            values = {"total": count["total"], "negative": negative, "positive": positive}
            place: dict[str, Any] = {"brand": brand_id, "at": at, "network": network}
            place["crisis_type"] = crisis_type
            cursor.execute(statement, {**values, **place})


def forget_departed(*, now: datetime) -> int:
    """Empty the posts of authors who left ABSENCE ago and forget these; return how many posts.

    One pass over the table for all of them: it is run once a day.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not HiddenAuthor.objects.filter(at__lt=now - ABSENCE).exists():
            return 0
        cursor.execute(_LEFT_FOR_GOOD, {"now": now, "before": now - ABSENCE})
        emptied: int = cursor.rowcount
        HiddenAuthor.objects.filter(at__lt=now - ABSENCE).delete()
    return emptied
