"""The answers as a book of the outbox: what is asked again before anything goes to a person."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from connectors.base import Message
from connectors.budget import RESERVE, key
from connectors.models import Budget, ConnectedAccount
from connectors.outbox import Claim, Outbox, TableBook

from . import people
from .enums import DraftState, PublicationState
from .models import Draft
from .models_engage import Answer, AnswerRun
from .pace import gap
from .plan import order
from .services.engage import halting, outcome, waking
from .services.engage.answering import usable
from .services.publications import ask_again
from .services.rows import lock_draft

# Who comes first is asked again so often; noting that they were told wakes what waits at once.
LOOK_WHO_IS_TOLD = timedelta(minutes=1)


class Answers(TableBook):
    """Each claim asks again whether the approval stands, the run goes on and the pace is kept."""

    noun = "Answer"
    model = Answer
    # What a person sends by hand does not wait behind hundreds.
    first = (F("run_id").asc(nulls_first=True),)
    record_sent = staticmethod(outcome.record_sent)
    record_failed = staticmethod(outcome.record_failed)
    record_not_sent = staticmethod(outcome.record_not_sent)
    record_uncertain = staticmethod(outcome.record_uncertain)
    record_look = staticmethod(outcome.record_look)

    @transaction.atomic
    def claim(self, row_id: int, *, now: datetime) -> Claim | None:
        rows = Answer.objects.filter(pk=row_id)
        found = rows.values_list("version__draft", "account", "run").first()
        if found is None or not _alone(found[1], found[2]):
            return None
        draft = lock_draft(found[0])
        rows = Answer.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        row = (
            rows.select_related("account", "version", "conversation__incident__brand", "by", "run")
            .filter(pk=row_id, state=PublicationState.QUEUED, publish_at__lte=now)
            .first()
        )
        if row is None or _refused(row, draft, now=now) or _too_soon(row, now=now):
            return None
        if order.waits(row.conversation.incident, [draft]):
            waking.hold(row, until=now + LOOK_WHO_IS_TOLD)
            return None
        row.attempts += 1
        outcome.move(
            row, PublicationState.SENDING, attempts=row.attempts, sending_since=now, error=""
        )
        return self.claim_of(row)

    @contextmanager
    def may_send(self, claim: Claim) -> Iterator[bool]:
        """Of a run: not after somebody has halted it, whose button waits for calls under way."""
        run_id = Answer.objects.values_list("run", flat=True).get(pk=claim.row_id)
        if run_id is None:
            yield True
            return
        with halting.inside(run_id):
            yield not halting.cancel_if_halted(claim.row_id, claim.attempt)

    def claim_of(self, row: Answer, /) -> Claim:
        since, to = row.created_at, row.reply_to
        message = Message(row.text, row.idempotency_key, reply_to=to, since=since)
        return Claim(row.pk, row.attempts, row.account, message)


def _alone(account_id: int, run_id: int | None) -> bool:
    """Take the account for this claim, and the run before its answers, as halting does: two
    engines do not keep an account's pace twice as fast."""
    accounts = ConnectedAccount.objects.select_for_update(no_key=True, skip_locked=True)
    if accounts.filter(pk=account_id).first() is None:
        return False
    runs = AnswerRun.objects.select_for_update(no_key=True, skip_locked=True)
    return run_id is None or runs.filter(pk=run_id).first() is not None


def _refused(row: Answer, draft: Draft, *, now: datetime) -> bool:
    """Whether it must not go out after all; then the row says why."""
    if not usable(row.version, draft):
        outcome.move(row, PublicationState.CANCELLED, error="approval_fell")
        if draft.state == DraftState.APPROVED:
            # Ended, or whoever gave it may not any more: it waits for a new one.
            ask_again(draft, now=now)
    elif row.run is not None and row.run.halted_at:
        outcome.move(row, PublicationState.CANCELLED, error="halted")
    elif row.text != people.personal(row.version.text, row.name):
        outcome.fail(row, "approval_fell", now=now)
    elif not row.account.is_active:
        outcome.fail(row, "account_inactive", now=now)
    else:
        return False
    return True


def _too_soon(row: Answer, *, now: datetime) -> bool:
    """Put one of a run off, where its account answered a moment ago or has little left."""
    wait = _rest(row.account, now)
    if row.run_id:
        last = (
            Answer.objects.filter(account=row.account_id, run__isnull=False)
            .exclude(sending_since=None)
            .order_by("-sending_since")
            .values_list("sending_since", flat=True)
            .first()
        )
        after = last + gap(row.account) if last else now
        wait = max(wait, after)
    if wait <= now:
        return False
    Answer.objects.filter(pk=row.pk).update(publish_at=wait)
    return True


def _rest(account: ConnectedAccount, now: datetime) -> datetime:
    """When the network lets us go on, by its own word; `now` if it does."""
    known = Budget.objects.filter(pk=key(account.network, account.pk)).first()
    if known is None:
        return now
    until = known.wait_until or now
    least = known.limit * RESERVE
    if known.limit and known.left <= least and known.resets_at:
        until = max(until, known.resets_at)
    # A network's word is followed for an hour, then it is asked.
    return min(until, now + timedelta(hours=1))


# The one of this process.
OUTBOX = Outbox(Answers())
answer_due = OUTBOX.publish_due
