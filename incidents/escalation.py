"""Who is called and when next: pure, without a database.

The ladder is climbed from rung 0, step after step and round after round. A rung that resolves to
nobody is passed at once. After the last round everyone who may run the incident is called, again
and again until somebody answers: there is no quiet end.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .enums import Target

# Between calls to everyone, once the ladder is at its end.
EVERYONE_EVERY = timedelta(minutes=5)
# A rung that breaks is tried again after this long, this often; then it is parked and shown.
RETRY_AFTER = timedelta(seconds=5)
MOST_FAILURES = 3


@dataclass(frozen=True)
class Step:
    """One step of a ladder as copied into an incident. `wait` is in seconds."""

    target: Target
    user: int | None
    role: str
    wait: int


@dataclass(frozen=True)
class Roster:
    """Who could answer now: ids on call, and the role of each member who may run an incident."""

    on_call: frozenset[int]
    roles: Mapping[int, str]


@dataclass(frozen=True)
class Climb:
    """What to do with a due incident: call `users` for `rung`, then look again at `next_at`.

    `passed` are rungs that resolved to nobody. `everyone` is set beyond the end of the ladder.
    """

    passed: tuple[int, ...]
    rung: int
    users: tuple[int, ...]
    everyone: bool
    next_at: datetime


def steps(ladder: list[dict[str, Any]]) -> list[Step]:
    """Read a stored ladder. ValueError, KeyError or TypeError if it is broken."""
    return [
        Step(Target(each["target"]), each.get("user"), each.get("role") or "", int(each["wait"]))
        for each in ladder
    ]


def answering(step: Step, roster: Roster) -> tuple[int, ...]:
    """Return whom a step calls, in a fixed order; only members who may answer count."""
    found: Set[int]
    if step.target == Target.ON_CALL:
        found = roster.on_call & roster.roles.keys()
    elif step.target == Target.USER:
        found = roster.roles.keys() & {step.user}
    else:
        found = {user for user, role in roster.roles.items() if role == step.role}
    return tuple(sorted(found))


def climb(ladder: list[Step], *, rounds: int, rung: int, roster: Roster, now: datetime) -> Climb:
    """Return what a due incident does at `now`, standing before `rung`."""
    end = len(ladder) * rounds
    passed: list[int] = []
    # One lap is enough: where every step resolves to nobody, waiting for further laps is silence.
    while rung < end and len(passed) < len(ladder):
        step = ladder[rung % len(ladder)]
        if users := answering(step, roster):
            return Climb(tuple(passed), rung, users, False, now + timedelta(seconds=step.wait))
        passed.append(rung)
        rung += 1
    everyone = tuple(sorted(roster.roles))
    return Climb(tuple(passed), max(rung, end), everyone, True, now + EVERYONE_EVERY)


def upcoming(ladder: list[Step], *, rounds: int, rung: int) -> Step | None:
    """Return the step that is climbed next; None beyond the end of the ladder."""
    return ladder[rung % len(ladder)] if ladder and rung < len(ladder) * rounds else None
