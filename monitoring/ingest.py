"""The one way in. Whatever a source brings ends in `accept`; nothing else writes mentions.

A batch is cleaned, held against the brand's queries and scored in memory, then written in one
transaction together with the counts, the source's cursor and the mark that the brand is to be
judged. Accepting the same posts again changes nothing, whoever does it and however many at once.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any

from django.db import transaction

from connectors.base import Batch, Post

from . import changes, kinds, partitions, rows, rulebook
from . import listening as listen
from .changes import NO_CHANGES, Changes
from .listening import Listening
from .models import Source
from .rows import Refusal, Row
from .scoring.rules import RuleBook
from .writing import SourceGone, Writer

__all__ = ["MAX_BATCH", "Accepted", "SourceGone", "accept", "accept_batch"]

# Rows a transaction: more gains little, holds locks longer and repeats more after a failure.
MAX_BATCH = 2_000
_MORE_TO_COME: tuple[None, Changes] = (None, NO_CHANGES)


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
    # Which posts were new, and which do not speak of the brand: their numbers in the list.
    new_rows: list[int] = field(default_factory=list, compare=False)
    unmatched_rows: list[int] = field(default_factory=list, compare=False)

    def add(self, other: "Accepted", *, offset: int) -> None:
        """Add the outcome of a later part of the list, which began at `offset`."""
        self.new += other.new
        self.known += other.known
        self.unmatched += other.unmatched
        for mine, theirs in ((self.refused, other.refused), (self.mended, other.mended)):
            mine.extend(Refusal(r.row + offset, r.field, r.code) for r in theirs)
        self.new_rows.extend(row + offset for row in other.new_rows)
        self.unmatched_rows.extend(row + offset for row in other.unmatched_rows)


@dataclass(slots=True)
class _Ready:
    """A part that is cleaned and matched, and, where there are several, scored."""

    posts: int
    rows: list[Row]
    unmatched: list[int]
    refused: list[Refusal]
    mended: list[Refusal]
    # Edited posts, also those that no longer match: what is known of them is rewritten.
    edits: list[Row]
    # The brand's rules on its words.
    book: RuleBook | None = None

    @property
    def doubles(self) -> int:
        return self.posts - len(self.rows) - len(self.unmatched) - len(self.refused)


def accept_batch(source: Source, batch: Batch, *, now: datetime) -> Accepted:
    """Take in what a network gave: posts, edits, deletions and the cursor behind them.

    What a batch brings and takes away at once does not come in.
    """
    gone = set(batch.gone)
    posts = [post for post in batch.posts if post.external_id not in gone]
    return accept(source, posts, now=now, cursor=batch.cursor, news=Changes.of(batch))


def accept(
    source: Source,
    posts: Sequence[Post],
    *,
    now: datetime,
    cursor: dict[str, Any] | None = None,
    news: Changes = NO_CHANGES,
) -> Accepted:
    """Take posts in: all that is new is stored, counted and marked for judging, exactly once.

    At most MAX_BATCH posts go into one transaction; the cursor, and `news` of earlier posts, are
    stored with the last of them. A post that is known and edited since is rewritten.
    Raises SourceGone where the source was deleted meanwhile; nothing of that part is kept then.
    """
    outcome = Accepted()
    done = 0
    for ready in _ready(source, posts, now):
        last = done + ready.posts == len(posts)
        end = (cursor, news) if last else _MORE_TO_COME
        outcome.add(_store(source, ready, now, end), offset=done)
        done += ready.posts
    return outcome


def _ready(source: Source, posts: Sequence[Post], now: datetime) -> Iterator[_Ready]:
    """Yield the posts part by part, each made ready while the one before is being stored."""
    network = source.config.get("network") or kinds.counted_as(source.kind)
    prepare = partial(rows.prepare, source_id=source.pk, network=network, now=now)
    listening = listen.of(source.brand_id)
    book = rulebook.of_brand(source.brand_id)
    make = partial(_make_ready, source=source, prepare=prepare, listening=listening, book=book)
    parts = [posts[at : at + MAX_BATCH] for at in range(0, max(len(posts), 1), MAX_BATCH)]
    if len(parts) == 1:
        # Scored later, and only what turns out to be new.
        yield make(parts[0])
        return
    with ThreadPoolExecutor(1, thread_name_prefix="ingest") as helper:
        coming = helper.submit(make, parts[0], score=True)
        for part in parts[1:]:
            ready = coming.result()
            coming = helper.submit(make, part, score=True)
            yield ready
        yield coming.result()


def _make_ready(
    posts: Sequence[Post],
    *,
    source: Source,
    prepare: "partial[tuple[list[Row], list[Refusal], list[Refusal]]]",
    listening: Listening | None,
    book: RuleBook | None = None,
    score: bool = False,
) -> _Ready:
    found, refused, mended = prepare(posts)
    matched, unmatched = found, []
    if listening is not None:
        if listening.matcher.needs_marks:
            rows.score(found, book)
        filtered = bool(source.config.get("match"))
        matched = listening.keep(found, source, filtered=filtered)
        if len(matched) < len(found):
            kept = {row.number for row in matched}
            unmatched = [row.number for row in found if row.number not in kept]
    if score:
        rows.score(matched, book)
    edits = [row for row in found if row.edited_at is not None]
    return _Ready(len(posts), matched, unmatched, refused, mended, edits, book)


def _store(
    source: Source, ready: _Ready, now: datetime, end: tuple[dict[str, Any] | None, Changes]
) -> Accepted:
    """Write a part; `end` are the cursor and the changes that go with it."""
    cursor, news = end
    months = {(row.published_at.year, row.published_at.month) for row in ready.rows}
    partitions.ensure_months(months, now=now)
    with transaction.atomic():
        batch = Writer(source, now, ready.book)
        # One order for everybody who writes keys at once, or they would wait for each other.
        batch.write(sorted(ready.rows, key=attrgetter("key")))
        changes.apply(source, news, ready.edits, now=now)
        batch.finish(cursor)
    return Accepted(
        new=len(batch.new_rows),
        known=ready.doubles + len(ready.rows) - len(batch.new_rows) - len(batch.unwritable),
        unmatched=len(ready.unmatched),
        refused=sorted(ready.refused + batch.unwritable, key=attrgetter("row")),
        mended=ready.mended,
        new_rows=batch.new_rows,
        unmatched_rows=ready.unmatched,
    )
