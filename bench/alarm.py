"""From the batch that crosses a brand's band to the page that shows the incident.

Everything is the product's own: a web process, an engine, a page's socket that is joined to its
brands and fetches the overview's list of incidents when it is told to. Another process brings five
hundred mentions a second of other brands meanwhile.
"""

import functools
import http.client
import json
import math
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .figures import Measured, figure
from .serving import running, serving

ALARMS = 24
# Brands that are spoken of all the time, and how often a second altogether.
TALK, RATE = 6, 500
TALK_EVERY = 0.1
USUAL, STORM = 10, 300
HISTORY = timedelta(days=4)
BETWEEN = (0.4, 1.4)
PATIENCE = 15.0
_COUNTS = """
INSERT INTO monitoring_mentioncount
    (brand_id, minute, network, crisis_type, total, negative, positive, reach)
SELECT brand, minute, 'x', 'none', usual * (0.8 + 0.4 * random()), usual * 0.1, usual * 0.1, usual
FROM unnest(%(brands)s::bigint[], %(usual)s::int[]) AS of_brand (brand, usual),
    generate_series(%(since)s::timestamptz, %(until)s::timestamptz, '5 minutes') AS minute
"""
_PENDING = """
INSERT INTO monitoring_baseline (brand_id, state, quiet_until, pending_at)
SELECT brand, '{}', '{}', now() FROM unnest(%s::bigint[]) AS brand
"""


@dataclass(frozen=True)
class Outcome:
    """Seconds from the call that brings the batch to the page that shows it, ascending."""

    delays: list[float]

    def percentile(self, share: float) -> float:
        return self.delays[math.ceil(len(self.delays) * share) - 1]


@figure("alarm to page, 500 mentions a second beside it, p95", unit="s", must="<= 1", issue=2)
def p95() -> Measured:
    return Measured(_run().percentile(0.95), 2.0)


@figure("alarm to page, 500 mentions a second beside it, p50", unit="s", must="<= 1", issue=2)
def p50() -> Measured:
    return Measured(_run().percentile(0.5), 2.0)


@functools.cache
def _run() -> Outcome:
    """One run for both figures."""
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    desk = Desk()
    with ExitStack() as stack:
        server = stack.enter_context(serving("crisisdesk.asgi:application"))
        stack.enter_context(running("manage.py", "engine"))
        talk = stack.enter_context(running("-m", "bench.alarm", *map(str, desk.talk)))
        page = stack.enter_context(_page(server.port, desk))
        assert talk.stdout
        talk.stdout.readline()
        began = _storms(desk, page)
        talk.terminate()
        spoken = int(talk.stdout.readline())
    if spoken < RATE * 0.95:
        raise RuntimeError(f"Only {spoken} mentions a second came in beside it.")
    return Outcome(sorted(page.shown[name] - at for name, at in began.items()))


def _storms(desk: "Desk", page: "Page") -> dict[str, float]:
    """Bring a batch far above its band to one brand after the other; return when, by name."""
    from monitoring.ingest import accept

    began = {}
    for source in desk.calm:
        time.sleep(random.uniform(*BETWEEN))
        posts = _posts(STORM, "The coffee has made us all ill, never again")
        began[source.brand.name] = time.monotonic()
        accept(source, posts, now=datetime.now(UTC))
    end = time.monotonic() + PATIENCE
    while not began.keys() <= page.shown.keys() and time.monotonic() < end:
        time.sleep(0.05)
    return began


def _posts(count: int, words: str) -> list[Any]:
    from connectors.base import Post

    run = random.getrandbits(60)
    now = datetime.now(UTC)
    return [
        Post(
            external_id=f"{run}-{number}",
            text=f"{words}, {number}",
            author=f"user{number}",
            published_at=now,
            network="x",
        )
        for number in range(count)
    ]


