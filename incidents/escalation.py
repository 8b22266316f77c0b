"""Who is called and when next: pure, without a database.

The ladder is climbed from rung 0, step after step and round after round; a step that repeats has
as many rungs. A rung that resolves to nobody, or whose conditions do not hold, is passed at once.
After the last round everyone who may run the incident is called, again and again until somebody
answers: there is no quiet end. Only where every step's conditions exclude the hour or the severity,
and the matter is not grave, the ladder rests until they no longer do.

`climb` is what the engine does, and `foresee` asks the same function what it would do.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from .conditions import ALWAYS, Conditions, read
from .enums import Severity, Target

# Between calls to everyone, once the ladder is at its end.
EVERYONE_EVERY = timedelta(minutes=5)
# A ladder that rests is looked at this often, whatever its conditions say.
LONGEST_REST = timedelta(hours=1)
# Beyond this a ladder never rests: somebody is called, whatever the hour.
MAY_REST = Severity.SEV3
# A rung that breaks is tried again after this long, this often; then it is parked and shown.
RETRY_AFTER = timedelta(seconds=5)
MOST_FAILURES = 3

# Steps that call people of this desk; the others do something else on the way.
CALLING = (Target.ON_CALL, Target.USER, Target.ROLE, Target.CREW, Target.TURN)
NOBODY, GONE, DRILL = "nobody", "gone", "drill"


@dataclass(frozen=True)
class Step:
    """One step of a ladder as copied into an incident. `wait` is in seconds, after each rung.

    `role` is a role of the brand or in the incident, `line` of the rota, `people` take turns,
    `subject` is the id of a channel or webhook, `level` a severity; a turn is kept under `key`.
    """

    target: Target
    user: int | None
    role: str
    wait: int
    line: int = 1
    people: tuple[int, ...] = ()
    subject: int = 0
    level: int = 0
    times: int = 1
    key: str = ""
    only: Conditions = ALWAYS

    @property
    def calls(self) -> bool:
        """Whether it reaches for people by itself."""
        return self.target in CALLING


@dataclass(frozen=True)
class Roster:
    """Who and what could be reached: ids on call, and the role of each member who may answer.

    `second` is the second line, `crew` holds who has which role in the incident, `subjects` the
    channels and webhooks that there are, `effects` the kinds of step that some room carries out.
    """

    on_call: frozenset[int]
    roles: Mapping[int, str]
    second: frozenset[int] = frozenset()
    crew: Mapping[str, Set[int]] = field(default_factory=dict)
    subjects: frozenset[tuple[str, int]] = frozenset()
    effects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Situation:
    """What a decision hangs on. `signals` are the times of the alarms, `turns` who was last called
    under each key."""

    now: datetime
    roster: Roster
    severity: int = Severity.SEV1
    signals: tuple[datetime, ...] = ()
    turns: Mapping[str, int] = field(default_factory=dict)
    drill: bool = False


class Pass(NamedTuple):
    """A rung that did nothing, and why: nobody, gone, drill, or the condition that failed."""

    rung: int
    why: str


@dataclass(frozen=True)
class Climb:
    """What to do with a due incident: carry out `step` for `rung`, then look again at `next_at`.

    `users` are whom it calls. `everyone` is set beyond the end of the ladder, where there is no
    step. While `resting` nothing is done and the ladder stays where it is.
    """

    passed: tuple[Pass, ...]
    rung: int
    step: Step | None
    users: tuple[int, ...]
    everyone: bool
    next_at: datetime
    resting: bool = False


def steps(ladder: list[dict[str, Any]]) -> list[Step]:
    """Read a stored ladder. ValueError, KeyError or TypeError if it is broken."""
    return [_step(each) for each in ladder]


def _step(stored: dict[str, Any]) -> Step:
    return Step(
        Target(stored["target"]),
        stored.get("user"),
        stored.get("role") or "",
        int(stored["wait"]),
        line=int(stored.get("line") or 1),
        people=tuple(int(each) for each in stored.get("people") or ()),
        subject=int(stored.get("subject") or 0),
        level=int(stored.get("level") or 0),
        times=max(1, int(stored.get("times") or 1)),
        key=str(stored.get("key") or ""),
        only=read(stored.get("only") or {}),
    )


def places(ladder: list[Step]) -> list[int]:
    """Return the step of each rung of one round: a step that repeats has several."""
    return [place for place, step in enumerate(ladder) for _ in range(step.times)]


def answering(
    step: Step, roster: Roster, turns: Mapping[str, int] | None = None
) -> tuple[int, ...]:
    """Return whom a step calls, in a fixed order; only members who may answer count."""
    if step.target == Target.TURN:
        return _next_in_turn(step, roster, (turns or {}).get(step.key))
    return tuple(sorted(_reached(step, roster) & roster.roles.keys()))


def _reached(step: Step, roster: Roster) -> Set[int]:
    if step.target == Target.ON_CALL:
        return roster.second if step.line == 2 else roster.on_call
    if step.target == Target.USER:
        return frozenset() if step.user is None else frozenset({step.user})
    if step.target == Target.CREW:
        return roster.crew.get(step.role, frozenset())
    return frozenset(user for user, role in roster.roles.items() if role == step.role)


def _next_in_turn(step: Step, roster: Roster, last: int | None) -> tuple[int, ...]:
    """Who comes after the last one called, passing over who cannot answer now."""
    start = step.people.index(last) + 1 if last in step.people else 0
    line = step.people[start:] + step.people[:start]
    return next(((user,) for user in line if user in roster.roles), ())


def obstacle(step: Step, at: Situation) -> str:
    """Return why a step does nothing now; "" if it is carried out."""
    if why := step.only.unmet(now=at.now, severity=at.severity, signals=at.signals):
        return why
    if step.calls:
        return "" if answering(step, at.roster, at.turns) else NOBODY
    if step.target in (Target.CHANNEL, Target.WEBHOOK):
        return "" if (step.target, step.subject) in at.roster.subjects else GONE
    if step.target == Target.WAIT:
        return ""
    return _effect(step, at)


def _effect(step: Step, at: Situation) -> str:
    """What changes the world is only told of in a drill; the drill's own severity may rise."""
    if step.target not in at.roster.effects:
        return GONE
    return DRILL if at.drill and step.target != Target.SEVERITY else ""


