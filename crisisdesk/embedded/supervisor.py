"""Keeps the parts of CrisisDesk running: what dies is started again, and said in one line."""

import math
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .errors import CannotStart
from .processes import ENDINGS, Process, holding_back_endings

# A part that ends by itself sooner than this after its start is failing, not finished.
BRIEF = 10.0
LONGEST_PAUSE = 30.0
# With this code a part says that there is nothing for it to do; it is asked again after a while.
IDLE = 75
IDLE_PAUSE = 20.0
# Deaths that come from outside and say nothing about the part itself.
KILLED = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT}


def say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)  # noqa: T201 - a terminal is all there is


@dataclass(frozen=True)
class Part:
    """Something that runs in a process of its own: how to start it and how to end it."""

    name: str
    start: Callable[[], Process]
    stop: Callable[[Process], None]


class Keeper:
    """One part and the process that it has at the moment."""

    def __init__(self, part: Part, process: Process) -> None:
        self.part = part
        self.process: Process | None = process
        self._started = time.monotonic()
        self._failures = 0
        self._due = 0.0

    def tend(self) -> None:
        """Start the part again if it has ended and its pause is over."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self._note_end(code)
        if time.monotonic() >= self._due:
            self._start_again()

    def stop(self) -> None:
        if self.process is not None:
            self.part.stop(self.process)
            self.process = None

    def _note_end(self, code: int) -> None:
        self.process = None
        if code == IDLE:
            self._failures = 0
            self._due = time.monotonic() + IDLE_PAUSE
            return
        failing = code not in KILLED and time.monotonic() - self._started < BRIEF
        self._failures = self._failures + 1 if failing else 0
        pause = self._pause()
        self._due = time.monotonic() + pause
        when = f"in {pause:.0f} s" if pause >= 1 else "at once"
        say(f"{self.part.name} {_ending(code)}; starting it again {when}.")

    def _pause(self) -> float:
        """Seconds: none after a first death, then 1, 2, 4 … while it keeps failing."""
        return min(LONGEST_PAUSE, 2.0 ** (self._failures - 2)) if self._failures > 1 else 0.0

    def _start_again(self) -> None:
        self._started = time.monotonic()
        try:
            self.process = self.part.start()
        except (CannotStart, OSError) as error:
            self._failures += 1
            self._due = time.monotonic() + max(1.0, self._pause())
            say(f"{self.part.name} could not be started: {error}")


class Supervisor:
    """Starts parts in order, tends them until told to end, stops them in the order given."""

    def __init__(self) -> None:
        self.keepers: list[Keeper] = []

    def start(self, part: Part) -> Process:
        # No signal between a child's birth and its being kept: Python swallows what a handler
        # raises around a fork, and what was started must be stopped.
        with holding_back_endings():
            process = part.start()
            self.keepers.append(Keeper(part, process))
        return process

    def tend(self, seconds: float = math.inf) -> bool:
        """Return True when a signal asks to end, False when that many seconds are over.

        Signals wait while it works, so none is lost; after True they go on waiting.
        """
        wanted = {*ENDINGS, signal.SIGCHLD}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for keeper in self.keepers:
                keeper.tend()
            arrived = signal.sigtimedwait(wanted, 0.25)
            if arrived is not None and arrived.si_signo in ENDINGS:
                return True
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return False

    def stop(self, order: Sequence[str]) -> None:
        """Stop in this order of names; parts that were never started are passed over."""
        by_name = {keeper.part.name: keeper for keeper in self.keepers}
        for name in order:
            if name in by_name:
                by_name[name].stop()


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    return f"was killed by {signal.Signals(-code).name}"
