"""Channels: a team's chat or another program. Added, tried, removed, and what they are told."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from core import signatures
from core.errors import Conflict, Refused
from core.text import clean
from notifications.carriers import SHARED, carrier, hint
from notifications.channels.relay import BadAddress
from notifications.enums import Means
from notifications.models import Channel

from .inbox import storable
from .sealing import seal

# The broadcast once per (channel, key), and its delivery with it. A channel that is gone, or of
# another brand, is told nothing.
_TELL = """
WITH told AS (
    INSERT INTO notifications_broadcast (channel_id, key, kind, params, url, created_at)
    SELECT id, %(key)s, %(kind)s, %(params)s, %(url)s, %(now)s
    FROM notifications_channel WHERE id = %(channel)s AND brand_id = %(brand)s
    ON CONFLICT (channel_id, key) DO NOTHING
    RETURNING id, channel_id
)
INSERT INTO notifications_delivery
    (broadcast_id, channel, provider, step, state, attempts, send_at, error, claim)
SELECT told.id, channel.means, channel.provider, 0, 'QUEUED', 0, %(now)s, '', ''
FROM told JOIN notifications_channel AS channel ON channel.id = told.channel_id
RETURNING id
"""


def notify_channel(  # noqa: PLR0913 - a notice is this much
    channel_id: int,
    *,
    key: str,
    kind: str,
    params: dict[str, Any],
    url: str,
    brand: Brand,
    now: datetime,
) -> bool:
    """Tell the brand's channel once for `key`; False if it knew, is gone or is another brand's.

    Call it in the transaction of what happened; the loop `send` sends it.
    """
    values: dict[str, Any] = {
        "channel": channel_id,
        "brand": brand.pk,
        "key": key,
        "kind": kind,
        "params": json.dumps(storable(params), cls=DjangoJSONEncoder),
        "url": url,
        "now": now,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TELL, values)
        return cursor.fetchone() is not None


@transaction.atomic
def add_channel(  # noqa: PLR0913 - what a channel is
    brand: Brand,
    service: str,
    typed: str,
    *,
    name: str,
    language: str,
    by: User,
    now: datetime,
) -> tuple[Channel, str]:
    """Add a channel; a webhook's signing secret is also returned, and cannot be read again."""
    require(by, Permission.MANAGE_BRAND, brand)
    found = carrier(service) if service in SHARED else None
    if found is None:
        raise Refused(_("This kind of address is not supported."))
    try:
        tidied = found.tidy(clean(typed))
        provider = _host(tidied) if found.means == Means.WEBHOOK else found.provider(tidied)
    except BadAddress as error:
        raise Refused(str(error)) from error
    channel = Channel(
        brand=brand,
        name=clean(name).strip()[:80],
        service=service,
        means=found.means,
        hint=clean(hint(found, tidied))[:120],
        provider=provider,
        language=language,
        created_at=now,
    )
    _save(channel)
    secret = signatures.new_secret() if found.means == Means.WEBHOOK else ""
    seal(channel, {"to": tidied, "secret": secret})
    audit.record("channel.added", actor=by, brand=brand, subject=channel.name, kind=service)
    return channel, secret


def _save(channel: Channel) -> None:
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError:
        raise Conflict(_("There is a channel of this name already.")) from None


def _host(url: str) -> str:
    return f"webhook:{urlsplit(url).hostname}"[:100]


@transaction.atomic
def remove_channel(channel_id: int, *, by: User) -> Channel:
    """Remove a channel: steps that tell it are passed from now on."""
    channel = Channel.objects.visible_to(by).select_related("brand").get(pk=channel_id)
    require(by, Permission.MANAGE_BRAND, channel.brand)
    audit.record("channel.removed", actor=by, brand=channel.brand, subject=channel.name)
    channel.delete()
    return channel


@transaction.atomic
def try_channel(channel_id: int, *, by: User, now: datetime) -> None:
    """Tell a channel that this is a test."""
    channel = Channel.objects.visible_to(by).select_related("brand").get(pk=channel_id)
    require(by, Permission.MANAGE_BRAND, channel.brand)
    notify_channel(
        channel.pk,
        key=f"try.{int(now.timestamp()) // 10}",
        kind="notifications.ring",
        params={"address": channel.name},
        url=reverse("notifications:channels"),
        brand=channel.brand,
        now=now,
    )
