"""The outbox worker: at most once, whatever dies when.

Claim (commit "sending" with a new attempt) → call, outside any transaction → record. What a call
leaves unsure is looked for by its key and then left to a person; only what surely did not leave
the house is sent again. Any number of engines may run this at once, and may be killed anywhere.

The rows are a room's own: it hands in a `Book`, which knows them.
"""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Model, OrderBy, QuerySet

from core.clock import database_now

from . import registry
from .base import Message, PermanentError, PublishError, Receipt, TemporaryError
from .models import ConnectedAccount

logger = logging.getLogger(__name__)

# Calls at once in one engine; each account has at most one, so a slow network holds up itself.
WORKERS = 8
# A call that has not come back is called unsure by the process that made it …
CALL_LIMIT = 20.0
# … so one that is still "sending" after this was made by a process that is dead.
STALE_AFTER = timedelta(seconds=30)
# A process that slept between the claim and the call leaves it to the search for stale ones.
CLAIM_GRACE = 5.0
# A row that breaks its claim is tried again after this, so that it stops nobody else.
BROKEN_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class Claim:
    """A row that this process alone may send, this once."""

    row_id: int
    attempt: int
    account: ConnectedAccount
    message: Message
    at: float = field(default_factory=time.monotonic)


class Book(ABC):
    """A room's rows on their way out.

    A row is queued, being sent, or unsure, and then out or refused; `attempt` counts its claims.
    Each `record_…` is one transaction, changes nothing and returns False where the row has moved
    on from this attempt, and takes `error` as a connector's stored words or one of the codes
    "unexpected", "no_answer", "interrupted" and "not_sent".
    """

    # What one row is called in the log.
    noun = "Row"

    @abstractmethod
    def due(self, *, now: datetime, busy: Collection[int], limit: int) -> Iterable[tuple[int, int]]:
        """Ids of up to `limit` queued rows that are due, soonest first, with their account's,
        which is none of `busy`."""

    @abstractmethod
    def claim(self, row_id: int, *, now: datetime) -> Claim | None:
        """Commit it as being sent, or why it must not go; None if it is not ours to send."""

    @abstractmethod
    def postpone(self, row_id: int, *, until: datetime) -> None:
        """Put a queued row off whose claim broke."""

    @abstractmethod
    def left_behind(self, *, now: datetime, limit: int) -> list[int]:
        """Ids of what is being sent since before STALE_AFTER, and of unsure ones due for a look."""

    @abstractmethod
    def unfinished(self, row_id: int) -> tuple[Claim, bool] | None:
        """The claim as it was made, and whether the row is unsure (else it was being sent)."""

    def may_send(self, claim: Claim) -> AbstractContextManager[bool]:
        """Held around the call: the last word on whether it is made. If not, the book has
        recorded why."""
        return nullcontext(True)

    def send(self, claim: Claim) -> Receipt:
        """The one call. Raises PublishError."""
        return registry.publisher(claim.account).publish(claim.message)

    def find(self, claim: Claim) -> Receipt | None:
        """What the call left on the network; None if surely nothing. Raises PublishError."""
        return registry.publisher(claim.account).find(claim.message)

    @abstractmethod
    def record_sent(
        self, row_id: int, attempt: int, receipt: Receipt, /, *, now: datetime
    ) -> bool: ...

    @abstractmethod
    def record_failed(self, row_id: int, attempt: int, error: str, /, *, now: datetime) -> bool: ...

    @abstractmethod
    def record_not_sent(
        self, row_id: int, attempt: int, error: str, /, *, now: datetime, wait: float | None = None
    ) -> bool: ...

    @abstractmethod
    def record_uncertain(
        self, row_id: int, attempt: int, error: str, /, *, now: datetime
    ) -> bool: ...

    @abstractmethod
    def record_look(
        self, row_id: int, attempt: int, /, *, now: datetime, found: bool | None
    ) -> bool: ...


