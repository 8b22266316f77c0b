"""Sending what is due, at least once.

A delivery is claimed in one short transaction: its due time becomes the end of a lease, and a
claim of its own tells whose it is. It is sent outside of any transaction, while a thread renews
the lease; then the outcome is recorded under the same claim. A killed sender stops renewing, and
three seconds later somebody else takes over: the letter may go out twice, under the same
Message-ID, but it goes out.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from accounts.models import Membership
from accounts.reading import reading_as
from core import live
from core.clock import database_now
from core.text import clean
from notifications.channels.base import Letter, TryLater, Undeliverable
from notifications.channels.email import Mailer, configured
from notifications.messages import tell
from notifications.models import Delivery, DeliveryState, Trouble

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=3)
BATCH = 20
# Seconds until the next attempt, after the first, the second …; after the last it has failed.
PAUSES = (5, 15, 45, 120, 300, 600)
ATTEMPTS = len(PAUSES) + 1


def send_due(now: datetime) -> int:
    """Send one batch of what is due; return how many deliveries were settled or tried."""
    if not configured():
        return _keep(now)
    given_up = _give_up_interrupted(now)
    claim = uuid4().hex
    claimed = _claim(claim, now)
    if not claimed:
        return given_up
    with _renewed(claim), Mailer() as mailer:
        for delivery in claimed:
            _attempt(delivery, mailer)
    return given_up + len(claimed)


def _keep(now: datetime) -> int:
    """Without a mail server the notice stays in the app, which says so."""
    with transaction.atomic():
        due = (
            Delivery.objects.due(now)
            .filter(provider="email")
            .select_for_update(skip_locked=True, of=("self",))
        )
        waiting = dict(due.values_list("pk", "notice__user_id"))
        kept = Delivery.objects.filter(pk__in=waiting)
        kept.update(state=DeliveryState.KEPT, send_at=None, error=Trouble.NO_SERVER)
        _refresh_inboxes(waiting.values())
    return len(waiting)


def _claim(claim: str, now: datetime) -> list[Delivery]:
    with transaction.atomic():
        due = (
            Delivery.objects.due(now)
            .filter(provider="email")
            .select_for_update(skip_locked=True)
            .order_by("send_at")
        )
        ids = list(due.values_list("pk", flat=True)[:BATCH])
        Delivery.objects.filter(pk__in=ids).update(
            claim=claim, send_at=now + LEASE, attempts=F("attempts") + 1
        )
    return list(
        Delivery.objects.filter(pk__in=ids, claim=claim)
        .select_related("notice__user", "notice__brand")
        .order_by("notice__created_at", "pk")
    )


def _give_up_interrupted(now: datetime) -> int:
    """Park what has used up its attempts without an outcome: it may be what kills the sender."""
    spent = Delivery.objects.due(now).filter(attempts__gte=ATTEMPTS)
    return spent.update(state=DeliveryState.FAILED, send_at=None, error=Trouble.INTERRUPTED)


@contextmanager
def _renewed(claim: str) -> Iterator[None]:
    """Renew the lease each second until the batch is done, however slow the server is."""
    done = threading.Event()
    thread = threading.Thread(target=_renew, args=(claim, done), name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _renew(claim: str, done: threading.Event) -> None:
    try:
        while not done.wait(1):
            # What is settled or put off has lost its claim already.
            Delivery.objects.filter(claim=claim).update(send_at=database_now() + LEASE)
    except Exception:
        # A lost lease means a doubled letter at worst.
        logger.exception("The lease of %s was not renewed", claim)
    finally:
        connection.close()


def _attempt(delivery: Delivery, mailer: Mailer) -> None:
    """Send one and record the outcome. Whatever one row does, the next one gets its turn."""
    try:
        if not _may_read(delivery):
            _settle(delivery, state=DeliveryState.KEPT, error=Trouble.LEFT)
            return
        mailer.send(_letter(delivery))
    except TryLater as error:
        _postpone(delivery, str(error))
    except Undeliverable as error:
        _settle(delivery, state=DeliveryState.FAILED, error=str(error))
    except Exception as error:
        logger.exception("Delivery %s could not be sent", delivery.pk)
        _postpone(delivery, type(error).__name__)
    else:
        _settle(delivery, state=DeliveryState.SENT, error="")


def _may_read(delivery: Delivery) -> bool:
    """Whether the person still belongs to the brand: rights may end while a letter waits."""
    notice = delivery.notice
    if not notice.user.is_active:
        return False
    if notice.brand_id is None:
        return True
    return Membership.objects.filter(user=notice.user_id, brand=notice.brand_id).exists()


def _letter(delivery: Delivery) -> Letter:
    notice = delivery.notice
    with reading_as(notice.user):
        told = tell(notice.kind, notice.params)
    return Letter(
        reference=f"delivery-{delivery.pk}",
        recipient=notice.user.email,
        subject=told.title,
        text=told.body,
        url=f"{settings.PUBLIC_URL}{notice.url}",
    )


def _postpone(delivery: Delivery, error: str) -> None:
    if delivery.attempts > len(PAUSES):
        _settle(delivery, state=DeliveryState.FAILED, error=error)
        return
    pause = timedelta(seconds=PAUSES[delivery.attempts - 1])
    mine = Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim)
    mine.update(send_at=database_now() + pause, claim="", error=clean(error)[:300])


def _settle(delivery: Delivery, *, state: DeliveryState, error: str) -> None:
    """Record the outcome, unless the claim was lost: then it is another sender's to record."""
    sent_at = database_now() if state == DeliveryState.SENT else None
    with transaction.atomic():
        mine = Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim)
        settled = mine.update(
            state=state, send_at=None, sent_at=sent_at, claim="", error=clean(error)[:300]
        )
        if settled and state == DeliveryState.FAILED:
            _refresh_inboxes([delivery.notice.user_id])


def _refresh_inboxes(people: Iterable[int]) -> None:
    for person in sorted(set(people)):
        live.publish(f"user.{person}", "notices")
