"""What the overview and a war room cost the server, and that a long history does not make them
dearer: the same desk with 30,000 mentions, and with a hundred times as long a past."""

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psutil

from .figures import Measured, figure, median_of_rounds

BRANDS = 6
A_DAY = 30_000
# Days of history: thirty thousand mentions, and three million.
SHORT, LONG = 1, 100
SMALL = "crisisdesk_bench_small"
# The database's processor time is counted in hundredths of a second: over so many requests.
ROUNDS, REQUESTS = 5, 40
MOST_QUERIES = 30

# Evenly over the days, the brands and five networks; reach and words vary as they do.
_MENTIONS = """
INSERT INTO monitoring_mention (brand_id, source_id, external_id, network, author, title, text,
    url, lang, published_at, received_at, reach, sentiment, sentiment_score, confidence,
    crisis_type)
SELECT brands[1 + n %% 6], 1, 'old-' || n,
    (ARRAY['x', 'facebook', 'tiktok', 'instagram', 'news'])[1 + n %% 5],
    'person' || (n * 7919) %% 50000, '',
    'We bought number ' || n || ' and it was as it always is.', 'https://example.org/' || n,
    'en', at, at, (n * 104729) %% 20000,
    (ARRAY['neutral','neutral','negative','positive'])[1 + n %% 4], 0, 0.9, 'none'
FROM (SELECT n, %(now)s::timestamptz - n * interval '1 day' / %(a_day)s AS at,
    %(brands)s::bigint[] AS brands
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n) AS made
"""
_COUNTS = """
INSERT INTO monitoring_mentioncount
    (brand_id, minute, network, crisis_type, total, negative, positive, reach)
SELECT brand_id, date_trunc('minute', published_at), network, crisis_type, count(*),
    count(*) FILTER (WHERE sentiment = 'negative'), count(*) FILTER (WHERE sentiment = 'positive'),
    sum(reach)
FROM monitoring_mention WHERE published_at >= %(since)s AND published_at < %(until)s
GROUP BY 1, 2, 3, 4
ON CONFLICT DO NOTHING
"""
_STEPS = """
INSERT INTO monitoring_step (brand_id, starts_at, total, negative, positive, reach, expected_low,
    expected_high, score)
SELECT brand_id, date_bin('5 minutes', minute, 'epoch'), sum(total), sum(negative), sum(positive),
    sum(reach), 5, 40, 0
FROM monitoring_mentioncount WHERE minute >= %(since)s AND minute < %(until)s
GROUP BY 1, 2
ON CONFLICT DO NOTHING
"""


@figure("overview, server time with 100 times the mentions", unit="CPU ms", must="<= 1.2", issue=2)
def overview() -> Measured:
    return _run().overview


@figure("war room, server time with 100 times the mentions", unit="CPU ms", must="<= 1.2", issue=2)
def war_room() -> Measured:
    return _run().room


@figure(
    "mention stream, server time with 100 times the mentions", unit="CPU ms", must="<= 1.2", issue=3
)
def stream() -> Measured:
    return _run().stream


@figure("overview, queries", unit="queries", must="<= 1", issue=2)
def overview_queries() -> Measured:
    return Measured(_run().overview_queries, MOST_QUERIES)


@figure("war room, queries", unit="queries", must="<= 1", issue=2)
def war_room_queries() -> Measured:
    return Measured(_run().room_queries, MOST_QUERIES)


@dataclass(frozen=True)
class Outcome:
    overview: Measured
    room: Measured
    stream: Measured
    overview_queries: int
    room_queries: int


@functools.cache
def _run() -> Outcome:
    """One filling for all figures: it takes a minute, and tables are emptied between figures."""
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)
    desk = Desk()
    try:
        return Outcome(
            _compared(desk, "/"),
            _compared(desk, desk.room),
            _compared(desk, "/mentions/"),
            _queries(desk, "/"),
            _queries(desk, desk.room),
        )
    finally:
        desk.remove()


