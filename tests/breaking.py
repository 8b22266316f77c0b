"""Engines that are killed and a database that crashes, while steps fall due: what became of them.

Used by the tests and by the figures. The database is one of its own, in a folder that is removed
after, so that crashing it harms nobody else.
"""

import math
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from django.core.management import call_command
from django.db import Error, connection, connections
from psycopg.conninfo import make_conninfo

from crisisdesk.embedded import binaries, places, services
from crisisdesk.embedded.postgres import Postgres
from crisisdesk.embedded.processes import Process, fork

LOOK_EVERY = 0.02
# Steps fall due from then on, in seconds, when the engines are under way.
AHEAD = 3.0
# A step that has not fired by then after the last was due, in seconds, is lost.
PATIENCE = 30.0

_NEW = "SELECT DISTINCT incident_id FROM incidents_call WHERE incident_id <> ALL(%s)"

# A clock of the database's own that can be set: found before the real one, which it asks.
_CLOCK = """
CREATE SCHEMA IF NOT EXISTS wrong;
CREATE OR REPLACE FUNCTION wrong.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
    AS $$ SELECT pg_catalog.clock_timestamp() + interval '{seconds} seconds' $$;
ALTER DATABASE crisisdesk SET search_path = wrong, pg_catalog, public;
"""


class Database:
    """A PostgreSQL that can be crashed; Django's default connection goes to it while `connected`.

    Making one takes longer than most of what is done to it: several tests may use it in turn.
    """

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="crisisdesk-breaks-"))
        self.home.chmod(0o711)
        self.places = places.find(self.home)
        self.server = Postgres(self.places)
        self.process: Process | None = None
        # From when to when nobody could connect, by this machine's clock.
        self.outages: list[tuple[float, float]] = []

    def __enter__(self) -> "Database":
        self.held = services.lock(self.places)
        services.prepare(self.places, [self.server])
        self.start()
        if not self._copied():
            with self.connected():
                call_command("migrate", verbosity=0)
        return self

    @property
    def address(self) -> str:
        """For PostgreSQL's own tools."""
        return make_conninfo(host=str(self.places.sockets), user="crisisdesk", dbname="crisisdesk")

    def tool(self, name: str) -> Path:
        return binaries.postgres(self.places) / name

    def _copied(self) -> bool:
        """Take the tables over from the database that is in use: quicker than all migrations."""
        known = connection.settings_dict
        given = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"],
                 "password": known["PASSWORD"], "dbname": known["NAME"]}  # fmt: skip
        source = make_conninfo(**{name: value for name, value in given.items() if value})
        dump = [self.tool("pg_dump"), "--no-owner", "--no-privileges", f"--dbname={source}"]
        read = [self.tool("psql"), "--quiet", "--set=ON_ERROR_STOP=1", "-1", self.address]
        dumped = subprocess.run(dump, capture_output=True, check=False)
        if dumped.returncode or b"django_migrations" not in dumped.stdout:
            return False
        taken = subprocess.run(read, input=dumped.stdout, capture_output=True, check=False)
        return taken.returncode == 0

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.server.stop(self.process)
        shutil.rmtree(self.home, ignore_errors=True)
        self.held.close()

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Have Django use it, empty and with a clock that is right."""
        connections.close_all()
        before = dict(connection.settings_dict)
        address = {"HOST": str(self.places.sockets), "NAME": "crisisdesk", "USER": "crisisdesk"}
        connection.settings_dict.update(address | {"PORT": "", "PASSWORD": ""})
        self.outages = []
        try:
            self._empty()
            yield
        finally:
            connections.close_all()
            connection.settings_dict.update(before)

    def _empty(self) -> None:
        if "django_migrations" in connection.introspection.table_names():
            self.set_clock(0)
            self._send_away()
            connection.close()
            call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)

    def start(self) -> None:
        self.process = self.server.start()
        services.await_ready(self.server, self.process, seconds=60)

    def crash(self, away: float = 0.5) -> None:
        """Stop it as a power cut would, and start it again `away` seconds later."""
        assert self.process
        began = time.time()
        os.kill(self.process.pid, signal.SIGQUIT)
        while self.process.poll() is None:
            time.sleep(0.01)
        time.sleep(away)
        self.server.prepare()
        self.start()
        self.outages.append((began, time.time()))

    def freeze(self, seconds: float) -> None:
        """Stop every process of it for a while: it answers nobody, and refuses nobody."""
        assert self.process
        main = psutil.Process(self.process.pid)
        frozen = [main, *main.children(recursive=True)]
        began = time.time()
        for process in frozen:
            process.suspend()
        time.sleep(seconds)
        for process in frozen:
            process.resume()
        self.outages.append((began, time.time()))

    def refuse_writes(self, seconds: float) -> None:
        """Let nobody write for a while, as with a full disk."""
        began = time.time()
        self._writable("on")
        time.sleep(seconds)
        self._writable("off")
        self.outages.append((began, time.time()))

    def _writable(self, read_only: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(
                f"ALTER DATABASE crisisdesk SET default_transaction_read_only = {read_only}"
            )
        self._send_away()

    def set_clock(self, seconds: float) -> None:
        """Set its clock so far from the right time, for whoever connects from now on or did."""
        with connection.cursor() as cursor:
            cursor.execute(_CLOCK.format(seconds=seconds))

    def _send_away(self) -> None:
        """What is connected keeps its settings: it has to come again."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = current_user AND pid <> pg_backend_pid()"
            )


