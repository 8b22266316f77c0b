"""Calls from outside: each id once, and all of a call or nothing.

Calls to one source that arrive while another is being written are written together by whoever has
the turn next: in a storm of small calls a commit serves many of them, at rest none waits.
"""

import json
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from connectors.base import Post
from core import signatures
from core.errors import Conflict
from monitoring import ingest
from monitoring.enums import SourceKind
from monitoring.ingest import Accepted
from monitoring.models import InboundCall, Source
from monitoring.rows import Refusal

# After this a replayed call is refused by its timestamp alone.
REMEMBERED = timedelta(seconds=2 * signatures.TOLERANCE + 60)
# What may wait for its turn at one source, in each process; more is asked to come again.
MOST_CALLS = 100
MOST_POSTS = 10_000
# Seconds: where writes follow each other this closely, each waits so long for company.
STORM, GATHER = 0.05, 0.02
_REMEMBER = """
INSERT INTO monitoring_inboundcall (source_id, call_id, at)
SELECT %s, call_id, %s FROM unnest(%s::text[]) AS call_id
ON CONFLICT DO NOTHING RETURNING call_id
"""


_FIND = """
SELECT now(), s.id, brand_id, kind, name, config, sealed, is_active
FROM (SELECT now()) AS clock LEFT JOIN monitoring_source AS s ON public_id = %s AND kind = %s
"""


class NothingUsable(Exception):
    """No row of the call could be taken; `outcome.refused` says why. Nothing was kept."""

    def __init__(self, outcome: Accepted) -> None:
        super().__init__()
        self.outcome = outcome


class Busy(Exception):
    """So much waits for this source that the call was not taken; nothing was kept."""


@dataclass(eq=False, slots=True)
class _Call:
    posts: Sequence[Post]
    call_id: str
    outcome: Accepted | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome is not None or self.error is not None

    def answer(self) -> Accepted:
        if self.outcome is not None:
            return self.outcome
        raise self.error or RuntimeError("The call was not worked off.")


@dataclass(eq=False, slots=True)
class _Line:
    """The calls that wait at one source. Who holds `turn` writes for all that wait."""

    waiting: deque[_Call] = field(default_factory=deque)
    posts: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)
    turn: threading.Lock = field(default_factory=threading.Lock)
    # When the last write ended, by time.monotonic().
    wrote_at: float = 0.0

    def join(self, call: _Call) -> None:
        with self.guard:
            full = self.posts + len(call.posts) > MOST_POSTS or len(self.waiting) >= MOST_CALLS
            if full and self.waiting:
                raise Busy
            self.waiting.append(call)
            self.posts += len(call.posts)

    def take(self) -> list[_Call]:
        """Take those who wait, in their order, as many as go into one transaction."""
        with self.guard:
            taken = [self.waiting.popleft()]
            size = len(taken[0].posts)
            while self.waiting and size + len(self.waiting[0].posts) <= ingest.MAX_BATCH:
                taken.append(self.waiting.popleft())
                size += len(taken[-1].posts)
            self.posts -= size
            return taken


_lines: dict[int, _Line] = {}
_lines_guard = threading.Lock()


def find(public_id: UUID) -> tuple[Source | None, datetime]:
    """Return the webhook of this address, if there is one, and the time: one short query, made for
    each call of a storm."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [public_id, SourceKind.WEBHOOK])
        now, pk, brand_id, kind, name, config, sealed, is_active = cursor.fetchone()
    if pk is None:
        return None, now
    source = Source(pk=pk, public_id=public_id, brand_id=brand_id, kind=kind, name=name)
    source.config, source.sealed, source.is_active = json.loads(config), sealed, is_active
    return source, now


def receive(source: Source, posts: Sequence[Post], *, call_id: str, now: datetime) -> Accepted:
    """Take a call's posts in; refuses an id that was accepted before.

    The id is remembered in the transaction that writes the posts: a call that failed may be sent
    again under its id, one that succeeded may not. Raises Conflict, NothingUsable, Busy,
    SourceGone.
    """
    with _lines_guard:
        line = _lines.setdefault(source.pk, _Line())
    call = _Call(posts, call_id)
    line.join(call)
    with line.turn:
        if not call.is_done and time.monotonic() - line.wrote_at < STORM:
            time.sleep(GATHER)
        while not call.is_done:
            _work_off(source, line.take(), now)
            line.wrote_at = time.monotonic()
    return call.answer()


def _work_off(source: Source, calls: list[_Call], now: datetime) -> None:
    """Write the calls together; where that fails, each by itself, so that none pays for another."""
    try:
        with transaction.atomic():
            _write(source, calls, now)
    except Exception as error:
        if len(calls) == 1:
            calls[0].outcome, calls[0].error = None, error
            return
        for call in calls:
            call.outcome = call.error = None
            _work_off(source, [call], now)


def _write(source: Source, calls: list[_Call], now: datetime) -> None:
    fresh = _remember(source, calls, now)
    posts = [post for call in fresh for post in call.posts]
    whole = ingest.accept(source, posts, now=now)
    # The rows were written in the order of their keys.
    whole.new_rows.sort()
    start = 0
    for call in fresh:
        end = start + len(call.posts)
        call.outcome = _part(whole, start, end)
        start = end
    useless = [call for call in fresh if call.posts and _is_useless(call)]
    for call in useless:
        call.error, call.outcome = NothingUsable(call.answer()), None
    if useless:
        ids = [call.call_id for call in useless]
        InboundCall.objects.filter(source=source, call_id__in=ids).delete()


def _remember(source: Source, calls: list[_Call], now: datetime) -> list[_Call]:
    """Enter the calls' ids and return the calls that were not known; the others are refused."""
    first = {call.call_id: call for call in reversed(calls)}
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, [source.pk, now, sorted(first)])
        new = {call_id for (call_id,) in cursor.fetchall()}
    fresh = [call for call in calls if call.call_id in new and first[call.call_id] is call]
    for call in calls:
        if call not in fresh:
            call.error = Conflict(_("A call with this webhook-id has already been accepted."))
    return fresh


def _part(whole: Accepted, start: int, end: int) -> Accepted:
    """Return what became of the posts from `start` to before `end`, numbered from 0."""
    refused = _between(whole.refused, start, end)
    new = bisect_left(whole.new_rows, end) - bisect_left(whole.new_rows, start)
    unmatched = bisect_left(whole.unmatched_rows, end) - bisect_left(whole.unmatched_rows, start)
    return Accepted(
        new=new,
        known=end - start - new - unmatched - len(refused),
        unmatched=unmatched,
        refused=refused,
        mended=_between(whole.mended, start, end),
    )


def _between(refusals: list[Refusal], start: int, end: int) -> list[Refusal]:
    return [Refusal(r.row - start, r.field, r.code) for r in refusals if start <= r.row < end]


def _is_useless(call: _Call) -> bool:
    return len(call.answer().refused) == len(call.posts)


def forget_old_calls(*, now: datetime) -> int:
    """Delete ids that can no longer be replayed; return how many."""
    deleted, _by_model = InboundCall.objects.filter(at__lt=now - REMEMBERED).delete()
    return deleted
