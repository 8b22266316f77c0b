"""What one rung does: calls, outbox rows, effects and their lines in the log.

Everything here runs in the transaction that moves the ladder on, and nothing calls outside: what
must go out is a row that another loop sends.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import User
from incidents import escalation, steps
from incidents.enums import EntryKind, Target
from incidents.models import Call, Incident
from incidents.models_escalation import FiredStep, OutgoingWebhook, Turn
from notifications.models import Channel, Urgency

from . import hooks
from .notices import tell, tell_channel
from .privacy import admit_called
from .timeline import append


@dataclass(frozen=True)
class Firing:
    """A locked incident and what is decided about it; `people` are the users by id."""

    incident: Incident
    climb: escalation.Climb
    ladder: list[escalation.Step]
    people: dict[int, User]
    now: datetime

    @property
    def called(self) -> list[User]:
        return [self.people[user] for user in self.climb.users]

    def place(self, rung: int) -> int | None:
        """The place of a rung's step in the ladder; None beyond the end."""
        lap = escalation.places(self.ladder)
        return lap[rung % len(lap)] if lap and rung < len(lap) * self._rounds else None

    def number(self, rung: int) -> int:
        """The step's number as people count, within the ladder."""
        return (self.place(rung) or 0) + 1

    @property
    def _rounds(self) -> int:
        return self.incident.ladder_rounds


def carry_out(firing: Firing) -> FiredStep:
    """Do what was decided, once: the rows below are unique for their rung."""
    _pass(firing)
    fired = _note(firing)
    step = firing.climb.step
    if firing.climb.everyone or (step and step.calls):
        _call(firing)
    elif step:
        _DEEDS[step.target](firing, step, fired)
    return fired


def _note(firing: Firing) -> FiredStep:
    climb = firing.climb
    rows = [
        _row(firing, rung, firing.ladder[firing.place(rung) or 0].target, why)
        for rung, why in climb.passed
    ]
    rows.append(_row(firing, climb.rung, climb.step.target if climb.step else "", ""))
    return FiredStep.objects.bulk_create(rows)[-1]


def _row(firing: Firing, rung: int, target: str, why: str) -> FiredStep:
    return FiredStep(
        incident=firing.incident,
        rung=rung,
        place=firing.place(rung),
        target=target,
        passed=why,
        due_at=firing.incident.escalate_at or firing.now,
        fired_at=firing.now,
    )


def _pass(firing: Firing) -> None:
    # A step that repeats is passed as often, and told of once.
    steps = {firing.number(rung): why for rung, why in firing.climb.passed}
    for number, why in steps.items():
        code = {"code": "nobody"} if why == escalation.NOBODY else {"code": "passed", "why": why}
        _log(firing, EntryKind.CALLED, **code, step=number)


def _log(firing: Firing, kind: EntryKind, **params: Any) -> None:
    append(firing.incident, kind, params=params, now=firing.now)


def _call(firing: Firing) -> None:
    """Write the calls of a rung and wake those whom it calls."""
    incident, climb, now = firing.incident, firing.climb, firing.now
    due_at = incident.escalate_at or now
    Call.objects.bulk_create(
        Call(incident=incident, rung=climb.rung, user=user, due_at=due_at, fired_at=now)
        for user in firing.called
    )
    admit_called(incident, firing.called, now=now)
    kind = "nobody_answered" if climb.everyone else "paged"
    key = f"rung.{climb.rung}"
    tell(firing.called, kind, incident=incident, key=key, now=now, urgency=Urgency.PAGE)
    if climb.step and climb.step.target == Target.TURN:
        _take_turn(firing, climb.step)
    _log_called(firing)


def _take_turn(firing: Firing, step: escalation.Step) -> None:
    """A drill wakes people too: it takes its turn as a crisis does."""
    if firing.incident.policy_id:
        Turn.objects.update_or_create(
            policy_id=firing.incident.policy_id,
            key=step.key,
            defaults={"user_id": firing.climb.users[0]},
        )


def _log_called(firing: Firing) -> None:
    climb, ladder = firing.climb, firing.ladder
    people = [str(user) for user in firing.called]
    lap = len(escalation.places(ladder))
    if not climb.everyone:
        number, lapped = firing.number(climb.rung), climb.rung // lap + 1
        _log(firing, EntryKind.CALLED, step=number, round=lapped, people=people)
    elif climb.rung > lap * firing.incident.ladder_rounds:
        _log(firing, EntryKind.CALLED, code="everyone", people=people)
    else:
        code = "no_ladder" if not ladder else "unstaffed" if climb.passed else ""
        _log(firing, EntryKind.EXHAUSTED, code=code, people=people)


def _wait(firing: Firing, step: escalation.Step, fired: FiredStep) -> None:
    """Waiting is nothing to tell of."""


def _hook(firing: Firing, step: escalation.Step, fired: FiredStep) -> None:
    webhook = OutgoingWebhook.objects.get(pk=step.subject, brand=firing.incident.brand_id)
    hooks.enqueue(webhook, fired, incident=firing.incident, now=firing.now)
    number = firing.number(firing.climb.rung)
    _log(firing, EntryKind.CALLED, code="webhook", step=number, name=webhook.name)


def _channel(firing: Firing, step: escalation.Step, fired: FiredStep) -> None:
    channel = Channel.objects.get(pk=step.subject, brand=firing.incident.brand_id)
    key = f"rung.{firing.climb.rung}"
    tell_channel(channel, "channel", incident=firing.incident, key=key, now=firing.now)
    number = firing.number(firing.climb.rung)
    _log(firing, EntryKind.CALLED, code="channel", step=number, name=channel.name)


def _effect(firing: Firing, step: escalation.Step, fired: FiredStep) -> None:
    done = steps.EFFECTS[step.target](firing.incident, step, firing.now)
    number = firing.number(firing.climb.rung)
    code = "did" if done else "needless"
    _log(firing, EntryKind.CALLED, code=code, step=number, target=step.target)


_DEEDS = {
    Target.CHANNEL: _channel,
    Target.WAIT: _wait,
    Target.WEBHOOK: _hook,
    Target.SEVERITY: _effect,
    Target.PAUSE: _effect,
    Target.DECLARE: _effect,
}
