"""An incident's ladder as it stands: what was called, who answered, who is next."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.models import User
from incidents import escalation
from incidents.enums import Target
from incidents.models import Call, Incident
from notifications.selectors import deliveries_about

from .rota import roster


@dataclass(frozen=True)
class Rung:
    """A step in the latest round: `state` is done (answered), wait (just called), called, todo."""

    number: int
    state: str
    label: str
    calls: list[Call] = field(default_factory=list)
    # Who would be called now; for steps still to come.
    people: list[User] = field(default_factory=list)
    answered: User | None = None

    @property
    def others(self) -> int:
        """How many beside the first who was, or would be, called."""
        return max(0, len(self.calls or self.people) - 1)


@dataclass(frozen=True)
class Ladder:
    """`round` counts from 1; `broken` when the stored ladder cannot be read."""

    rungs: list[Rung]
    round: int = 1
    rounds: int = 0
    broken: bool = False


def ladder(incident: Incident, *, now: datetime) -> Ladder:
    """Return the ladder for showing: four queries, however long it is."""
    try:
        steps = escalation.steps(incident.ladder)
    except (KeyError, TypeError, ValueError):
        return Ladder([], broken=True)
    here, people = roster(incident.brand, at=now)
    calls = _latest_calls(incident, steps)
    _note_deliveries(incident, [call for each in calls.values() for call in each])
    last = max((call.rung for each in calls.values() for call in each), default=-1)
    rungs = [
        _rung(incident, number, step, calls.get(number, []), last)
        for number, step in enumerate(steps)
    ]
    shown = [
        _with_people(rung, step, [people[user] for user in escalation.answering(step, here)])
        for rung, step in zip(rungs, steps, strict=True)
    ]
    if everyone := calls.get(len(steps)):
        state = "wait" if incident.is_called else "called"
        done = _answered(incident, everyone)
        shown.append(
            Rung(len(steps) + 1, "done" if done else state, _("Everyone"), everyone, answered=done)
        )
    lap = min(max(incident.rung - 1, 0) // max(len(steps), 1) + 1, max(incident.ladder_rounds, 1))
    return Ladder(shown, lap, incident.ladder_rounds)


def _latest_calls(incident: Incident, steps: list[escalation.Step]) -> dict[int, list[Call]]:
    """The last calls of each step; behind the steps' numbers, those made to everyone."""
    end = len(steps) * incident.ladder_rounds
    latest: dict[int, list[Call]] = defaultdict(list)
    for call in incident.calls.select_related("user").order_by("rung", "pk"):
        place = call.rung % len(steps) if call.rung < end else len(steps)
        if latest[place] and latest[place][0].rung != call.rung:
            latest[place] = []
        latest[place].append(call)
    return dict(latest)


def _note_deliveries(incident: Incident, calls: list[Call]) -> None:
    """Note at each call what went out for it, and what became of that."""
    subject = f"incident.{incident.pk}"
    keys = {call: f"{subject}.rung.{call.rung}" for call in calls}
    outgoing = deliveries_about(subject, set(keys.values())) if calls else {}
    for call, key in keys.items():
        call.outgoing = outgoing.get((call.user_id, key))  # type: ignore[attr-defined]


def _rung(
    incident: Incident, number: int, step: escalation.Step, calls: list[Call], last: int
) -> Rung:
    answered = _answered(incident, calls)
    if answered:
        state = "done"
    elif not calls:
        state = "todo"
    else:
        state = "wait" if calls[0].rung == last and incident.is_called else "called"
    return Rung(number + 1, state, _label(step), calls, answered=answered)


def _answered(incident: Incident, calls: list[Call]) -> User | None:
    return next((call.user for call in calls if call.user_id == incident.acknowledged_by_id), None)


def _label(step: escalation.Step) -> str:
    if step.target == Target.ROLE:
        return str(Role(step.role).label)
    return str(Target(step.target).label)


def _with_people(rung: Rung, step: escalation.Step, people: list[User]) -> Rung:
    """A step that calls a person stands under their name, with their title beside it."""
    named = step.target == Target.USER and (people or rung.calls)
    label = (people[0] if people else rung.calls[0].user).title if named else rung.label
    return replace(rung, label=label, people=people)
