"""The one way in. Whatever a source brings ends in `accept`; nothing else writes mentions.

A batch is cleaned, matched and scored in memory, then written in one transaction together with the
counts, the source's cursor and the mark that the brand is to be judged. Accepting the same posts
again changes nothing, whoever does it and however many at once.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from connectors.base import Post
from core import live
from core.errors import Refused

from . import matching, packing, partitions
from .counting import STEP, Tally
from .enums import RefusalCode, SourceKind
from .events import mentions_accepted
from .models import Query, Source
from .rows import Refusal, Row, prepare
from .scoring import ScoreArrays, score_batch

logger = logging.getLogger(__name__)

# Rows a transaction: more gains little, holds locks longer and repeats more after a failure.
MAX_BATCH = 2_000
# Rows scored at once: enough to be quick, few enough that a batch has several.
_PART = 500
NETWORKS = {
    SourceKind.FEED: "news",
    SourceKind.FILE: "import",
    SourceKind.WEBHOOK: "web",
    SourceKind.SIMULATOR: "simulator",
}
# What the database says when the fault lies in a row: bad data, a broken check, a missing value.
_ROW_FAULTS = ("22", "23502", "23514")

# Which of the sorted keys are new; a key that another transaction is writing is waited for.
_SEE = """
INSERT INTO monitoring_seenmention (key) SELECT * FROM unnest(%b::uuid[])
ON CONFLICT DO NOTHING RETURNING uuid_send(key)
"""
# COPY takes half the processor time of an INSERT of arrays.
_WRITE = """
COPY monitoring_mention (brand_id, source_id, received_at, external_id, network, author, title,
    text, url, lang, published_at, reach, sentiment, sentiment_score, confidence, crisis_type)
FROM STDIN (FORMAT BINARY)
"""
_TYPES = (
    "int8", "int8", "timestamptz", "text", "varchar", "text", "text",
    "text", "text", "varchar", "timestamptz", "int8", "varchar", "float8", "float8", "varchar",
)  # fmt: skip
_COUNT = """
INSERT INTO monitoring_mentioncount AS c
    (brand_id, minute, network, crisis_type, total, negative, positive, reach)
SELECT %b::bigint, * FROM unnest(%b::timestamptz[], %b::text[], %b::text[], %b::bigint[],
    %b::bigint[], %b::bigint[], %b::bigint[])
ON CONFLICT (brand_id, minute, network, crisis_type) DO UPDATE SET
    total = c.total + excluded.total, negative = c.negative + excluded.negative,
    positive = c.positive + excluded.positive, reach = c.reach + excluded.reach
"""
_VOLUME = """
SELECT sum(total), sum(negative) FROM monitoring_mentioncount
WHERE brand_id = %s AND minute >= %s AND minute < %s
"""
_PENDING = """
INSERT INTO monitoring_baseline AS b (brand_id, state, quiet_until, pending_at, changed_from)
VALUES (%s, '{}', '{}', %s, %s) ON CONFLICT (brand_id) DO UPDATE SET
    pending_at = excluded.pending_at, changed_from = LEAST(b.changed_from, excluded.changed_from)
"""
_HEALTH = """
UPDATE monitoring_source SET succeeded_at = %s, mention_at = COALESCE(%s, mention_at),
    cursor = COALESCE(%s, cursor), error = '', failures = 0 WHERE id = %s
