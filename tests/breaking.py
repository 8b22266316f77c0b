"""Engines that are killed and a database that crashes, while steps fall due: what became of them.

Used by the tests and by the figures. The database is one of its own, in a folder that is removed
after, so that crashing it harms nobody else.
"""

import math
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from django.core.management import call_command
from django.db import Error, connection, connections

from crisisdesk.embedded import places, services
from crisisdesk.embedded.postgres import Postgres
from crisisdesk.embedded.processes import Process, fork

LOOK_EVERY = 0.02
# Steps fall due from then on, in seconds, when the engines are under way.
AHEAD = 3.0
# A step that has not fired by then after the last was due, in seconds, is lost.
PATIENCE = 30.0

_NEW = """
SELECT incident_id, extract(epoch FROM due_at) FROM incidents_call WHERE incident_id <> ALL(%s)
"""


class Database:
    """A PostgreSQL that can be crashed; Django's default connection goes to it meanwhile."""

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
        self.before = dict(connection.settings_dict)
        connections.close_all()
        address = {"HOST": str(self.places.sockets), "NAME": "crisisdesk", "USER": "crisisdesk"}
        connection.settings_dict.update(address | {"PORT": "", "PASSWORD": ""})
        call_command("migrate", verbosity=0)
        return self

    def __exit__(self, *_: object) -> None:
        connections.close_all()
        connection.settings_dict.update(self.before)
        if self.process:
            self.server.stop(self.process)
        shutil.rmtree(self.home, ignore_errors=True)
        self.held.close()

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
            # What is connected keeps its setting: it has to come again.
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
        """Ask it to end as a deployment does, and wait until it has."""
        os.kill(self._child.pid, signal.SIGTERM)
        os.waitpid(self._child.pid, 0)

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


def run(
    steps: int = 1000,
    *,
    over: float = 75,
    count: int = 2,
    kill_every: float = 1.0,
    crashes: int = 3,
    deed: Callable[[Database, list[Engine]], None] | None = None,
) -> Outcome:
    """Let steps fall due while an engine is killed every so often and the database crashes.

    `deed` is done instead of the crashes, as often as there would be.
    """
    with Database() as database:
        start = fill(steps, over)
        with engines(count) as running:
            seen = _watch(start, running, database, steps=steps, over=over,
                          kill_every=kill_every, crashes=crashes, deed=deed)  # fmt: skip
            kills = sum(engine.kills for engine in running)
        return _count(Outcome(steps, kills=kills, outages=database.outages), seen)


def _watch(
    start: float,
    running: list[Engine],
    database: Database,
    *,
    steps: int,
    over: float,
    kill_every: float,
    crashes: int,
    deed: Callable[[Database, list[Engine]], None] | None = None,
) -> dict[int, tuple[float, float]]:
    """Note when each step was due and when an onlooker first sees it, breaking things meanwhile."""
    seen: dict[int, tuple[float, float]] = {}
    ahead = [start + over * (number + 1) / (crashes + 1) for number in range(crashes)]
    killed, turn = time.time(), 0
    while len(seen) < steps and time.time() < start + over + PATIENCE:
        for incident, due in _new(list(seen)):
            seen[incident] = (due, time.time())
        if ahead and time.time() > ahead[0]:
            ahead.pop(0)
            if deed:
                deed(database, running)
            else:
                database.crash()
        if time.time() - killed >= kill_every:
            running[turn % len(running)].kill()
            killed, turn = time.time(), turn + 1
        time.sleep(LOOK_EVERY)
    return seen


def _new(known: list[int]) -> list[tuple[int, float]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(_NEW, [known])
            return [(incident, float(due)) for incident, due in cursor.fetchall()]
    except Error:
        connection.close()
        return []


def _count(outcome: Outcome, seen: dict[int, tuple[float, float]]) -> Outcome:
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