class Desk:
    """Brands with four days of ordinary talk, judged; one person who sees them all."""

    def __init__(self) -> None:
        from django.test import Client

        from accounts.enums import Role
        from tests.factories.accounts import MembershipFactory, UserFactory
        from tests.factories.monitoring import SourceFactory

        sources = SourceFactory.create_batch(ALARMS + TALK)
        self.calm = sources[:ALARMS]
        self.talk = [source.pk for source in sources[ALARMS:]]
        user = UserFactory.create()
        for source in sources:
            MembershipFactory.create(user=user, brand=source.brand, role=Role.LEAD)
        client = Client()
        client.force_login(user)
        self.session = str(client.session.session_key)
        self.groups = [f"brand.{source.brand_id}" for source in sources]
        _usual([source.brand_id for source in sources])


def _usual(brands: list[int]) -> None:
    from django.db import connection

    from core.clock import database_now
    from monitoring import judge, partitions, steps

    now = database_now()
    partitions.ensure_months({(now.year, now.month)}, now=now)
    until = steps.floor(now) - steps.STEP
    usual = [USUAL] * ALARMS + [RATE * steps.SECONDS // TALK] * TALK
    values: dict[str, Any] = {
        "brands": brands,
        "usual": usual,
        "since": until - HISTORY,
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, values)
        cursor.execute(_PENDING, [brands])
    while judge.judge_pending(database_now()):
        pass


class Page:
    """The overview as a browser keeps it: `shown` tells when each brand's incident was there."""

    def __init__(self, port: int, desk: Desk) -> None:
        self.shown: dict[str, float] = {}
        self._names = [source.brand.name for source in desk.calm]
        self._cookie = {"Cookie": f"sessionid={desk.session}"}
        self._port = port

    def follow(self, socket: Any) -> None:
        for text in socket:
            if json.loads(text)["part"] in {"incidents", "resync"}:
                self.fetch()

    def fetch(self) -> None:
        """Fetch the list of incidents, as its region does."""
        headers = {**self._cookie, "HX-Request": "true", "HX-Target": "incidents"}
        # A connection that idles is closed by the server: a new one each time.
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        line.request("GET", "/", headers=headers)
        answer = line.getresponse()
        html = answer.read().decode()
        line.close()
        assert answer.status == 200, answer.status
        now = time.monotonic()
        for name in self._names:
            if name not in self.shown and f"· {name} ·" in html:
                self.shown[name] = now


@contextmanager
def _page(port: int, desk: Desk) -> Iterator[Page]:
    from websockets.sync.client import connect
    from websockets.typing import Origin

    page = Page(port, desk)
    with connect(
        f"ws://127.0.0.1:{port}/ws/live/",
        origin=Origin(f"http://127.0.0.1:{port}"),
        additional_headers={"Cookie": f"sessionid={desk.session}"},
    ) as socket:
        socket.send(json.dumps({"join": desk.groups}))
        hello = json.loads(socket.recv())
        assert hello["part"] == "hello", hello
        assert hello["refused"] == [], hello
        page.fetch()
        assert not page.shown, page.shown
        follower = threading.Thread(target=page.follow, args=(socket,), daemon=True)
        follower.start()
        yield page


def _talk(sources: list[int]) -> None:
    """In a process of its own: RATE mentions a second until told to stop; then says how many."""
    import signal

    import django

    django.setup()
    from monitoring.ingest import accept
    from monitoring.models import Source

    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    spoken_of = list(Source.objects.filter(pk__in=sources))
    accept(spoken_of[0], _posts(10, "An ordinary day"), now=datetime.now(UTC))
    print("talking", flush=True)
    began, turns = time.monotonic(), 0
    while not ending.wait(max(0.0, began + turns * TALK_EVERY - time.monotonic())):
        posts = _posts(int(RATE * TALK_EVERY), "A number of things on an ordinary day")
        accept(spoken_of[turns % len(spoken_of)], posts, now=datetime.now(UTC))
        turns += 1
    print(int(turns * RATE * TALK_EVERY / (time.monotonic() - began)), flush=True)


if __name__ == "__main__":
    _talk([int(word) for word in sys.argv[1:]])