class Engine:
    """The product's own engine, forked as its supervisor forks it."""

    def __init__(self) -> None:
        self.kills = 0
        self._start()

    def kill(self) -> None:
        """End it in the middle of whatever it does, and start it again."""
        self.end()
        self.kills += 1
        self._start()

    def end(self) -> None:
        os.kill(self._child.pid, signal.SIGKILL)
        os.waitpid(self._child.pid, 0)

    def stop(self) -> None:
        """Ask it to end as a deployment does, without waiting for it."""
        os.kill(self._child.pid, signal.SIGTERM)

    def reap(self) -> int:
        """Wait until it has ended; how it did, 0 if in order."""
        return os.waitstatus_to_exitcode(os.waitpid(self._child.pid, 0)[1])

    def _start(self) -> None:
        # A forked child must not share our connection.
        connections.close_all()

        def engine() -> int:
            call_command("engine")
            return 0

        self._child = fork("engine", engine)


@contextmanager
def engines(count: int) -> Iterator[list[Engine]]:
    """Run so many engines; all are gone afterwards."""
    running = [Engine() for _ in range(count)]
    try:
        yield running
    finally:
        for engine in running:
            engine.end()


@dataclass
class Outcome:
    """`delays` are the seconds from due to seen, ascending, without those in which the database was
    away. `late` are the same with them."""

    steps: int
    delays: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    lost: int = 0
    twice: int = 0
    kills: int = 0
    outages: list[tuple[float, float]] = field(default_factory=list)

    @property
    def p99(self) -> float:
        return self.delays[math.ceil(len(self.delays) * 0.99) - 1]


def fill(steps: int, over: float, *, ladder: list[dict[str, Any]] | None = None) -> float:
    """Make incidents with one step each, due evenly over so many seconds; return when they begin.

    Ten brands with a responder each. `ladder` is climbed instead of one step that calls them.
    """
    from core.clock import database_now
    from incidents.enums import Origin, Severity, Target
    from incidents.models import Incident
    from tests.factories.accounts import MembershipFactory

    held = MembershipFactory.create_batch(10)
    start = database_now() + timedelta(seconds=AHEAD)

    def calls(number: int) -> list[dict[str, Any]]:
        user = held[number % 10].user_id
        return ladder or [{"target": Target.USER, "user": user, "role": "", "wait": 3600}]

    Incident.objects.bulk_create(
        Incident(
            brand=held[number % 10].brand,
            reference=f"CD-2026-{number}",
            given_title="Measured",
            origin=Origin.PERSON,
            severity=Severity.SEV2,
            began_at=start,
            detected_at=start,
            ladder=calls(number),
            ladder_rounds=1,
            escalate_at=start + timedelta(seconds=over) * number / steps,
        )
        for number in range(steps)
    )
    return start.timestamp()


Deed = Callable[[Database, list[Engine]], None]


