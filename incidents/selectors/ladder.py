"""An incident's ladder as it stands: what was done, who answered, who is next and when."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import User
from core import formats
from incidents import escalation, wording
from incidents.entries import PASSED
from incidents.escalation import Step
from incidents.models import Call, Incident
from incidents.models_escalation import CallState, FiredStep
from notifications.selectors import deliveries_about

from .policies import names_in
from .situation import situation

# Less than this late is on time, to a person.
LATE = timedelta(seconds=5)


@dataclass(frozen=True)
class Rung:
    """A step in the latest round. `state` is done (answered), wait (just called), called, did
    (what is no call was done), passed or todo."""

    number: int
    state: str
    label: str
    limits: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    # Who would be called now; for steps still to come.
    people: list[User] = field(default_factory=list)
    answered: User | None = None
    # Whether the step calls people by itself.
    asks: bool = True
    fired_at: datetime | None = None
    # Why it was passed, or would be passed now; how an outside call went.
    note: str = ""
    # How late it fired, in words; "" on time.
    late: str = ""
    # Whether one may go straight to it.
    ahead: bool = False

    @property
    def others(self) -> int:
        """How many beside the first who was, or would be, called."""
        return max(0, len(self.calls or self.people) - 1)


@dataclass(frozen=True)
class Ladder:
    """`round` counts from 1; `broken` when the stored ladder cannot be read.

    `answered_after` is how long nobody had answered, in words.
    """

    rungs: list[Rung]
    round: int = 1
    rounds: int = 0
    broken: bool = False
    answered_after: str = ""
    resting: bool = False


def ladder(incident: Incident, *, now: datetime) -> Ladder:
    """Return the ladder for showing: as many queries, however long it is."""
    try:
        steps = escalation.steps(incident.ladder)
    except (KeyError, TypeError, ValueError):
        return Ladder([], broken=True)
    drawing = _Drawing(incident, steps, now)
    rungs = [drawing.rung(place, step) for place, step in enumerate(steps)]
    if everyone := drawing.everyone():
        rungs.append(everyone)
    lap = max(len(drawing.lap), 1)
    here = min(max(incident.rung - 1, 0) // lap + 1, max(incident.ladder_rounds, 1))
    after = ""
    if incident.acknowledged_at:
        gone = max(incident.acknowledged_at - incident.detected_at, timedelta())
        after = formats.duration(gone.total_seconds())
    resting = incident.resting_since is not None and incident.escalate_at is not None
    return Ladder(rungs, here, incident.ladder_rounds, False, after, resting)


class _Drawing:
    """What was read once for all rungs."""

    def __init__(self, incident: Incident, steps: list[Step], now: datetime) -> None:
        self.incident = incident
        self.steps = steps
        self.lap = escalation.places(steps)
        self.at, self.people = situation(incident, steps, now=now)
        self.names = names_in(steps, incident.brand, self.people.values())
        rows = incident.fired_steps.select_related("webhook_call").order_by("rung")
        self.fired: dict[int | None, FiredStep] = {row.place: row for row in rows}
        self.calls = self._latest_calls()
        _note_deliveries(incident, [call for each in self.calls.values() for call in each])
        self.last = max((row.rung for row in self.fired.values() if not row.passed), default=-1)

    def _latest_calls(self) -> dict[int | None, list[Call]]:
        """The calls of each step's latest rung; under None those made to everyone."""
        latest: dict[int | None, list[Call]] = defaultdict(list)
        end = len(self.lap) * self.incident.ladder_rounds
        for call in self.incident.calls.select_related("user").order_by("rung", "pk"):
            place = self.lap[call.rung % len(self.lap)] if call.rung < end else None
            if latest[place] and latest[place][0].rung != call.rung:
                latest[place] = []
            latest[place].append(call)
        return dict(latest)

    def rung(self, place: int, step: Step) -> Rung:
        row, calls = self.fired.get(place), self.calls.get(place, [])
        # A step that was passed in this round shows the calls of an earlier one no more.
        if row is not None and row.passed:
            calls = []
        answered = self._answered(calls)
        return Rung(
            number=place + 1,
            state=self._state(row, calls, answered),
            label=wording.told(step, self.names),
            limits=wording.limits(step),
            calls=calls,
            people=self._would_call(step),
            answered=answered,
            asks=step.calls,
            fired_at=calls[0].fired_at if calls else row.fired_at if row else None,
            note=self._note(row, step),
            late=_late(row),
            ahead=self._ahead(place),
        )

    def everyone(self) -> Rung | None:
        calls, row = self.calls.get(None, []), self.fired.get(None)
        if not calls:
            return None
        answered = self._answered(calls)
        return Rung(
            number=len(self.steps) + 1,
            state=self._state(row, calls, answered),
            label=_("Everyone"),
            calls=calls,
            answered=answered,
            fired_at=calls[0].fired_at,
            late=_late(row),
        )

    def _state(self, row: FiredStep | None, calls: list[Call], answered: User | None) -> str:
        if answered:
            return "done"
        if calls:
            waits = calls[0].rung >= self.last and self.incident.is_called
            return "wait" if waits else "called"
        if row is None:
            return "todo"
        return "passed" if row.passed else "did"

    def _answered(self, calls: list[Call]) -> User | None:
        by = self.incident.acknowledged_by_id
        return next((call.user for call in calls if call.user_id == by), None)

    def _would_call(self, step: Step) -> list[User]:
        if not step.calls:
            return []
        found = escalation.answering(step, self.at.roster, self.at.turns)
        return [self.people[user] for user in found]

    def _note(self, row: FiredStep | None, step: Step) -> str:
        if row is not None and row.passed:
            return str(PASSED.get(row.passed, ""))
        call = getattr(row, "webhook_call", None) if row is not None else None
        if call is not None:
            state = str(CallState(call.state).label)
            return f"{state} ({call.outcome})" if call.outcome else state
        if row is None and self.incident.is_called:
            why = escalation.obstacle(step, self.at)
            return str(PASSED.get(why, "")) if why and why != escalation.NOBODY else ""
        return ""

    def _ahead(self, place: int) -> bool:
        incident = self.incident
        rounds, after = incident.ladder_rounds, incident.rung
        found = escalation.rung_of(self.steps, place, rounds=rounds, after=after)
        return incident.is_open and found is not None


def _late(row: FiredStep | None) -> str:
    late = row.fired_at - row.due_at if row is not None else timedelta()
    return formats.duration(late.total_seconds()) if late > LATE else ""


def _note_deliveries(incident: Incident, calls: list[Call]) -> None:
    """Note at each call what went out for it, and what became of that."""
    subject = f"incident.{incident.pk}"
    keys = {call: f"{subject}.rung.{call.rung}" for call in calls}
    outgoing = deliveries_about(subject, set(keys.values())) if calls else {}
    for call, key in keys.items():
        call.outgoing = outgoing.get((call.user_id, key))  # type: ignore[attr-defined]
