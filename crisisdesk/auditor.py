"""Watches the watcher: are the engine's loops beating, is anything past due, is there disk left?

It runs in a process of its own and needs neither Redis nor the engine. What it finds it says in
the log, and keeps in the row "auditor" of LoopBeat for the rooms above. Only while nothing is
wrong does it ask the outside address HEARTBEAT_URL, whose owner raises the alarm when that stops.
What lasts it also writes to those who administer, by itself (alarm.py).
"""

import logging
import shutil
import time
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import Error, connection

from core import http
from core.clock import database_now
from core.engine import AUDITS, LOOPS, Loop
from core.models import LoopBeat

from .alarm import Alarm

logger = logging.getLogger(__name__)

EVERY = 10.0
BEAT_EVERY = 60.0
# A loop may be this much later than its own rhythm: a cycle under load, a restart.
GRACE = 10.0
# What is still wrong is said again after so long.
REMIND = 300.0
LEAST_FREE_SHARE = 0.1
PLENTY = 5 * 1024**3
# A row of LoopBeat that is not a loop.
NAME = "auditor"


def problems() -> list[str]:
    """Return everything that is wrong now, a sentence each."""
    try:
        return [*quiet_loops().values(), *_overdue(), *_disk()]
    except Error as error:
        connection.close()
        return [f"The database does not answer: {' '.join(str(error).split())[:200]}"]


def quiet_loops() -> dict[str, str]:
    """Return a sentence for each loop without a full cycle for longer than it may be."""
    now = database_now()
    beats = {beat.name: beat for beat in LoopBeat.objects.all()}
    judged = {name: _judge(loop, beats.get(name), now) for name, loop in LOOPS.items()}
    return {name: problem for name, problem in judged.items() if problem}


def _judge(loop: Loop, beat: LoopBeat | None, now: datetime) -> str | None:
    if beat is None:
        return f"The loop {loop.name} has never completed a cycle."
    age = (now - beat.beat_at).total_seconds()
    if age <= loop.every + GRACE:
        return None
    reason = f" ({' '.join(beat.error.split())[:200]})" if beat.error else ""
    return f"The loop {loop.name} completed no cycle for {age:.0f} s{reason}."


def _overdue() -> Iterable[str]:
    for name, check in AUDITS.items():
        try:
            yield from check()
        except Error:
            # The database itself: one sentence for all, by the caller.
            raise
        except Exception as error:
            logger.exception("The audit %s failed", name)
            yield f"The audit {name} failed: {type(error).__name__}."


def _disk() -> Iterable[str]:
    total, _, free = shutil.disk_usage(settings.EMBEDDED.state)
    if free < PLENTY and free < total * LEAST_FREE_SHARE:
        yield f"The disk with {settings.EMBEDDED.state} has {free // 1024**2} MB left."


class Auditor:
    """Says each problem when it appears, again while it lasts, and once when it is over."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}
        self._alarm = Alarm()
        self._beat_due = 0.0

    def look(self) -> bool:
        """One round; whether all is well."""
        found = problems()
        self._say(found)
        _keep(found)
        self._alarm.consider({_kind(problem): problem for problem in found})
        if not found and settings.HEARTBEAT_URL and time.monotonic() >= self._beat_due:
            self._beat()
        return not found

    def _beat(self) -> None:
        """Tell the outside that all is well; if that fails, try again at the next round."""
        try:
            answer = http.fetch(settings.HEARTBEAT_URL, timeout=5, max_bytes=64 * 1024)
        except http.HttpError as error:
            logger.warning("The heartbeat did not get through: %s", error)
            return
        if answer.status >= 400:
            logger.warning("The heartbeat was answered with %s", answer.status)
            return
        self._beat_due = time.monotonic() + BEAT_EVERY

    def _say(self, found: list[str]) -> None:
        now = time.monotonic()
        # Figures in a sentence change while the problem stays the same.
        current = {_kind(problem): problem for problem in found}
        for kind, problem in current.items():
            if now - self._said.get(kind, -REMIND) >= REMIND:
                logger.error("ALARM: %s", problem)
                self._said[kind] = now
        for kind in set(self._said) - set(current):
            logger.warning("Over: %s", kind)
            del self._said[kind]


def _kind(problem: str) -> str:
    return "".join("…" if character.isdigit() else character for character in problem)


def _keep(found: list[str]) -> None:
    try:
        LoopBeat.objects.update_or_create(
            name=NAME,
            defaults={"beat_at": database_now(), "every": EVERY, "error": "\n".join(found)[:4000]},
        )
    except Error:
        # Said in the log already; the row's age says it to whoever reads it.
        connection.close()
