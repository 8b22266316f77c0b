"""A war room with a long history and a full house: its cost, and how soon all see an answer."""

import asyncio
import functools
import gzip
import json
import re
import statistics
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from .figures import Measured, figure
from .pages import _milliseconds, _people_and_incident
from .serving import serving

ENTRIES, MENTIONS = 20_000, 500_000
PAGES = 200
ROUNDS = 5
KILOBYTES = 1024.0

_LOG = """
INSERT INTO incidents_timelineentry (incident_id, number, at, kind, params, text)
SELECT %(incident)s, n, %(first)s::timestamptz + n * interval '100 milliseconds',
    (ARRAY['NOTE','NOTE','SIGNAL','DECISION'])[1 + n %% 4],
    CASE WHEN n %% 4 = 2 THEN '{"code": "mention", "author": "somebody"}'::jsonb ELSE '{}' END,
    'Line ' || n || ' of a long log, of some length as people write them in a hurry.'
FROM generate_series(%(from)s::int, %(to)s::int) AS n
"""
_MENTIONS = """
INSERT INTO monitoring_mention (brand_id, source_id, external_id, network, author, title, text,
    url, lang, published_at, received_at, reach, sentiment, sentiment_score, confidence,
    crisis_type)
SELECT %(brand)s, 1, 'room-' || n, (ARRAY['x', 'facebook', 'tiktok'])[1 + n %% 3],
    'person' || (n * 7919) %% 50000, '', 'Number ' || n || ' is broken.',
    'https://example.org/' || n, 'en', at, at, (n * 104729) %% 20000, 'negative', 0, 0.9, 'none'
FROM (SELECT n, %(now)s::timestamptz - n * interval '40 minutes' / %(count)s AS at
    FROM generate_series(1::bigint, %(count)s::bigint) AS n) AS made
"""


@figure(
    "war room with 20,000 entries and 500,000 mentions, server time",
    unit="CPU ms", must="<= 1.3", issue=4,
)  # fmt: skip
def long_room() -> Measured:
    return _filled()[0]


@figure("war room, page with all assets compressed", unit="KB", must="<= 1", issue=4)
def weight() -> Measured:
    """The page of the full incident, its styles, scripts, icons and type, each as it is served."""
    return Measured(_filled()[1], 170.0)


@functools.cache
def _filled() -> tuple[Measured, float]:
    """The same room before and after it was filled, the median of some rounds each."""
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    room, session = _people_and_incident()
    empty = statistics.median(_milliseconds(room, session) for _round in range(ROUNDS))
    _fill(room)
    full = statistics.median(_milliseconds(room, session) for _round in range(ROUNDS))
    return Measured(full, empty), _kilobytes(room, session)


def _fill(room: str) -> None:
    from django.db import connection

    from core.clock import database_now
    from incidents.models import Incident
    from monitoring.partitions import ensure_months

    incident = Incident.objects.get(reference=room.split("/")[2])
    now = database_now()
    ensure_months({(now.year, now.month)}, now=now)
    first = incident.entries_count + 1
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        started = now - timedelta(seconds=ENTRIES / 10 + 60)
        span: dict[str, Any] = {"first": started, "from": first, "to": ENTRIES}
        cursor.execute(_LOG, span | {"incident": incident.pk})
        cursor.execute(_MENTIONS, {"brand": incident.brand_id, "now": now, "count": MENTIONS})
        cursor.execute("VACUUM ANALYZE")
    Incident.objects.filter(pk=incident.pk).update(entries_count=ENTRIES)


def _kilobytes(room: str, session: str) -> float:
    from django.conf import settings
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    page = client.get(room, headers={"accept-encoding": "gzip, br"}).content
    text = gzip.decompress(page).decode()
    parts = set(re.findall(r'(?:src|href)="/static/([^"#]+)', text))
    files = [settings.STATIC_ROOT / part for part in parts]
    return (len(page) + sum(map(_served, files))) / KILOBYTES


def _served(file: Path) -> int:
    """Bytes that a browser is sent: a typeface is compressed already, all else by Brotli."""
    compressed = file.with_name(f"{file.name}.br")
    return (compressed if compressed.exists() else file).stat().st_size


