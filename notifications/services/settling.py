"""What became of a delivery, and what follows from it for the person."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from core import live
from core.clock import database_now
from core.text import clean
from notifications import events
from notifications.channels.base import Failed, Gone
from notifications.enums import DeliveryState, Trouble, Urgency
from notifications.models import Address, Delivery, Notice

# Seconds until the next attempt, after the first, the second …; after the last it has failed.
PAUSES = (5, 15, 45, 120, 300, 600)
ATTEMPTS = len(PAUSES) + 1


def sent(parcel: Sequence[Delivery]) -> None:
    _settle(parcel, DeliveryState.SENT)
    addresses = {each.address_id for each in parcel if each.address_id}
    Address.objects.filter(pk__in=addresses).exclude(failed_at=None).update(
        failed_at=None, error=""
    )


def kept(parcel: Sequence[Delivery], trouble: Trouble) -> None:
    """It stays in the app; that is no failure, but the person's next way is used at once."""
    with _held(parcel):
        _settle(parcel, DeliveryState.KEPT, trouble)
        for notice_id in _notices(parcel):
            _next_way(notice_id)


def failed(parcel: Sequence[Delivery], error: Failed) -> None:
    """It never will be sent there: the next way at once. A device that is gone is forgotten."""
    gone = isinstance(error, Gone)
    with _held(parcel):
        _settle(parcel, DeliveryState.FAILED, Trouble.GONE if gone else str(error))
        for address in {each.address_id for each in parcel if each.address_id}:
            if gone:
                Address.objects.filter(pk=address).delete()
            elif str(error) not in Trouble.values:  # those are ours, not the address's
                words = clean(str(error))[:300]
                Address.objects.filter(pk=address).update(failed_at=database_now(), error=words)
        _otherwise(parcel)


def postponed(parcel: Sequence[Delivery], error: str) -> None:
    """Tried again after a while, and by the person's next way at once."""
    with _held(parcel):
        for delivery in parcel:
            _postpone(delivery, error)
        _otherwise(parcel)


def _postpone(delivery: Delivery, error: str) -> None:
    if delivery.attempts > len(PAUSES):
        _settle([delivery], DeliveryState.FAILED, error)
        return
    pause = timedelta(seconds=PAUSES[delivery.attempts - 1])
    mine = Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim)
    mine.filter(state=DeliveryState.QUEUED).update(
        send_at=database_now() + pause, claim="", error=clean(error)[:300]
    )


def pass_over(provider: str, *, now: datetime, until: timedelta, most: int) -> int:
    """Let what is due at a provider that is down go by the person's other ways.

    What has no other way waits for the provider; the person is then reached by nothing for now.
    """
    due = Delivery.objects.due(now).filter(provider=provider).order_by("send_at")
    found = list(due.select_related("notice")[:most])
    with _held(found):
        # Another sender may have been quicker.
        still = set(due.filter(pk__in=[each.pk for each in found]).values_list("pk", flat=True))
        parcel = [each for each in found if each.pk in still]
        other = _with_another_way(parcel)
        for delivery in parcel:
            passed = delivery.notice_id in other
            delivery.state = DeliveryState.PASSED if passed else DeliveryState.QUEUED
            delivery.send_at = None if passed else now + until
            delivery.error, delivery.claim = Trouble.DOWN, ""
        Delivery.objects.bulk_update(parcel, ["state", "send_at", "error", "claim"])
        _otherwise(parcel)
    return len(parcel)


def _with_another_way(parcel: Sequence[Delivery]) -> set[int | None]:
    """The notices that have gone out otherwise, or still will for the first time."""
    mine = [each.pk for each in parcel]
    others = Delivery.objects.filter(notice__in=[each.notice_id for each in parcel])
    alive = Q(state=DeliveryState.SENT) | Q(state=DeliveryState.QUEUED, attempts=0)
    return set(others.exclude(pk__in=mine).filter(alive).values_list("notice", flat=True))


@contextmanager
def _held(parcel: Sequence[Delivery]) -> Iterator[None]:
    """One transaction for an outcome and for what follows from it: a sender that dies between the
    two would leave somebody waiting who can be reached otherwise.

    Notices are locked first, then their deliveries, as by whoever reads a page, each in order.
    """
    with transaction.atomic():
        ids = _notices(parcel)
        notices = Notice.objects.filter(pk__in=ids).order_by("pk")
        list(notices.select_for_update(no_key=True).values_list("pk"))
        deliveries = Delivery.objects.filter(notice_id__in=ids).order_by("pk")
        list(deliveries.select_for_update().values_list("pk"))
        yield


def _notices(parcel: Iterable[Delivery]) -> list[int]:
    return sorted({each.notice_id for each in parcel if each.notice_id})


def _otherwise(parcel: Iterable[Delivery]) -> None:
    """Try these people by their next way at once; where there is none left, say so."""
    for notice_id in _notices(parcel):
        notice = Notice.objects.filter(pk=notice_id).first()
        # It may have been taken back meanwhile.
        if notice is None or notice.urgency != Urgency.PAGE or notice.read_at:
            continue
        if not _next_way(notice_id) and not _on_its_way(notice_id):
            _unreached(notice)
        live.publish(f"user.{notice.user_id}", "notices")


def _next_way(notice_id: int) -> bool:
    """Make the next way that was not used yet due; False if there is none."""
    fresh = Delivery.objects.filter(notice=notice_id, state=DeliveryState.QUEUED, attempts=0)
    following = fresh.exclude(error=Trouble.DOWN).order_by("step", "pk").first()
    if following is None:
        return False
    now = database_now()
    Delivery.objects.filter(pk=following.pk, attempts=0, send_at__gt=now).update(send_at=now)
    return True


def _on_its_way(notice_id: int) -> bool:
    """Whether it has reached a provider, or is being handed to one for the first time."""
    first = Q(state=DeliveryState.QUEUED, attempts=1) & ~Q(claim="")
    return (
        Delivery.objects.filter(notice=notice_id)
        .filter(Q(state=DeliveryState.SENT) | first)
        .exists()
    )


def _unreached(notice: Notice) -> None:
    """Once: the room that paged goes on at once; it finds the row, whatever becomes of the news."""
    if notice.unreached_at is None:
        now = database_now()
        # What is about nothing that goes on has nobody to take it up.
        handled = None if notice.subject else now
        mine = Notice.objects.filter(pk=notice.pk)
        mine.update(unreached_at=now, unreached_handled_at=handled)
        events.page_unreached.announce(notice_id=notice.pk)


def _settle(parcel: Sequence[Delivery], state: DeliveryState, error: str = "") -> None:
    """Record the outcome of those whose claim still holds: else it is another sender's to record.

    What was called off while it was on its way has been sent all the same.
    """
    now = database_now() if state == DeliveryState.SENT else None
    with transaction.atomic():
        for delivery in sorted(parcel, key=lambda each: each.pk):
            mine = Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim)
            mine = mine if now and delivery.claim else mine.filter(state=DeliveryState.QUEUED)
            mine.update(
                state=state, send_at=None, sent_at=now, claim="", error=clean(str(error))[:300]
            )
        for person in sorted({each.notice.user_id for each in parcel if each.notice}):
            live.publish(f"user.{person}", "notices")
        for notice in {each.notice_id for each in parcel if each.notice and each.notice.subject}:
            events.page_settled.announce(notice_id=notice)
