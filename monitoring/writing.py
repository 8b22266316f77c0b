"""How a batch is written: one transaction, each mention once, and around rows that break.

Of the ways that were measured, this one costs the least processor time: the keys of what was seen
by one statement, the mentions by COPY, the counts by one upsert.
"""

import logging
from datetime import datetime
from operator import attrgetter
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from core import live
from core.errors import Refused

from . import packing
from .counting import STEP, QueryTally, Tally
from .enums import RefusalCode
from .events import mentions_accepted
from .models import Source
from .rows import Refusal, Row, score
from .scoring.rules import RuleBook
from .tallies import Tallies

logger = logging.getLogger(__name__)

# Rows scored at once: enough to be quick, few enough that a batch has several.
_PART = 500
# What the database says when the fault lies in a row: bad data, a broken check, a missing value.
_ROW_FAULTS = ("22", "23502", "23514")

# Which of the sorted keys are new; a key that another transaction is writing is waited for.
_SEE = """
INSERT INTO monitoring_seenmention (key, published_at)
SELECT * FROM unnest(%b::uuid[], %b::timestamptz[])
ON CONFLICT DO NOTHING RETURNING uuid_send(key)
"""
# Costs a third less where none of them is known, which is so for most large batches.
_SEE_ALL_NEW = """
INSERT INTO monitoring_seenmention (key, published_at)
SELECT * FROM unnest(%b::uuid[], %b::timestamptz[])
"""
# From so many rows on it is tried first whether all are new.
_MANY = 500
# COPY takes half the processor time of an INSERT of arrays.
_WRITE = """
COPY monitoring_mention (brand_id, source_id, received_at, lang, queries, external_id, network,
    author, title, text, url, published_at, reach, author_id, parent_id, stars, edited_at, about,
    lang_confidence, sentiment, sentiment_score, confidence, crisis_type, crisis_confidence,
    emotion, emotion_confidence, blame, blame_confidence, question, suspicion, fingerprint)
FROM STDIN (FORMAT BINARY)
"""
_TYPES = (
    "int8", "int8", "timestamptz", "varchar", "int4[]", "text", "varchar",
    "text", "text", "text", "text", "timestamptz", "int8", "text", "text", "float4", "timestamptz",
    "varchar", "float4", "varchar", "float8", "float8", "varchar", "float4", "varchar",
    "float4", "varchar", "float4", "bool", "float4", "int8",
)  # fmt: skip
# The fields of a row that are stored as they are.
_AS_GIVEN = attrgetter(
    "external_id", "network", "author", "title", "text", "url", "published_at", "reach",
    "author_id", "parent_id", "stars", "edited_at", "about",
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
# A query that was deleted meanwhile is not counted; one that is there stays until this is written.
_COUNT_QUERIES = """
INSERT INTO monitoring_querycount AS c (query_id, hour, total, negative, positive, reach)
SELECT counted.* FROM unnest(%b::bigint[], %b::timestamptz[], %b::bigint[], %b::bigint[],
    %b::bigint[], %b::bigint[]) AS counted(query, hour, total, negative, positive, reach)
JOIN monitoring_query AS q ON q.id = query ORDER BY query, hour FOR KEY SHARE OF q
ON CONFLICT (query_id, hour) DO UPDATE SET
    total = c.total + excluded.total, negative = c.negative + excluded.negative,
    positive = c.positive + excluded.positive, reach = c.reach + excluded.reach
"""
_VOLUME = """
SELECT sum(total), sum(negative) FROM monitoring_mentioncount
WHERE brand_id = %s AND minute >= %s AND minute < %s
"""
_PENDING = """
INSERT INTO monitoring_baseline AS b
    (brand_id, state, quiet_until, pending_at, spoken_at, changed_from)
VALUES (%s, '{}', '{}', %s, %s, %s) ON CONFLICT (brand_id) DO UPDATE SET
    pending_at = LEAST(b.pending_at, excluded.pending_at), spoken_at = excluded.spoken_at,
    changed_from = LEAST(b.changed_from, excluded.changed_from)
"""
_HEALTH = """
UPDATE monitoring_source SET succeeded_at = %s, cursor = COALESCE(%s, cursor),
    mention_at = COALESCE(new.at, mention_at), lag = COALESCE(%s, lag), error = '', failures = 0,
    pause = CASE WHEN new.gap IS NULL THEN pause
        ELSE greatest(pause * greatest(0, 1 - new.gap / 2592000), new.gap) END
FROM (
    SELECT at, extract(epoch FROM at - s.mention_at) AS gap
    FROM (SELECT %s::timestamptz AS at) AS given, monitoring_source AS s WHERE s.id = %s
) AS new
WHERE id = %s
"""


class SourceGone(Refused):
    """The source, or its brand, was deleted while its posts were on their way."""


class Writer:
    """Writes rows within one transaction, and around rows that the database will not have."""

    def __init__(self, source: Source, now: datetime, book: RuleBook | None = None) -> None:
        self.source = source
        self.book = book
        self.now = now
        # Numbers of the rows that were new.
        self.new_rows: list[int] = []
        self.newest: datetime | None = None
        self.tally = Tally()
        self.queries = QueryTally()
        self.tallies = Tallies(source.brand_id, source.pk)
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
            if self.tally:
                self._count()
            if self.queries:
                self._count_queries()
            self._note_health(cursor)
        if self.tally:
            live.publish(f"brand.{brand_id}", "volume", self._volume())
            mentions_accepted.announce(brand_id=brand_id)

    def _insert(self, rows: list[Row]) -> None:
        # In the order of time, which is the order of the index.
        new = sorted(self._unseen(rows), key=attrgetter("micros"))
        with packing.copying(connection.connection).copy(_WRITE) as copy:
            copy.set_types(_TYPES)
            for start in range(0, len(new), _PART):
                part = new[start : start + _PART]
                # The database writes one part while the next is scored here.
                score(part, self.book)
                self._copy(copy, part)
        # Counted only now: until its end the whole batch may still be undone.
        self.tally.add(new)
        self.queries.add(new)
        self.new_rows.extend([row.number for row in new])
        if new:
            self.newest = max(self.newest or new[-1].published_at, new[-1].published_at)
        self.tallies.add(new)

    def _unseen(self, rows: list[Row]) -> list[Row]:
        """Enter the rows' keys among those seen; return the rows whose keys were not."""
        times = packing.timestamps([row.micros for row in rows])
        columns = [packing.uuids([row.key for row in rows]), times]
        if len(rows) >= _MANY and self._are_all_new(columns):
            return rows
        entered = self._execute(_SEE, columns)
        if entered.rowcount == len(rows):
            return rows
        new = {key for (key,) in entered.fetchall()}
        return [row for row in rows if row.key in new]

    def _are_all_new(self, columns: list[Any]) -> bool:
        """Enter keys of which none was seen; the first that was undoes the others."""
        try:
            with transaction.atomic():
                self._execute(_SEE_ALL_NEW, columns)
        except psycopg.errors.UniqueViolation:
            return False
        return True

    def _copy(self, copy: psycopg.Copy, rows: list[Row]) -> None:
        brand_id, source_id, now, ints = (
            self.source.brand_id, self.source.pk, self.now, packing.ints
        )  # fmt: skip
        for row in rows:
            lang, *marks = row.marks
            queries = ints(tuple(row.queries))
            copy.write_row(
                (brand_id, source_id, now, row.lang or lang, queries, *_AS_GIVEN(row), *marks)
            )

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
        self.tallies.write(self._execute)
        self._execute(_PENDING, [self.source.brand_id, self.now, self.now, earliest])

    def _count_queries(self) -> None:
        queries, hours, figures = self.queries.columns()
        self._execute(
            _COUNT_QUERIES,
            [
                packing.bigints(queries),
                packing.timestamps(hours),
                *map(packing.bigints, figures),
            ],
        )

    def _volume(self) -> dict[str, int]:
        """What open charts need at once: the running step's beginning (Unix seconds) and count."""
        step = self.tally.step()
        starts_at, ends_at = packing.moment(step), packing.moment(step + STEP)
        counted = self._execute(_VOLUME, [self.source.brand_id, starts_at, ends_at]).fetchone()
        count, negative = counted or (0, 0)
        return {"at": int(starts_at.timestamp()), "count": count, "negative": negative}

    def _note_health(self, cursor: dict[str, Any] | None) -> None:
        mention_at = self.now if self.new_rows else None
        stored = None if cursor is None else Jsonb(cursor)
        pk = self.source.pk
        done = self._execute(_HEALTH, [self.now, stored, self._lag(), mention_at, pk, pk])
        if not done.rowcount:
            raise SourceGone(_("The source was deleted."))

    def _lag(self) -> float | None:
        """Seconds between what the newest new post claims and its arrival."""
        return (self.now - self.newest).total_seconds() if self.newest else None

    def _execute(self, statement: str, parameters: list[Any]) -> psycopg.Cursor[Any]:
        return packing.cursor(connection.connection).execute(statement, parameters, binary=True)


def _is_row_fault(error: DatabaseError) -> bool:
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return state.startswith(_ROW_FAULTS)