@dataclass(frozen=True)
class Plan:
    """What is let happen: so many steps fall due evenly over so many seconds, with `count` engines
    of which one is killed every `kill_every` seconds (0: none), and `deeds` done evenly meanwhile.
    """

    steps: int = 1000
    over: float = 75
    count: int = 2
    kill_every: float = 1.0
    deeds: Sequence[Deed] = ()


def crash(database: Database, _running: list[Engine]) -> None:
    """The usual deed: the database dies and comes back."""
    database.crash()


# Issue 4: two engines, one of them killed every second, and three crashes of the database.
CRASHES = Plan(1000, deeds=[crash] * 3)


def run(plan: Plan, database: Database | None = None) -> Outcome:
    """Let it happen, on a database of its own if none is given; count what became of the steps."""
    if database is None:
        with Database() as own:
            return run(plan, own)
    with database.connected():
        start = fill(plan.steps, plan.over)
        with engines(plan.count) as running:
            seen = _watch(plan, start, running, database)
            kills = sum(engine.kills for engine in running)
        return counted(Outcome(plan.steps, kills=kills, outages=database.outages), seen)


def _watch(
    plan: Plan, start: float, running: list[Engine], database: Database
) -> dict[int, tuple[float, float]]:
    """Note when each step was due and when an onlooker first sees it, breaking things meanwhile."""
    planned, seen = due(), dict[int, tuple[float, float]]()
    share = plan.over / (len(plan.deeds) + 1)
    ahead = [(start + share * number, deed) for number, deed in enumerate(plan.deeds, 1)]
    killed, turn = time.time(), 0
    while (len(seen) < plan.steps or ahead) and time.time() < start + plan.over + PATIENCE:
        seen |= {incident: (planned[incident], time.time()) for incident in _new(list(seen))}
        if ahead and time.time() > ahead[0][0]:
            ahead.pop(0)[1](database, running)
        if plan.kill_every and time.time() - killed >= plan.kill_every:
            running[turn % len(running)].kill()
            killed, turn = time.time(), turn + 1
        time.sleep(LOOK_EVERY)
    return seen


def due() -> dict[int, float]:
    """When each incident's step is due, by this machine's clock."""
    from incidents.models import Incident

    found = Incident.objects.values_list("pk", "escalate_at")
    return {pk: at.timestamp() for pk, at in found if at}


def _new(known: list[int]) -> list[int]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_NEW, [known])
            return [incident for (incident,) in cursor.fetchall()]
    except Error:
        connection.close()
        return []


def counted(outcome: Outcome, seen: dict[int, tuple[float, float]]) -> Outcome:
    """Fill in what became of the steps; `seen` is when each was due, and when it was seen."""
    outcome.late = sorted(at - due for due, at in seen.values())
    outcome.delays = sorted(at - due - _away(due, at, outcome.outages) for due, at in seen.values())
    outcome.lost = outcome.steps - fired_once()
    outcome.twice = doubled()
    return outcome


def _away(due: float, at: float, outages: list[tuple[float, float]]) -> float:
    """Seconds of this time in which nothing could be fired: an outage may begin in the moment in
    which a step is due and on its way."""
    return sum(max(0.0, min(at, back) - max(due, away)) for away, back in outages)


def fired_once() -> int:
    """Steps with one call, one notice and one entry, on a ladder that moved by exactly one."""
    from django.db.models import Count

    from incidents.models import Incident
    from notifications.models import Notice

    whole = Incident.objects.filter(rung=1, entries_count=1).annotate(
        made=Count("calls", distinct=True), fired=Count("fired_steps", distinct=True)
    )
    pages = Notice.objects.filter(urgency="PAGE").count()
    return min(whole.filter(made=1, fired=1).count(), pages)


def doubled() -> int:
    """Steps that left more than one call, firing, entry or page."""
    from django.db.models import Count, Q

    from incidents.models import Incident
    from notifications.models import Notice

    counted = Incident.objects.annotate(
        made=Count("calls", distinct=True), fired=Count("fired_steps", distinct=True)
    )
    many = counted.filter(Q(made__gt=1) | Q(fired__gt=1) | Q(entries_count__gt=1) | Q(rung__gt=1))
    pages = Notice.objects.filter(urgency="PAGE").count()
    return many.count() + max(0, pages - Incident.objects.count())
