"""Telling people, and what they have read."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Brand, User
from core import live
from core.text import clean
from notifications.models import Delivery, DeliveryState, Notice, Urgency

from .planning import plan

# Taken up in one cycle.
MOST_UNREACHED = 50

# One statement however many people: the notice once per (user, key).
# Users in order, so that two that tell the same people cannot wait for each other.
_NOTIFY = """
INSERT INTO notifications_notice
    (user_id, brand_id, key, kind, params, url, urgency, subject, created_at)
SELECT person, %(brand)s, %(key)s, %(kind)s, %(params)s, %(url)s, %(urgency)s, %(subject)s, %(now)s
FROM unnest(%(people)s::bigint[]) AS person
ORDER BY person
ON CONFLICT (user_id, key) DO NOTHING
RETURNING user_id, id
"""


def notify(  # noqa: PLR0913 - a notice is this much
    users: Iterable[User],
    *,
    key: str,
    kind: str,
    params: dict[str, Any],
    url: str,
    brand: Brand | None = None,
    urgency: Urgency = Urgency.NEWS,
    subject: str = "",
    now: datetime,
) -> set[int]:
    """Tell each of `users` once for `key`, and return the ids of those who did not know yet.

    What also goes out, by what and when, is planned by each person's own order and sent by the
    loop `send`. `url` is an address within the app; `subject` ("incident.42") is what an answer
    without signing in would be about, see `actions`, and under which the rest is called off.
    Call it in the transaction of what happened: then the news exists exactly if the fact does.
    """
    people = sorted({user.pk for user in users if user.is_active})
    if not people:
        return set()
    values: dict[str, Any] = {
        "people": people,
        "brand": brand.pk if brand else None,
        "key": key,
        "kind": kind,
        "params": json.dumps(storable(params), cls=DjangoJSONEncoder),
        "url": url,
        "urgency": urgency,
        "subject": subject,
        "now": now,
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_NOTIFY, values)
            told = dict(cursor.fetchall())
        if told:
            plan(told, kind=kind, urgency=urgency, brand_id=values["brand"], now=now)
        for person in sorted(told):
            live.publish(f"user.{person}", "notices", {"urgency": str(urgency)})
    return set(told)


def storable(params: dict[str, Any]) -> dict[str, Any]:
    """Names and titles come from outside: what jsonb cannot hold is taken out."""
    return {name: clean(v) if isinstance(v, str) else v for name, v in params.items()}


def mark_read(user: User, *, notice_id: int) -> Notice | None:
    """Mark one of the user's notices as read and return it; None if it is not theirs."""
    with transaction.atomic():
        notice = Notice.objects.visible_to(user).filter(pk=notice_id).first()
        if notice is not None:
            _read(user, Notice.objects.filter(pk=notice_id, read_at=None))
    return notice


def mark_all_read(user: User, *, until: datetime) -> int:
    """Mark as read what the user could see: nothing newer than `until`. Return how many."""
    with transaction.atomic():
        return _read(user, user.notices.filter(read_at=None, created_at__lte=until))


def _read(user: User, unread: Any) -> int:
    """Who has read a page is not rung for it any more."""
    ids = list(unread.values_list("pk", flat=True))
    changed: int = Notice.objects.filter(pk__in=ids).update(read_at=timezone.now())
    if changed:
        _drop(Delivery.objects.filter(notice__in=ids))
        # The bell on the person's other screens.
        live.publish(f"user.{user.pk}", "notices")
    return changed


@transaction.atomic
def call_off(subject: str, *, user: User | None = None) -> int:
    """Drop what is still to go out about `subject`, for everybody or for one; return how much.

    Call it in the transaction of the answer: from its commit on nothing more is sent.
    """
    about = Delivery.objects.filter(notice__subject=subject, notice__urgency=Urgency.PAGE)
    return _drop(about.filter(notice__user=user) if user else about)


def _drop(deliveries: Any) -> int:
    # In the order of the sender's own claims, so that the two cannot wait for each other.
    waiting = deliveries.filter(state=DeliveryState.QUEUED).order_by("pk")
    ids = list(waiting.select_for_update(of=("self",)).values_list("pk", flat=True))
    dropped: int = Delivery.objects.filter(pk__in=ids).update(
        state=DeliveryState.CANCELLED, send_at=None, error=""
    )
    return dropped


def unreached(beginning: str) -> list[int]:
    """The pages about such subjects that reached nobody and that nobody has taken up, by id."""
    waiting = Notice.objects.filter(
        unreached_at__isnull=False, unreached_handled_at=None, subject__startswith=beginning
    )
    return list(waiting.order_by("unreached_at").values_list("pk", flat=True)[:MOST_UNREACHED])


def handled_unreached(notice_id: int, *, now: datetime) -> Notice | None:
    """Take one of `unreached` up, in the caller's transaction; None if somebody else has."""
    mine = Notice.objects.filter(pk=notice_id, unreached_handled_at=None)
    if not mine.update(unreached_handled_at=now):
        return None
    return Notice.objects.select_related("user").get(pk=notice_id)


def subject_of(notice_id: int) -> str:
    """What a notice is about; "" if it is gone or about nothing that can be answered."""
    found = Notice.objects.filter(pk=notice_id).values_list("subject", flat=True).first()
    return found or ""