class TableBook(Book):
    """A book that is one table, with the columns account, state ("QUEUED", "SENDING", "UNCERTAIN"
    while it is under way), attempts, sending_since and look_at."""

    model: type[Model]
    # The column that says from when on it may go.
    due_at = "publish_at"
    # What comes before the time where several are due.
    first: tuple[OrderBy, ...] = ()
    # What a claim reads along.
    related: tuple[str, ...] = ("account",)

    @abstractmethod
    def claim_of(self, row: Any, /) -> Claim:
        """The row, with `related`, as what is sent."""

    def rows(self, state: str, **more: object) -> QuerySet[Any]:
        return self.model._default_manager.filter(state=state, **more)

    def due(self, *, now: datetime, busy: Collection[int], limit: int) -> Iterable[tuple[int, int]]:
        rows = self.rows("QUEUED", **{f"{self.due_at}__lte": now}, account__isnull=False)
        rows = rows.exclude(account_id__in=busy).order_by(*self.first, self.due_at, "pk")
        return rows.values_list("pk", "account_id")[:limit]

    def postpone(self, row_id: int, *, until: datetime) -> None:
        self.rows("QUEUED", pk=row_id).update(**{self.due_at: until})

    def left_behind(self, *, now: datetime, limit: int) -> list[int]:
        stale = self.rows("SENDING", sending_since__lte=now - STALE_AFTER)
        unsure = self.rows("UNCERTAIN", look_at__lte=now)
        ids = (rows.order_by("pk").values_list("pk", flat=True)[:limit] for rows in (stale, unsure))
        return list(chain(*ids))[:limit]

    def unfinished(self, row_id: int) -> tuple[Claim, bool] | None:
        rows = self.model._default_manager.select_related(*self.related)
        row: Any = rows.filter(pk=row_id).first()
        return (self.claim_of(row), row.state == "UNCERTAIN") if row else None