class Desk:
    """Two databases of the same people, brands and incidents: a short and a long past."""

    def __init__(self) -> None:
        from django.db import connection

        self.large = str(connection.settings_dict["NAME"])
        self.room, self.session = _people_and_incident()
        _past(0, SHORT)
        self._copy()
        _past(SHORT, LONG)
        self._settle()

    def _copy(self) -> None:
        """The short past, as it is now, becomes a database of its own."""
        from django.db import connection

        self._settle()
        connection.close()
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"DROP DATABASE IF EXISTS {SMALL}")
            cursor.execute(f'CREATE DATABASE {SMALL} TEMPLATE "{self.large}"')

    def _settle(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    @contextmanager
    def small(self) -> Iterator[None]:
        self._use(SMALL)
        try:
            yield
        finally:
            self._use(self.large)

    def _use(self, name: str) -> None:
        from django.db import connection

        connection.close()
        connection.settings_dict["NAME"] = name

    def remove(self) -> None:
        from django.db import connection

        connection.close()
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"DROP DATABASE IF EXISTS {SMALL}")


def _compared(desk: Desk, path: str) -> Measured:
    def short_past() -> float:
        with desk.small():
            return _milliseconds(path, desk.session)

    return median_of_rounds(lambda: _milliseconds(path, desk.session), short_past, rounds=ROUNDS)


def _milliseconds(path: str, session: str) -> float:
    """Processor time of a request through all middleware, this process and its database server.

    Not the clock on the wall: a busy neighbour would be measured with it.
    """
    from django.db import connection

    get = _browser(session)
    get(path)
    connection.ensure_connection()
    server = psutil.Process(connection.connection.info.backend_pid)
    before = time.process_time() + _used(server)
    for _request in range(REQUESTS):
        get(path)
    return (time.process_time() + _used(server) - before) / REQUESTS * 1000


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _queries(desk: Desk, path: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    get = _browser(desk.session)
    get(path)
    with CaptureQueriesContext(connection) as queries:
        get(path)
    return len(queries)


def _browser(session: str) -> Callable[[str], None]:
    from django.conf import settings
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.cookies[settings.SESSION_COOKIE_NAME] = session

    def get(path: str) -> None:
        response = client.get(path)
        assert response.status_code == 200, response.status_code

    return get


def _people_and_incident() -> tuple[str, str]:
    """Six brands, a team, and a crisis under way; returns the room's address and a session."""
    from django.test import Client

    from accounts.enums import Role
    from core.clock import database_now
    from incidents import services
    from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory
    from tests.factories.incidents import on_the_ladder

    now = database_now()
    team = UserFactory.create_batch(8)
    brands = BrandFactory.create_batch(BRANDS)
    for brand in brands:
        for user in team:
            MembershipFactory.create(user=user, brand=brand, role=Role.LEAD)
        on_the_ladder(brand, *team[:4])
    opened = [_opened(brand, team[0], now) for brand in brands[:3]]
    for number in range(60):
        services.add_note(opened[0].pk, by=team[number % 8], text=f"Note {number}", now=now)
        if number < 10:
            services.add_task(opened[0].pk, title="A task", owner=team[1], by=team[0], now=now)
    client = Client()
    client.force_login(team[0])
    return f"/i/{opened[0].reference}/", str(client.session.session_key)


def _opened(brand: Any, by: Any, now: Any) -> Any:
    from incidents import services

    incident = services.open_incident(
        brand,
        title="Measured",
        crisis_type="product_safety",
        severity=2,
        severity_reasons=[],
        origin="PERSON",
        by=by,
        began_at=now - timedelta(minutes=50),
        now=now - timedelta(minutes=45),
    )
    services.fire_next(now=now - timedelta(minutes=44))
    return services.acknowledge(incident.pk, by=by, now=now - timedelta(minutes=42))


def _past(first_day: int, last_day: int) -> None:
    """Fill in the days from `first_day` to `last_day` before now, the newest day being 0."""
    from django.db import connection

    from accounts.models import Brand
    from core.clock import database_now
    from monitoring.partitions import ensure_months

    now = _now(database_now)
    days = [now - timedelta(days=day) for day in range(first_day, last_day + 1)]
    ensure_months({(day.year, day.month) for day in days}, now=now)
    span = {"since": days[-1], "until": days[0] + timedelta(seconds=1)}
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(
            _MENTIONS,
            {
                "now": now,
                "a_day": A_DAY,
                "brands": list(Brand.objects.order_by("pk").values_list("pk", flat=True)),
                "first": first_day * A_DAY,
                "last": last_day * A_DAY - 1,
            },
        )
        cursor.execute(_COUNTS, span)
        cursor.execute(_STEPS, span)


@functools.cache
def _now(clock: Callable[[], Any]) -> Any:
    """One moment for the whole figure, so that the days meet without a gap."""
    return clock()
