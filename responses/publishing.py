"""The outbox worker: at most once, whatever dies when.

Claim (commit SENDING with a new attempt) → call, outside any transaction → record. What a call
leaves unsure is looked for by its key and then left to a person; only what surely did not leave
the house is sent again. Any number of engines may run this at once, and may be killed anywhere.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from connectors import registry
from connectors.base import (
    Message,
    PermanentError,
    PublishError,
    Receipt,
    TemporaryError,
)
from connectors.models import ConnectedAccount
from core.clock import database_now

from .enums import PublicationState
from .models import Draft, Publication
from .services import publications as outcome

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
    """A publication that this process alone may send, this once."""

    publication_id: int
    attempt: int
    account: ConnectedAccount
    message: Message
    at: float = field(default_factory=time.monotonic)


# Claim


def claim_due(*, now: datetime, limit: int, busy: Collection[int] = ()) -> list[Claim]:
    """Claim up to `limit` due publications, at most one an account and none of `busy` ones."""
    due = (
        Publication.objects.filter(state=PublicationState.QUEUED, publish_at__lte=now)
        .exclude(account_id__in=busy)
        .order_by("publish_at", "pk")
        .values_list("pk", "version__draft_id", "account_id")
    )
    claims: dict[int, Claim] = {}
    for publication_id, draft_id, account_id in due[: limit * 8]:
        if len(claims) == limit:
            break
        if account_id not in claims:
            claim = _claim_or_postpone(publication_id, draft_id, now=now)
            claims |= {account_id: claim} if claim else {}
    return list(claims.values())


def _claim_or_postpone(publication_id: int, draft_id: int, *, now: datetime) -> Claim | None:
    try:
        return claim(publication_id, draft_id, now=now)
    except Exception:
        logger.exception("Publication %s could not be claimed", publication_id)
        queued = Publication.objects.filter(pk=publication_id, state=PublicationState.QUEUED)
        queued.update(publish_at=now + BROKEN_AFTER)
        return None


@transaction.atomic
def claim(publication_id: int, draft_id: int, *, now: datetime) -> Claim | None:
    """Take one due publication, or say why it may not go; None if it is not ours to send.

    Everything that was true when it was approved is asked again here, under the draft's lock.
    """
    drafts = Draft.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
    draft = drafts.select_related("incident__brand", "author").filter(pk=draft_id).first()
    if draft is None:
        return None
    rows = Publication.objects.select_for_update(no_key=True, of=("self",))
    publication = (
        rows.select_related("account", "version__draft")
        .filter(pk=publication_id, state=PublicationState.QUEUED, publish_at__lte=now)
        .first()
    )
    if publication is None or _refused(draft, publication, now=now):
        return None
    publication.state = PublicationState.SENDING
    publication.attempts += 1
    publication.sending_since = now
    publication.save(update_fields=["state", "attempts", "sending_since"])
    return _claim_of(publication)


def _refused(draft: Draft, publication: Publication, *, now: datetime) -> bool:
    """Whether it must not go out after all; then the row and the people know why."""
    text = publication.version.text
    bytes_differ = hashlib.sha256(text.encode()).hexdigest() != publication.sha256
    if bytes_differ or not outcome.is_covered(draft, publication):
        outcome.approval_fell(draft, publication, now=now)
    elif publication.account.brand_id != draft.incident.brand_id:
        outcome.fail(draft, publication, error="account_foreign", now=now)
    elif not publication.account.is_active:
        outcome.fail(draft, publication, error="account_inactive", now=now)
    else:
        return False
    return True


def _claim_of(publication: Publication) -> Claim:
    return Claim(
        publication.pk,
        publication.attempts,
        publication.account,
        Message(
            publication.version.text,
            publication.idempotency_key,
            reply_to=publication.reply_to,
            since=publication.created_at,
        ),
    )


# Call and record


def deliver(claim: Claim) -> None:
    """Make the one call of this claim and record what came of it. Needs no open transaction."""
    try:
        publisher = registry.publisher(claim.account)
    except PermanentError as error:
        _record(outcome.record_failed, claim, error.words.stored())
        return
    if time.monotonic() - claim.at > CLAIM_GRACE:
        logger.warning("Publication %s was claimed too long ago", claim.publication_id)
        return
    try:
        receipt = publisher.publish(claim.message)
    except PermanentError as error:
        _record(outcome.record_failed, claim, error.words.stored())
    except TemporaryError as error:
        _record(outcome.record_not_sent, claim, error.words.stored(), wait=error.retry_after)
    except PublishError as error:
        _look_at_once(claim, error.words.stored())
    except Exception:
        # A fault of the connector's: nobody knows how far it came.
        logger.exception("Publication %s failed unexpectedly", claim.publication_id)
        _look_at_once(claim, "unexpected")
    else:
        _record(outcome.record_sent, claim, receipt)


def _record(record: Callable[..., bool], claim: Claim, *what: object, **more: object) -> None:
    if not record(claim.publication_id, claim.attempt, *what, now=database_now(), **more):
        logger.warning("Publication %s has moved on meanwhile", claim.publication_id)


def _look_at_once(claim: Claim, error: str) -> None:
    """The reply was lost, perhaps not the post. Absence proves nothing yet."""
    receipt, _ = _find(claim)
    if receipt:
        _record(outcome.record_sent, claim, receipt)
    else:
        _record(outcome.record_uncertain, claim, error or "no_answer")


def _find(claim: Claim) -> tuple[Receipt | None, bool]:
    """The proof, if there is one, and whether the network could tell at all."""
    try:
        return registry.publisher(claim.account).find(claim.message), True
    except PublishError:
        return None, False
    except Exception:
        logger.exception("Publication %s could not be looked for", claim.publication_id)
        return None, False


# What was left behind


def left_behind(*, now: datetime, limit: int) -> list[int]:
    """Ids of what a dead process was sending, and of unsure ones that are due to be looked for."""
    rows = Publication.objects.order_by("pk")
    stale = rows.filter(state=PublicationState.SENDING, sending_since__lte=now - STALE_AFTER)
    unsure = rows.filter(state=PublicationState.UNCERTAIN, look_at__lte=now)
    return [row.pk for row in (*stale[:limit], *unsure[:limit])][:limit]


def look_for(publication_id: int) -> None:
    """Look for a post by its key: proof settles it, and so does surely-not for a dead process's.

    By then nobody is sending any more (STALE_AFTER), so what the network surely does not have can
    be sent again. An unsure one is never sent again here: a person decides.
    """
    rows = Publication.objects.select_related("account", "version__draft")
    publication = rows.filter(pk=publication_id).first()
    if publication is None:
        return
    claim = _claim_of(publication)
    receipt, able = _find(claim)
    if receipt:
        _record(outcome.record_sent, claim, receipt)
    elif publication.state == PublicationState.UNCERTAIN:
        _record(outcome.record_look, claim, found=False if able else None)
    elif able:
        _record(outcome.record_not_sent, claim, "not_sent")
    else:
        _record(outcome.record_uncertain, claim, "interrupted")


# The engine's loop


class Outbox:
    """One engine's calls under way. `cycle` never waits for a network."""

    def __init__(self, workers: int = WORKERS) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="publish")
        self._calls: dict[Future[None], Claim] = {}
        self._looks: dict[Future[None], int] = {}
        self._overdue: set[Future[None]] = set()

    def cycle(self) -> int:
        """Start what is due and can start now; return how many calls were started."""
        self._forget_finished()
        self._give_up_waiting()
        now = database_now()
        busy = {claim.account.pk for claim in self._calls.values()}
        claims = claim_due(now=now, limit=self._free(), busy=busy)
        for claim in claims:
            self._calls[self._pool.submit(_in_thread, deliver, claim)] = claim
        looked_for = set(self._looks.values())
        for publication_id in left_behind(now=now, limit=self._free()):
            if publication_id not in looked_for:
                look = self._pool.submit(_in_thread, look_for, publication_id)
                self._looks[look] = publication_id
        return len(claims)

    def close(self) -> None:
        """Wait for the calls under way; start none any more."""
        self._pool.shutdown(cancel_futures=True)

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
                _record(outcome.record_uncertain, claim, "no_answer")


def _in_thread(function: Callable[..., None], argument: Claim | int) -> None:
    try:
        function(argument)
    except Exception:
        # The row stays "sending" and is looked for like a dead process's.
        logger.exception("The outcome of a publication could not be recorded")
    finally:
        connection.close()


def publish_due(*, now: datetime | None = None, limit: int = 100) -> int:
    """Send what is due and look for what was left behind, here and one by one; returns how many.

    What the loop does with threads, for commands and tests.
    """
    now = now or database_now()
    made = 0
    # One by one: a claim that waits for others to be sent would be too old when its turn comes.
    while made < limit and (claims := claim_due(now=now, limit=1)):
        deliver(claims[0])
        made += 1
    lost = left_behind(now=now, limit=limit)
    for publication_id in lost:
        look_for(publication_id)
    return made + len(lost)
