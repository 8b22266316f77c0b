"""What a channel is told: a team's chat, or another program."""

import json
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from accounts.models import Brand

from .inbox import storable

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