class Outbox:
    """One engine's calls under way. `cycle` never waits for a network."""

    def __init__(self, book: Book, workers: int = WORKERS) -> None:
        self.book = book
        self.workers = workers
        self._pool: ThreadPoolExecutor | None = None
        self._calls: dict[Future[None], Claim] = {}
        self._looks: dict[Future[None], int] = {}
        self._overdue: set[Future[None]] = set()

    # The engine's cycle

    def cycle(self) -> int:
        """Start what is due and can start now; return how many calls were started."""
        self._forget_finished()
        self._give_up_waiting()
        now = database_now()
        busy = {claim.account.pk for claim in self._calls.values()}
        claims = self.claim_due(now=now, limit=self._free(), busy=busy)
        for claim in claims:
            self._calls[self._submit(self.deliver, claim)] = claim
        looked_for = set(self._looks.values())
        for row_id in self.book.left_behind(now=now, limit=self._free()):
            if row_id not in looked_for:
                self._looks[self._submit(self.look_for, row_id)] = row_id
        return len(claims)

    def close(self) -> None:
        """Wait for the calls under way; start none any more."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def _submit(self, function: Callable[[Any], None], argument: Any) -> Future[None]:
        # Made by the engine's first cycle: no other process needs its threads.
        self._pool = self._pool or ThreadPoolExecutor(self.workers, thread_name_prefix="publish")
        return self._pool.submit(self._in_thread, function, argument)

    def _in_thread(self, function: Callable[[Any], None], argument: Any) -> None:
        try:
            function(argument)
        except Exception:
            # The row stays "sending" and is looked for like a dead process's.
            logger.exception("The outcome of a %s could not be recorded", self.book.noun)
        finally:
            connection.close()

    def _free(self) -> int:
        return max(0, self.workers - len(self._calls) - len(self._looks))

    def _forget_finished(self) -> None:
        self._calls = {call: claim for call, claim in self._calls.items() if not call.done()}
        self._looks = {look: each for look, each in self._looks.items() if not look.done()}
        self._overdue &= set(self._calls)

    def _give_up_waiting(self) -> None:
        """Call unsure what does not come back. Its thread may still bring the proof later."""
        for call, claim in self._calls.items():
            if call not in self._overdue and time.monotonic() - claim.at > CALL_LIMIT:
                self._overdue.add(call)
                self._record(self.book.record_uncertain, claim, "no_answer")

    # Claim

    def claim_due(self, *, now: datetime, limit: int, busy: Collection[int] = ()) -> list[Claim]:
        """Claim up to `limit` due rows, at most one an account and none of `busy` ones."""
        claims: dict[int, Claim] = {}
        for row_id, account_id in self.book.due(now=now, busy=busy, limit=limit * 8):
            if len(claims) == limit:
                break
            if account_id not in claims:
                claim = self._claim_or_postpone(row_id, now=now)
                claims |= {account_id: claim} if claim else {}
        return list(claims.values())

    def _claim_or_postpone(self, row_id: int, *, now: datetime) -> Claim | None:
        try:
            return self.book.claim(row_id, now=now)
        except Exception:
            logger.exception("%s %s could not be claimed", self.book.noun, row_id)
            self.book.postpone(row_id, until=now + BROKEN_AFTER)
            return None

    # Call and record

    def deliver(self, claim: Claim) -> None:
        """Make the one call of this claim and record what came of it. Needs no open transaction."""
        with self.book.may_send(claim) as may:
            record = self._call(claim) if may else None
        if record:
            record()

    def _call(self, claim: Claim) -> Callable[[], None] | None:
        """Make the call; return how its outcome is recorded."""
        try:
            registry.publisher(claim.account)
            if time.monotonic() - claim.at > CLAIM_GRACE:
                logger.warning("%s %s was claimed too long ago", self.book.noun, claim.row_id)
                return None
            receipt = self.book.send(claim)
        except PermanentError as error:
            return partial(self._record, self.book.record_failed, claim, error.words.stored())
        except TemporaryError as error:
            not_sent, words = self.book.record_not_sent, error.words.stored()
            return partial(self._record, not_sent, claim, words, wait=error.retry_after)
        except PublishError as error:
            return partial(self._look_at_once, claim, error.words.stored())
        except Exception:
            # A fault of the connector's: nobody knows how far it came.
            logger.exception("%s %s failed unexpectedly", self.book.noun, claim.row_id)
            return partial(self._look_at_once, claim, "unexpected")
        return partial(self._record, self.book.record_sent, claim, receipt)

    def _record(
        self, record: Callable[..., bool], claim: Claim, *what: object, **more: object
    ) -> None:
        if not record(claim.row_id, claim.attempt, *what, now=database_now(), **more):
            logger.warning("%s %s has moved on meanwhile", self.book.noun, claim.row_id)

    def _look_at_once(self, claim: Claim, error: str) -> None:
        """The reply was lost, perhaps not the post. Absence proves nothing yet."""
        receipt, _ = self._find(claim)
        if receipt:
            self._record(self.book.record_sent, claim, receipt)
        else:
            self._record(self.book.record_uncertain, claim, error or "no_answer")

    def _find(self, claim: Claim) -> tuple[Receipt | None, bool]:
        """The proof, if there is one, and whether the network could tell at all."""
        try:
            return self.book.find(claim), True
        except PublishError:
            return None, False
        except Exception:
            logger.exception("%s %s could not be looked for", self.book.noun, claim.row_id)
            return None, False

    # What was left behind

    def look_for(self, row_id: int) -> None:
        """Look for a post by its key: proof settles it; so does surely-not for a dead process's.

        By then nobody is sending any more (STALE_AFTER), so what the network surely does not have
        can be sent again. An unsure one is never sent again here: a person decides.
        """
        left = self.book.unfinished(row_id)
        if left is None:
            return
        claim, is_unsure = left
        receipt, able = self._find(claim)
        if receipt:
            self._record(self.book.record_sent, claim, receipt)
        elif is_unsure:
            self._record(self.book.record_look, claim, found=False if able else None)
        elif able:
            self._record(self.book.record_not_sent, claim, "not_sent")
        else:
            self._record(self.book.record_uncertain, claim, "interrupted")

    # One by one

    def publish_due(self, *, now: datetime | None = None, limit: int = 100) -> int:
        """Send what is due and look for what was left behind, here and one by one; returns how
        many. What the cycle does with threads, for commands and tests.
        """
        now = now or database_now()
        made = 0
        # A claim that waits for others to be sent would be too old when its turn comes.
        while made < limit and (claims := self.claim_due(now=now, limit=1)):
            self.deliver(claims[0])
            made += 1
        lost = self.book.left_behind(now=now, limit=limit)
        for row_id in lost:
            self.look_for(row_id)
        return made + len(lost)
