"""Scheduled posts as a book of the outbox: the pause is asked twice before anything goes out.

In the claim's transaction, and again right before the call, inside the gate that a pause closes.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from connectors.base import Message
from connectors.outbox import STALE_AFTER, Book, Claim, Outbox

from . import gate
from .covering import covering
from .enums import Hold, PostState
from .models import ScheduledPost
from .services import outcome
from .services.telling import record


class Posts(Book):
    """The calendar's own posts on their way out."""

    noun = "Scheduled post"
    record_sent = staticmethod(outcome.record_sent)
    record_failed = staticmethod(outcome.record_failed)
    record_not_sent = staticmethod(outcome.record_not_sent)
    record_uncertain = staticmethod(outcome.record_uncertain)
    record_look = staticmethod(outcome.record_look)

    def due(self, *, now: datetime, busy: Collection[int], limit: int) -> Iterable[tuple[int, int]]:
        return (
            ScheduledPost.objects.filter(
                state=PostState.QUEUED, send_at__lte=now, account__isnull=False
            )
            .exclude(account_id__in=busy)
            .order_by("send_at", "pk")
            .values_list("pk", "account_id")[:limit]
        )

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
        return _claim_of(post)

    @contextmanager
    def may_send(self, claim: Claim) -> Iterator[bool]:
        with gate.inside(claim.account.brand_id):
            yield not outcome.hold_if_paused(claim.row_id, claim.attempt)

    def postpone(self, row_id: int, *, until: datetime) -> None:
        queued = ScheduledPost.objects.filter(pk=row_id, state=PostState.QUEUED)
        queued.update(send_at=until)

    def left_behind(self, *, now: datetime, limit: int) -> list[int]:
        rows = ScheduledPost.objects.order_by("pk")
        stale = rows.filter(state=PostState.SENDING, sending_since__lte=now - STALE_AFTER)
        unsure = rows.filter(state=PostState.UNCERTAIN, look_at__lte=now)
        return [row.pk for row in (*stale[:limit], *unsure[:limit])][:limit]

    def unfinished(self, row_id: int) -> tuple[Claim, bool] | None:
        post = ScheduledPost.objects.select_related("account").filter(pk=row_id).first()
        return (_claim_of(post), post.state == PostState.UNCERTAIN) if post else None


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


def _claim_of(post: ScheduledPost) -> Claim:
    if post.account is None:
        raise ValueError("Only what has an account is sent.")
    message = Message(post.text, post.idempotency_key, since=post.created_at)
    return Claim(post.pk, post.attempts, post.account, message)


# The one of this process.
OUTBOX = Outbox(Posts())
send_due = OUTBOX.publish_due
