"""Escalation while the engine is killed every second: due to fired, as an onlooker sees it."""

import functools
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from .figures import Measured, figure

STEPS = 600
# The steps fall due over this time, as evenly as they come in a busy organisation.
OVER = timedelta(seconds=40)
KILL_EVERY = 1.0
LOOK_EVERY = 0.02
# A step that has not fired by then after the last was due is lost.
PATIENCE = 20.0

_NEW = """
SELECT incident_id, rung, extract(epoch FROM clock_timestamp() - due_at) FROM incidents_call
WHERE incident_id <> ALL(%s)
"""


@dataclass(frozen=True)
class Outcome:
    """Seconds from due to seen, ascending, of each step that fired; `once` fired exactly once."""

    delays: list[float]
    once: int
    kills: int

    @property
    def p99(self) -> float:
        return self.delays[math.ceil(len(self.delays) * 0.99) - 1]


@figure("escalation under kills, due to fired, p99", unit="s", must="<= 1", issue=2)
def p99() -> Measured:
    return Measured(_run().p99, 2.0)


@figure("escalation under kills, due to fired, worst", unit="s", must="<= 1", issue=2)
def worst() -> Measured:
    return Measured(_run().delays[-1], 5.0)


@figure("escalation under kills, fired exactly once", unit="steps", must=">= 1", issue=2)
def once() -> Measured:
    return Measured(_run().once, STEPS)


@functools.cache
def _run() -> Outcome:
    """One run for all figures: steps fall due while an engine is killed, and started again."""
    from crisisdesk.embedded import parts

    # As in the supervisor: what the children share is loaded before the first fork.
    parts.load()
    _fill()
    with _engine() as engine:
        delays, kills = _watch(engine)
    return Outcome(sorted(delays.values()), _fired_once(), kills)


def _fill() -> None:
    """Ten brands with a responder each, and their incidents, each with one step to be fired."""
    from core.clock import database_now
    from incidents.enums import Origin, Severity, Target
    from incidents.models import Incident
    from tests.factories.accounts import MembershipFactory

    held = MembershipFactory.create_batch(10)
    start = database_now() + timedelta(seconds=3)
    Incident.objects.bulk_create(
        Incident(
            brand=held[number % 10].brand,
            reference=f"CD-2026-{number}",
            given_title="Measured",
            origin=Origin.PERSON,
            severity=Severity.SEV2,
            began_at=start,
            detected_at=start,
            ladder=[
                {"target": Target.USER, "user": held[number % 10].user_id, "role": "", "wait": 3600}
            ],
            ladder_rounds=1,
            escalate_at=start + OVER * number / STEPS,
        )
        for number in range(STEPS)
    )


class Engine:
    """The product's own engine, forked as its supervisor forks it, and forked again when killed."""

    def __init__(self) -> None:
        self.kills = 0
        self._started = time.monotonic()
        self._pid = self._fork()

    def kill_if_due(self) -> None:
        if time.monotonic() - self._started < KILL_EVERY:
            return
        self.end()
        self.kills += 1
        self._started = time.monotonic()
        self._pid = self._fork()

    def end(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _fork(self) -> int:
        from django.core.management import call_command
        from django.db import connection

        from crisisdesk.embedded.processes import fork

        # A forked child must not share our connection.
        connection.close()

        def engine() -> int:
            call_command("engine")
            return 0

        return fork("engine", engine).pid


@contextmanager
def _engine() -> Iterator[Engine]:
    engine = Engine()
    try:
        yield engine
    finally:
        engine.end()


def _watch(engine: Engine) -> tuple[dict[int, float], int]:
    """Note when each step is first seen to have fired, killing the engine every second."""
    from django.db import connection

    seen: dict[int, float] = {}
    last_due = time.monotonic() + 3 + OVER.total_seconds()
    while len(seen) < STEPS and time.monotonic() < last_due + PATIENCE:
        with connection.cursor() as cursor:
            cursor.execute(_NEW, [list(seen)])
            for incident, _rung, delay in cursor.fetchall():
                seen[incident] = float(delay)
        engine.kill_if_due()
        time.sleep(LOOK_EVERY)
    return seen, engine.kills


def _fired_once() -> int:
    """Steps with one call, one notice and one entry, on a ladder that moved by exactly one."""
    from django.db.models import Count

    from incidents.models import Incident
    from notifications.models import Notice

    whole = Incident.objects.filter(rung=1, entries_count=1).annotate(
        made=Count("calls", distinct=True)
    )
    return min(whole.filter(made=1).count(), Notice.objects.filter(urgency="PAGE").count())
