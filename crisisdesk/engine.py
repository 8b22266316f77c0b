"""Runs one loop of the engine in a thread of its own, with a database connection of its own."""

import logging
import random
import threading
import time
import traceback

from django.db import Error, connection

from core.engine import Loop
from core.home import is_held

logger = logging.getLogger(__name__)

# A loop with more to do goes on at once, but leaves the processor to the others after so many
# cycles, for this long.
CYCLES_IN_A_ROW = 20
BREATH = 0.01
BEAT_SECONDS = 1.0
# A loop that pauses longer gives its line to the database back: forty lines that mostly wait cost a
# server more than a new one now and then.
WORTH_A_LINE = 2.5
# How soon a lost database is asked for again: by what calls people at once, by the rest spread over
# a while, for fifty loops that all knock hold up the recovery for which they wait.
RECONNECT_SECONDS = 0.1
SPREAD_SECONDS = (0.5, 1.5)
# A failing loop is tried again after so long at the latest: what broke it may be over by then. What
# an urgent one does is due within five seconds, and its first try afterwards may fail once more.
LONGEST_PAUSE = 2.0
LONGEST_URGENT_PAUSE = 0.5

# A beat lost in a power cut is followed by another: it need not wait for the disk.
_BEAT = """
WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO core_loopbeat (name, beat_at, every, error)
SELECT %s, clock_timestamp(), %s, %s FROM relaxed
ON CONFLICT (name) DO UPDATE
SET beat_at = CASE WHEN excluded.error = '' THEN excluded.beat_at ELSE core_loopbeat.beat_at END,
    every = excluded.every,
    error = excluded.error
"""


class Outage:
    """Says once in the log that the database is away and once that it is back, however many loops
    find out."""

    def __init__(self) -> None:
        self._away: set[str] = set()
        self._lock = threading.Lock()

    def noticed(self, loop: str, error: Exception) -> None:
        with self._lock:
            if not self._away:
                logger.warning("The engine lost its database: %s", _one_line(error))
            self._away.add(loop)

    def over(self, loop: str) -> None:
        with self._lock:
            self._away.discard(loop)
            if not self._away:
                logger.warning("The engine has its database again")


OUTAGE = Outage()


class Runner(threading.Thread):
    """Runs `loop` until `end` is called; the cycle that is under way is finished first.

    No error ends it: one of the loop's own is logged and tried again after a growing pause, a lost
    database is asked for again, by an urgent loop ten times a second.
    """

    def __init__(self, loop: Loop) -> None:
        # Not waited for at exit: a cycle that hangs must not keep a stopped engine alive.
        super().__init__(name=loop.name, daemon=True)
        self.loop = loop
        self.ending = threading.Event()
        self._failures = 0
        self._away = False
        self._beat_due = 0.0

    def run(self) -> None:
        while not self.ending.is_set():
            pause = self._turn()
            if pause >= WORTH_A_LINE:
                connection.close()
            self.loop.woken.wait(pause)
            self.loop.woken.clear()
        connection.close()

    def end(self) -> None:
        """Have it end after the cycle that is under way; do not wait for that."""
        self.ending.set()
        self.loop.woken.set()

    def _turn(self) -> float:
        """Do what is there to do now; return how many seconds to wait before the next turn."""
        began = time.monotonic()
        try:
            more = self._cycles()
            self._succeeded()
        except Error as error:
            if _reachable():
                return self._failed(error)
            return self._cut_off(error)
        except Exception as error:
            return self._failed(error)
        return BREATH if more else max(0.0, self.loop.every - (time.monotonic() - began))

    def _cycles(self) -> bool:
        """Run until nothing is left to do; whether something may be left."""
        if self.loop.outward and is_held():
            return False
        for _ in range(CYCLES_IN_A_ROW):
            if not self.loop.run():
                return False
            if self.ending.is_set():
                return False
        return True

    def _succeeded(self) -> None:
        """A beat says that a full cycle was completed; once a second says it often enough."""
        if self._away:
            OUTAGE.over(self.loop.name)
        if self._failures or self._away or time.monotonic() >= self._beat_due:
            self._write_beat("")
            self._beat_due = time.monotonic() + BEAT_SECONDS
        self._failures = 0
        self._away = False

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        logger.error("The loop %s failed", self.loop.name, exc_info=error)
        try:
            self._write_beat("".join(traceback.format_exception_only(error))[-1000:])
        except Error:
            # It was said in the log; the next turn finds out what is the matter.
            connection.close()
        longest = LONGEST_URGENT_PAUSE if self.loop.urgent else LONGEST_PAUSE
        return min(longest, self.loop.every * 2.0 ** min(self._failures, 10))

    def _cut_off(self, error: Exception) -> float:
        if not self._away:
            OUTAGE.noticed(self.loop.name, error)
        self._away = True
        connection.close()
        return RECONNECT_SECONDS if self.loop.urgent else random.uniform(*SPREAD_SECONDS)  # noqa: S311

    def _write_beat(self, error: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_BEAT, [self.loop.name, self.loop.every, error])


def _reachable() -> bool:
    """Whether the database answers on this thread's connection, which is renewed if need be."""
    try:
        connection.close_if_unusable_or_obsolete()
        connection.ensure_connection()
        return bool(connection.is_usable())
    except Error:
        return False


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
