"""Which mentions people have seen: those are asked after once a day, where networks stay silent.

Noted where pages and the API show mentions; whoever shows a mention again notes nothing.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from django.db import connection

from monitoring import kinds

# A week after they were last shown, nobody is asked about them any more.
KEPT = timedelta(days=7)
# Ids that this process noted, and when: noting again within an hour would change nothing that
# matters.
_REMEMBERED = 20_000
_AGAIN = timedelta(hours=1)
_NOTE = """
INSERT INTO monitoring_shownmention AS s (mention_id, published_at, source_id, shown_at, asked_at)
SELECT m.id, m.published_at, m.source_id, %(now)s, %(now)s
FROM monitoring_mention AS m JOIN monitoring_source AS source ON source.id = m.source_id
WHERE m.id = ANY(%(ids)s) AND m.published_at BETWEEN %(first)s AND %(last)s
    AND source.kind = ANY(%(kinds)s) AND m.gone_at IS NULL
ON CONFLICT (mention_id) DO UPDATE SET shown_at = excluded.shown_at
"""


class Shown(Protocol):
    """A mention, or a row of a list that stands for one."""

    @property
    def id(self) -> int: ...

    @property
    def published_at(self) -> datetime: ...


def note(mentions: Iterable[Shown], *, now: datetime) -> None:
    """Remember that these were shown to somebody."""
    fresh = _unknown(mentions, now)
    looked_up = kinds.looked_up()
    if not fresh or not looked_up:
        return
    times = [each.published_at for each in fresh]
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "ids": [each.id for each in fresh],
                "first": min(times),
                "last": max(times),
                "kinds": looked_up,
                "now": now,
            },
        )


def _unknown(mentions: Iterable[Shown], now: datetime) -> list[Shown]:
    found = []
    with _lock:
        for each in mentions:
            noted_at = _noted.get(each.id)
            if noted_at is None or not timedelta(0) <= now - noted_at < _AGAIN:
                found.append(each)
                _noted[each.id] = now
                _noted.move_to_end(each.id)
        while len(_noted) > _REMEMBERED:
            _noted.popitem(last=False)
    return found


_lock = Lock()
_noted: "OrderedDict[int, datetime]" = OrderedDict()
