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
from notifications.models import Notice, Urgency

# One statement however many people: the notice once per (user, key), and for a page its e-mail.
# Users in order, so that two that tell the same people cannot wait for each other.
_NOTIFY = """
WITH told AS (
    INSERT INTO notifications_notice
        (user_id, brand_id, key, kind, params, url, urgency, subject, created_at)
    SELECT person, %(brand)s, %(key)s, %(kind)s, %(params)s, %(url)s, %(urgency)s, %(subject)s,
        %(now)s
    FROM unnest(%(people)s::bigint[]) AS person
    ORDER BY person
    ON CONFLICT (user_id, key) DO NOTHING
    RETURNING id, user_id
), queued AS (
    INSERT INTO notifications_delivery
        (notice_id, channel, provider, step, state, attempts, send_at, error, claim)
    SELECT id, 'email', 'email', 0, 'QUEUED', 0, %(now)s, '', ''
    FROM told WHERE %(urgency)s = 'PAGE'
)
SELECT user_id FROM told ORDER BY user_id
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

    A page also goes out by e-mail, sent by the loop `send`. `url` is an address within the app.
    Call it in the transaction of what happened: then the news exists exactly if the fact does.
    """
    people = sorted({user.pk for user in users if user.is_active})
    if not people:
        return set()
    values = {
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
            told = {row[0] for row in cursor.fetchall()}
        for person in sorted(told):
            live.publish(f"user.{person}", "notices", {"urgency": str(urgency)})
    return told


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
    changed: int = unread.update(read_at=timezone.now())
    if changed:
        # The bell on the person's other screens.
        live.publish(f"user.{user.pk}", "notices")
    return changed