@figure("acknowledgement on 200 other open pages of the room, p95", unit="s", must="<= 1", issue=4)
def seen_by_all() -> Measured:
    """From the service call that acknowledges to the frame by which each page shows it.

    Every page then fetches its head, all at once: the frames must not wait for that.
    """
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    room, _session = _people_and_incident()
    took = sorted(_watched(room))
    return Measured(took[int(len(took) * 0.95)], 1.0)


def _watched(room: str) -> list[float]:
    from core.clock import database_now
    from incidents import services
    from incidents.models import Incident

    incident = Incident.objects.get(reference=room.split("/")[2])
    Incident.objects.filter(pk=incident.pk).update(
        state="DETECTED", acknowledged_at=None, acknowledged_by=None
    )
    sessions = _sessions(incident.brand)
    by = incident.brand.memberships.select_related("user").all()[0].user
    with serving("crisisdesk.asgi:application") as server:
        house = House(server.port, room, incident.pk, sessions)
        house.start()
        house.full.wait(120)
        time.sleep(2)
        began = time.monotonic()
        services.acknowledge(incident.pk, by=by, now=database_now())
        house.join(60)
    if len(house.seen) < PAGES:
        raise RuntimeError(f"{PAGES - len(house.seen)} pages never showed it")
    return [moment - began for moment in house.seen]


class House(threading.Thread):
    """PAGES open pages: each holds its socket, and at the frame fetches the head."""

    def __init__(self, port: int, room: str, pk: int, sessions: list[str]) -> None:
        super().__init__(daemon=True)
        self.full = threading.Event()
        self.seen: list[float] = []
        self._port, self._room, self._pk, self._sessions = port, room, pk, sessions

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        gate, inside = asyncio.Semaphore(20), [asyncio.Event() for _session in self._sessions]
        pages = [
            asyncio.create_task(self._page(session, gate, event))
            for session, event in zip(self._sessions, inside, strict=True)
        ]
        for event in inside:
            await event.wait()
        self.full.set()
        await asyncio.gather(*pages)

    async def _page(self, session: str, gate: asyncio.Semaphore, inside: asyncio.Event) -> None:
        from websockets.asyncio.client import connect

        cookie, origin = f"sessionid={session}", f"http://127.0.0.1:{self._port}"
        async with gate:
            line = await connect(
                f"ws://127.0.0.1:{self._port}/ws/live/",
                origin=origin,  # type: ignore[arg-type]
                additional_headers={"Cookie": cookie},
                compression=None,
                ping_interval=None,
            )
            await line.send(json.dumps({"join": [f"incident.{self._pk}"]}))
            while json.loads(await line.recv())["part"] != "hello":
                pass
        inside.set()
        while (frame := json.loads(await line.recv()))["part"] != "head":
            pass
        # What room.js marks in the status line, before the head with the rest has been fetched.
        if frame["data"].get("state") != "ACKNOWLEDGED":
            raise RuntimeError("the frame does not say it")
        self.seen.append(time.monotonic())
        if b"Acknowledged" not in await self._head(cookie):
            raise RuntimeError("the head does not say it")
        await line.close()

    async def _head(self, cookie: str) -> bytes:
        read, write = await asyncio.open_connection("127.0.0.1", self._port)
        head = f"GET {self._room}?part=head HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
        more = f"Cookie: {cookie}\r\nHX-Request: true\r\nConnection: close\r\n\r\n"
        write.write((head + more).encode())
        answer = await read.read()
        write.close()
        if b" 200 " not in answer[:20]:
            raise RuntimeError(answer[:200])
        return answer


def _sessions(brand: Any) -> list[str]:
    """Sign in PAGES members of the brand; return their keys."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from accounts.models import Membership, User

    people = User.objects.bulk_create(
        User(email=f"page{number}@example.org", name=f"Page {number}", password=f"!{number}")
        for number in range(PAGES)
    )
    Membership.objects.bulk_create(
        Membership(user=user, brand=brand, role="RESPONDER") for user in people
    )
    backend = "django.contrib.auth.backends.ModelBackend"
    ends = timezone.now() + timedelta(days=1)
    rows = [
        Session(
            session_key=f"room{user.pk:028d}",
            session_data=SessionStore().encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: backend,
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
            expire_date=ends,
        )
        for user in people
    ]
    Session.objects.bulk_create(rows)
    return [row.session_key for row in rows]