"""


class SourceGone(Refused):
    """The source, or its brand, was deleted while its posts were on their way."""


@dataclass(slots=True)
class Accepted:
    """What became of a batch. `refused` and `mended` carry row numbers of the list that was given.

    `known` were accepted before (or are doubles within the batch), `unmatched` do not speak of
    the brand. new + known + unmatched + len(refused) is the number of posts given.
    """

    new: int = 0
    known: int = 0
    unmatched: int = 0
    refused: list[Refusal] = field(default_factory=list)
    mended: list[Refusal] = field(default_factory=list)

    def add(self, other: "Accepted", *, offset: int) -> None:
        """Add the outcome of a later part of the list, which began at `offset`."""
        self.new += other.new
        self.known += other.known
        self.unmatched += other.unmatched
        for mine, theirs in ((self.refused, other.refused), (self.mended, other.mended)):
            mine.extend(Refusal(r.row + offset, r.field, r.code) for r in theirs)


def accept(
    source: Source, posts: Sequence[Post], *, now: datetime, cursor: dict[str, Any] | None = None
) -> Accepted:
    """Take posts in: all that is new is stored, counted and marked for judging, exactly once.

    At most MAX_BATCH posts go into one transaction; the cursor is stored with the last of them.
    Raises SourceGone where the source was deleted meanwhile; nothing of that part is kept then.
    """
    outcome = Accepted()
    for start in range(0, max(len(posts), 1), MAX_BATCH):
        part = posts[start : start + MAX_BATCH]
        last = start + MAX_BATCH >= len(posts)
        outcome.add(_accept(source, part, now, cursor if last else None), offset=start)
    return outcome


def _accept(
    source: Source, posts: Sequence[Post], now: datetime, cursor: dict[str, Any] | None
) -> Accepted:
    network = source.config.get("network") or NETWORKS[SourceKind(source.kind)]
    rows, refused, mended = prepare(posts, source_id=source.pk, network=network, now=now)
    doubles = len(posts) - len(refused) - len(rows)
    matched = _matched(source, rows)
    partitions.ensure_months(
        {(r.published_at.year, r.published_at.month) for r in matched}, now=now
    )
    # One order for everybody who writes keys at once, or they would wait for each other.
    matched.sort(key=attrgetter("key"))
    with transaction.atomic():
        batch = _Writer(source, now)
        batch.write(matched)
        batch.finish(cursor)
    return Accepted(
        new=batch.new,
        known=doubles + len(matched) - batch.new - len(batch.unwritable),
        unmatched=len(rows) - len(matched),
        refused=sorted(refused + batch.unwritable, key=lambda refusal: refusal.row),
        mended=mended,
    )


def _matched(source: Source, rows: list[Row]) -> list[Row]:
    """Return the rows that speak of the brand, where the source carries more than that."""
    if not rows or not source.config.get("match"):
        return rows
    queries = Query.objects.filter(brand_id=source.brand_id, is_active=True)
    words = tuple(matching.words(*q) for q in queries.values_list("any_of", "all_of", "none_of"))
    if not words:
        return rows
    matcher = matching.matcher(words)
    return [row for row in rows if matcher.matches(f"{row.title}\n{row.text}")]


class _Writer:
    """Writes rows within one transaction, and around rows that the database will not have."""

    def __init__(self, source: Source, now: datetime) -> None:
        self.source = source
        self.now = now
        self.new = 0
        self.tally = Tally()
        self.unwritable: list[Refusal] = []

    def write(self, rows: list[Row]) -> None:
        """Store what is new of `rows`; a row that breaks is found by halving and left out."""
        if not rows:
            return
        try:
            with transaction.atomic(), connection.wrap_database_errors:
                self._insert(rows)
        except DatabaseError as error:
            if not _is_row_fault(error):
                raise
            if len(rows) > 1:
                middle = len(rows) // 2
                self.write(rows[:middle])
                self.write(rows[middle:])
                return
            logger.warning("Source %d: a row was refused: %s", self.source.pk, error)
            self.unwritable.append(Refusal(rows[0].number, "row", RefusalCode.UNWRITABLE))

    def finish(self, cursor: dict[str, Any] | None) -> None:
        """Write counts, mark and cursor; tell the pages and the judge once it is committed."""
        brand_id = self.source.brand_id
        with connection.wrap_database_errors:
            if self.new:
                self._count()
            self._note_health(cursor)
        if self.new:
            live.publish(f"brand.{brand_id}", "volume", self._volume())
            mentions_accepted.announce(brand_id=brand_id)

    def _insert(self, rows: list[Row]) -> None:
        rows = self._unseen(rows)
        # In the order of time, which is the order of the index.
        rows.sort(key=attrgetter("published_at"))
        parts = [rows[start : start + _PART] for start in range(0, len(rows), _PART)]
        written: list[tuple[list[Row], ScoreArrays]] = []
        with psycopg.Cursor(connection.connection).copy(_WRITE) as copy:
            copy.set_types(_TYPES)
            for part in parts:
                # The database writes one part while the next is scored here.
                scores = score_batch([row.text for row in part])
                self._copy(copy, part, scores)
                written.append((part, scores))
        # Counted only now: until its end the whole batch may still be undone.
        for part, scores in written:
            self.tally.add(part, scores)
        self.new += len(rows)

    def _unseen(self, rows: list[Row]) -> list[Row]:
        """Enter the rows' keys among those seen; return the rows whose keys were not."""
        entered = self._execute(_SEE, [packing.uuids([row.key for row in rows])])
        if entered.rowcount == len(rows):
            return rows
        new = {key for (key,) in entered.fetchall()}
        return [row for row in rows if row.key in new]

    def _copy(self, copy: psycopg.Copy, rows: list[Row], scores: ScoreArrays) -> None:
        brand_id, source_id, now = self.source.brand_id, self.source.pk, self.now
        columns = zip(
            rows,
            scores.language,
            scores.sentiment,
            scores.sentiment_score.tolist(),
            scores.confidence.tolist(),
            scores.crisis_type,
            strict=True,
        )
        for row, lang, sentiment, sentiment_score, confidence, crisis_type in columns:
            copy.write_row(
                (
                    brand_id, source_id, now, row.external_id, row.network, row.author,
                    row.title, row.text, row.url, row.lang or lang, row.published_at,
                    row.reach, sentiment, sentiment_score, confidence, crisis_type,
                )
            )  # fmt: skip

    def _count(self) -> None:
        minutes, networks, crisis_types, figures = self.tally.columns()
        self._execute(
            _COUNT,
            [
                self.source.brand_id,
                packing.timestamps(minutes),
                packing.texts(networks),
                packing.texts(crisis_types),
                *map(packing.bigints, figures),
            ],
        )
        earliest = packing.moment(minutes[0])
        self._execute(_PENDING, [self.source.brand_id, self.now, earliest])

    def _volume(self) -> dict[str, int]:
        """What open charts need at once: the running step's beginning (Unix seconds) and count."""
        step = self.tally.step()
        starts_at, ends_at = packing.moment(step), packing.moment(step + STEP)
        counted = self._execute(_VOLUME, [self.source.brand_id, starts_at, ends_at]).fetchone()
        count, negative = counted or (0, 0)
        return {"at": int(starts_at.timestamp()), "count": count, "negative": negative}

    def _note_health(self, cursor: dict[str, Any] | None) -> None:
        mention_at = self.now if self.new else None
        stored = None if cursor is None else Jsonb(cursor)
        done = self._execute(_HEALTH, [self.now, mention_at, stored, self.source.pk])
        if not done.rowcount:
            raise SourceGone(_("The source was deleted."))

    def _execute(self, statement: str, parameters: list[Any]) -> psycopg.Cursor[Any]:
        # Django's own cursor writes parameters into the statement as text.
        cursor = psycopg.Cursor(connection.connection)
        packing.register(cursor.adapters)
        return cursor.execute(statement, parameters, binary=True)


def _is_row_fault(error: DatabaseError) -> bool:
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state.startswith(_ROW_FAULTS)
