"""What goes out of the app for a notice, planned in the transaction that writes it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, Min, Q

from notifications import duty
from notifications.enums import Urgency
from notifications.messages import is_loud
from notifications.models import Delivery, DeliveryState
from notifications.order import Listener, Place, ways

# People with all that their order depends on: one query, inside somebody else's transaction.
_LISTENERS = """
SELECT person.id, person.time_zone, wish.quiet_from, wish.quiet_until,
    coalesce(wish.hold_pages, false), coalesce(wish.bundle_minutes, 5),
    (SELECT jsonb_agg(jsonb_build_array(place.id, place.means, place.provider) ORDER BY place.id)
     FROM notifications_address AS place
     WHERE place.user_id = person.id AND place.verified_at IS NOT NULL),
    (SELECT jsonb_agg(
        jsonb_build_object('starts', rule.starts, 'ends', rule.ends, 'steps', rule.steps)
        ORDER BY rule.starts NULLS LAST, rule.id)
     FROM notifications_rule AS rule
     WHERE rule.user_id = person.id AND rule.urgency = %s)
FROM accounts_user AS person
LEFT JOIN notifications_preference AS wish ON wish.user_id = person.id
WHERE person.id = ANY(%s)
"""
# Bundles older than this say nothing about the next one: the longest wait is half a day.
_LOOK_BACK = timedelta(hours=13)


def plan(
    notices: Mapping[int, int], *, kind: str, urgency: str, brand_id: int | None, now: datetime
) -> int:
    """Write the deliveries of new notices, {person: notice}; return how many."""
    people = listeners(list(notices), urgency=urgency, brand_id=brand_id, now=now)
    loud = is_loud(kind)
    rows = [
        Delivery(
            notice_id=notices[person.user],
            channel=way.means,
            provider=way.provider,
            address_id=way.address,
            step=way.step,
            send_at=way.at,
        )
        for person in people
        for way in ways(person, urgency, loud=loud, now=now)
    ]
    Delivery.objects.bulk_create(rows)
    return len(rows)


def listeners(
    user_ids: list[int], *, urgency: str, brand_id: int | None, now: datetime
) -> list[Listener]:
    """What is known of these people, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTENERS, [urgency, user_ids])
        rows = sorted(cursor.fetchall())
    news = _next_news(rows, urgency=urgency, now=now)
    holding = [row[0] for row in rows if row[4]] if urgency == Urgency.PAGE else []
    on_duty = duty.on_duty(holding, brand_id, now) if holding else set()
    return [
        Listener(
            user=user,
            zone=zone,
            places=[Place(*each) for each in _json(places)],
            rules=_json(rules),
            quiet=(quiet_from, until) if quiet_from and until else None,
            holds_pages=holds,
            on_duty=user in on_duty or user not in holding,
            news_at=news.get(user),
        )
        for user, zone, quiet_from, until, holds, _minutes, places, rules in rows
    ]


def _json(value: Any) -> list[Any]:
    return json.loads(value) if isinstance(value, str) else value or []


def _next_news(rows: list[Any], *, urgency: str, now: datetime) -> dict[int, datetime]:
    """When each person's next bundle goes out: the one that waits, or a while after the last."""
    if urgency == Urgency.PAGE or not any(rules for *_rest, rules in rows):
        return {}
    minutes = {row[0]: timedelta(minutes=row[5]) for row in rows}
    waiting = Q(state=DeliveryState.QUEUED)
    recent = (
        Delivery.objects.filter(notice__user__in=minutes, notice__urgency=Urgency.NEWS)
        .filter(waiting | Q(sent_at__gt=now - _LOOK_BACK))
        .values_list("notice__user")
        .annotate(next=Min("send_at", filter=waiting), last=Max("sent_at"))
    )
    return {
        user: following or last + minutes[user]
        for user, following, last in recent
        if following or last
    }
