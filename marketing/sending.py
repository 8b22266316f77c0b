"""Scheduled posts as a book of the outbox: the pause is asked twice before anything goes out.

In the claim's transaction, and again right before the call, inside the gate that a pause closes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from connectors.base import Message
from connectors.outbox import Claim, Outbox, TableBook

from . import gate
from .covering import covering
from .enums import Hold, PostState
from .models import ScheduledPost
from .services import outcome
from .services.telling import record


class Posts(TableBook):
    """The calendar's own posts on their way out."""

    noun = "Scheduled post"
    model = ScheduledPost
    due_at = "send_at"
    record_sent = staticmethod(outcome.record_sent)
    record_failed = staticmethod(outcome.record_failed)
    record_not_sent = staticmethod(outcome.record_not_sent)
    record_uncertain = staticmethod(outcome.record_uncertain)
    record_look = staticmethod(outcome.record_look)

    @transaction.atomic
    def claim(self, row_id: int, *, now: datetime) -> Claim | None:
        rows = ScheduledPost.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        post = (
            rows.select_related("account", "brand", "author")
            .filter(pk=row_id, state=PostState.QUEUED, send_at__lte=now)
            .first()
        )
        if post is None or _refused(post, now=now):
            return None
        outcome.move(
            post, PostState.SENDING, attempts=post.attempts + 1, sending_since=now, error=""
        )
        return self.claim_of(post)

    @contextmanager
    def may_send(self, claim: Claim) -> Iterator[bool]:
        with gate.inside(claim.account.brand_id):
            yield not outcome.hold_if_paused(claim.row_id, claim.attempt)

    def claim_of(self, post: ScheduledPost, /) -> Claim:
        if post.account is None:
            raise ValueError("Only what has an account is sent.")
        message = Message(post.text, post.idempotency_key, since=post.created_at)
        return Claim(post.pk, post.attempts, post.account, message)


def _refused(post: ScheduledPost, *, now: datetime) -> bool:
    """Whether it must not go out after all; then the row and its author know why."""
    account = post.account
    if pause := covering(post):
        outcome.hold(post, Hold.PAUSED, pause)
        record(post, "held")
    elif now - post.at > outcome.LATEST:
        outcome.hold_missed(post, now=now)
    elif account is None or account.brand_id != post.brand_id:
        outcome.fail(post, "account_foreign", now=now)
    elif not account.is_active:
        outcome.fail(post, "account_inactive", now=now)
    else:
        return False
    return True


# The one of this process.
OUTBOX = Outbox(Posts())
send_due = OUTBOX.publish_due
