"""The engine's loops: what must happen in time, driven by rows in PostgreSQL and nothing else.

A room registers a loop with `@loop("name", every=seconds)`, in `loops.py`, imported by its
AppConfig. `manage.py engine` runs each loop in a thread of its own, so that a slow mail server
cannot hold up an escalation. Any number of engines may run: a loop claims its rows with
`FOR UPDATE SKIP LOCKED` and must be safe to run twice at once and to be killed anywhere.

`manage.py auditor`, a process of its own, watches the watcher: it sees that the loops beat, and
runs what the rooms register with `@audit("name")`: questions to the database about rows that
should have been dealt with by now.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

LOOPS: dict[str, "Loop"] = {}
Audit = Callable[[], list[str]]
AUDITS: dict[str, Audit] = {}


@dataclass(frozen=True)
class Loop:
    """`run` does one bounded cycle and returns how much it did; at once again while above zero.

    `woken` cuts the pause between two cycles short. What is `urgent` begins at once when an engine
    starts; the others let it have the processor first. What is `outward` calls people or leaves the
    desk: it stands still in a restored copy (core.home).
    """

    name: str
    every: float
    run: Callable[[], int]
    woken: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    urgent: bool = False
    outward: bool = False


def loop(
    name: str, *, every: float, urgent: bool = False, outward: bool = False
) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Register a cycle to be run `every` seconds; it returns the number of rows it worked on."""

    def register(function: Callable[[], int]) -> Callable[[], int]:
        if name in LOOPS:
            raise ValueError(f"The loop {name} is registered twice.")
        LOOPS[name] = Loop(name, every, function, urgent=urgent, outward=outward)
        return function

    return register


def wake(name: str) -> None:
    """Have the loop's next cycle begin now, if it runs in this process. A nudge, nothing more."""
    LOOPS[name].woken.set()


def audit(name: str) -> Callable[[Audit], Audit]:
    """Register a check that returns what is wrong, a sentence each; an empty list if nothing is.

    It runs every ten seconds: one cheap query over an index on what is due.
    """

    def register(function: Audit) -> Audit:
        if name in AUDITS:
            raise ValueError(f"The audit {name} is registered twice.")
        AUDITS[name] = function
        return function

    return register
