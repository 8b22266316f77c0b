"""Sending what is due, at least once, a provider at a time.

A delivery is claimed in one short transaction: its due time becomes the end of a lease, and a
claim of its own tells whose it is. It is sent outside of any transaction, while a thread renews
the lease; then the outcome is recorded under the same claim. A killed sender stops renewing, and
three seconds later somebody else takes over: the message may go out twice, under the same
reference, but it goes out. Just before it goes, it is looked at once more: an answer that has
committed calls it off.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import F

from accounts.models import Membership
from core.clock import database_now
from notifications.carriers import CARRIERS
from notifications.channels import push, relay, webhook
from notifications.channels.base import Letter, TryLater, Undeliverable
from notifications.channels.email import Mailer, configured
from notifications.enums import DeliveryState, Means, Trouble, Urgency
from notifications.models import Delivery

from . import circuits, settling
from .letters import letter_of
from .sealing import unseal
from .settling import ATTEMPTS

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=3)
BATCH = 20
# News of one person that one message takes along.
BUNDLE = 200
EMAIL = "email"
Parcel = list[Delivery]


def send_due(now: datetime) -> int:
    """Send one batch of each provider that has something due; return how many were worked on."""
    return sum(send_by(provider, now) for provider in providers_due(now))


def providers_due(now: datetime) -> list[str]:
    due = Delivery.objects.due(now).order_by().values_list("provider", flat=True)
    return sorted(set(due.distinct()))


def send_by(provider: str, now: datetime) -> int:
    """Send one batch of what is due at this provider."""
    if provider == EMAIL and not configured():
        return _keep(now)
    worked = _give_up_interrupted(provider, now)
    most = circuits.admitted(provider, BATCH)
    if not most:
        span = circuits.PROBE_EVERY
        return worked + settling.pass_over(provider, now=now, until=span, most=BATCH)
    claim = uuid4().hex
    claimed = _claim(claim, provider, now, most)
    if not claimed:
        return worked
    with _renewed(claim), Mailer() as mailer:
        for parcel in _parcels(claimed):
            _attempt(parcel, mailer)
    return worked + len(claimed)


def _keep(now: datetime) -> int:
    """Without a mail server the notice stays in the app, which says so."""
    due = Delivery.objects.due(now).filter(provider=EMAIL).order_by("send_at")
    waiting = list(due.select_related("notice")[:BUNDLE])
    settling.kept(waiting, Trouble.NO_SERVER)
    return len(waiting)


def _claim(claim: str, provider: str, now: datetime, most: int) -> Parcel:
    """Claim what is due, and with a person's news all that waits to be told them together."""
    with transaction.atomic():
        waiting = Delivery.objects.waiting().filter(provider=provider)
        due = waiting.due(now).select_for_update(skip_locked=True, of=("self",))
        ids = list(due.order_by("send_at").values_list("pk", flat=True)[:most])
        news = Delivery.objects.filter(pk__in=ids, notice__urgency=Urgency.NEWS)
        people = list(news.values_list("notice__user", flat=True))
        if people:
            along = waiting.filter(notice__user__in=people, notice__urgency=Urgency.NEWS, claim="")
            locked = along.select_for_update(skip_locked=True, of=("self",))
            ids += list(locked.order_by("pk").values_list("pk", flat=True)[:BUNDLE])
        Delivery.objects.filter(pk__in=ids).update(
            claim=claim, send_at=now + LEASE, attempts=F("attempts") + 1
        )
    return list(
        Delivery.objects.filter(pk__in=ids, claim=claim)
        .select_related(
            "notice__user__notice_preference", "notice__brand", "address", "broadcast__channel"
        )
        .order_by("notice__created_at", "pk")
    )


def _parcels(claimed: Parcel) -> list[Parcel]:
    """What is sent as one message: each page by itself, a person's news to one address together."""
    found: dict[object, Parcel] = {}
    for delivery in claimed:
        notice = delivery.notice
        news = notice is not None and notice.urgency == Urgency.NEWS
        same = (notice.user_id, delivery.address_id) if notice and news else delivery.pk
        found.setdefault(same, []).append(delivery)
    return list(found.values())


def _give_up_interrupted(provider: str, now: datetime) -> int:
    """Park what has used up its attempts without an outcome: it may be what kills the sender."""
    due = Delivery.objects.due(now).filter(provider=provider, attempts__gte=ATTEMPTS)
    spent = list(due.select_related("notice")[:BATCH])
    settling.failed(spent, Undeliverable(Trouble.INTERRUPTED))
    return len(spent)


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
            # What is settled, called off or put off is not touched.
            mine = Delivery.objects.filter(claim=claim, state=DeliveryState.QUEUED)
            mine.update(send_at=database_now() + LEASE)
    except Exception:
        # A lost lease means a doubled letter at worst.
        logger.exception("The lease of %s was not renewed", claim)
    finally:
        connection.close()


def _attempt(parcel: Parcel, mailer: Mailer) -> None:
    """Send one parcel and record the outcome. Whatever one does, the next one gets its turn."""
    provider = parcel[0].provider
    try:
        parcel = _still_wanted(parcel)
        if not parcel:
            return
        place = _send(parcel[0], letter_of(parcel), mailer)
    except TryLater as error:
        circuits.failed(provider, error=str(error), place=error.place)
        settling.postponed(parcel, str(error))
    except Undeliverable as error:
        settling.failed(parcel, error)
    except Exception as error:
        logger.exception("Delivery %s could not be sent", parcel[0].pk)
        settling.postponed(parcel, type(error).__name__)
    else:
        settling.sent(parcel)
        circuits.succeeded(provider, place=place)


def _still_wanted(parcel: Parcel) -> Parcel:
    """Without what was called off meanwhile, and what the person may not read any more."""
    claim = parcel[0].claim
    queued = Delivery.objects.filter(claim=claim, state=DeliveryState.QUEUED)
    alive = set(queued.filter(pk__in=[each.pk for each in parcel]).values_list("pk", flat=True))
    parcel = [each for each in parcel if each.pk in alive]
    barred = [each for each in parcel if not _may_read(each)]
    if barred:
        settling.kept(barred, Trouble.LEFT)
    return [each for each in parcel if each not in barred]


def _may_read(delivery: Delivery) -> bool:
    """Whether the person still belongs to the brand: rights may end while a letter waits."""
    notice = delivery.notice
    if notice is None:
        return True
    if not notice.user.is_active:
        return False
    if notice.brand_id is None:
        return True
    return Membership.objects.filter(user=notice.user_id, brand=notice.brand_id).exists()


def _send(delivery: Delivery, letter: Letter, mailer: Mailer) -> str:
    """Hand it to its provider and return the place that was called."""
    if delivery.broadcast is not None:
        return _to_channel(delivery, letter)
    if delivery.address is None:
        if delivery.channel != Means.EMAIL:
            raise Undeliverable(Trouble.REMOVED)
        return mailer.send(letter)
    content = unseal(delivery.address)
    if delivery.channel == Means.PUSH:
        return push.send(content, letter)
    return relay.send(CARRIERS[delivery.address.service].url(content["to"]), letter)


def _to_channel(delivery: Delivery, letter: Letter) -> str:
    assert delivery.broadcast is not None  # noqa: S101 - asked by the only caller
    channel = delivery.broadcast.channel
    content = unseal(channel)
    if channel.means == Means.WEBHOOK:
        return webhook.send(content["to"], content["secret"], letter)
    return relay.send(CARRIERS[channel.service].url(content["to"]), letter)