def climb(ladder: list[Step], *, rounds: int, rung: int, at: Situation) -> Climb:
    """Return what a due incident does, standing before `rung`."""
    lap = places(ladder)
    end = len(lap) * rounds
    passed: list[Pass] = []
    here = rung
    # One lap is enough: where every step resolves to nobody, waiting for further laps is silence.
    while here < end and len(passed) < len(lap):
        step = ladder[lap[here % len(lap)]]
        if not (why := obstacle(step, at)):
            users = answering(step, at.roster, at.turns) if step.calls else ()
            wait = timedelta(seconds=step.wait)
            return Climb(tuple(passed), here, step, users, False, at.now + wait)
        passed.append(Pass(here, why))
        here += 1
    if may_rest(ladder, at):
        return Climb((), rung, None, (), False, _reopens(ladder, at.now), resting=True)
    everyone = tuple(sorted(at.roster.roles))
    return Climb(tuple(passed), max(here, end), None, everyone, True, at.now + EVERYONE_EVERY)


def may_rest(ladder: list[Step], at: Situation) -> bool:
    """Whether the policy wants nobody called now: each calling step is excluded by its conditions.

    A step that has nobody to call is no such wish, and a grave matter wakes somebody all the same.
    """
    calling = [step for step in ladder if step.calls]
    excluded = all(
        step.only.unmet(now=at.now, severity=at.severity, signals=at.signals) for step in calling
    )
    return bool(calling) and excluded and at.severity >= MAY_REST


def _reopens(ladder: list[Step], now: datetime) -> datetime:
    """When the conditions may have changed by themselves: at the next edge of somebody's hours."""
    edges = [step.only.hours.next_edge(now) for step in ladder if step.only.hours]
    return min([*edges, now + LONGEST_REST])


def upcoming(ladder: list[Step], *, rounds: int, rung: int) -> Step | None:
    """Return the step that is climbed next; None beyond the end of the ladder."""
    lap = places(ladder)
    return ladder[lap[rung % len(lap)]] if lap and rung < len(lap) * rounds else None


def rung_of(ladder: list[Step], place: int, *, rounds: int, after: int) -> int | None:
    """Return the next rung at or after `after` that is of the step at `place`; None if none is."""
    lap = places(ladder)
    rungs = range(after, len(lap) * rounds)
    return next((rung for rung in rungs if lap[rung % len(lap)] == place), None)


class Foreseen(NamedTuple):
    """What the engine would do at a time, and in what it would find itself."""

    at: Situation
    climb: Climb


def foresee(
    ladder: list[Step],
    *,
    rounds: int,
    start: Situation,
    roster_at: Callable[[datetime], Roster],
    rung: int = 0,
) -> Iterator[Foreseen]:
    """Yield what an unanswered ladder does from `start` on, until everyone has been called.

    Ends after a call to everyone; a ladder that rests goes on when it is looked at again, so a
    reader takes as many as it wants.
    """
    at = start
    while True:
        step = climb(ladder, rounds=rounds, rung=rung, at=at)
        yield Foreseen(at, step)
        if step.everyone:
            return
        rung = step.rung if step.resting else step.rung + 1
        at = _after(at, step, roster_at(step.next_at))


def _after(at: Situation, done: Climb, roster: Roster) -> Situation:
    """The situation at the next look: a step may have raised the severity or taken a turn."""
    step = done.step
    severity, turns = at.severity, at.turns
    if step and step.target == Target.SEVERITY:
        severity = min(severity, step.level)
    if step and step.target == Target.TURN:
        turns = {**turns, step.key: done.users[0]}
    return replace(at, now=done.next_at, roster=roster, severity=severity, turns=turns)
