"""The one thing that holds an incident up now, chosen here and shown in the strip.

Rooms above add what they know of with `@source(rank=…)`: an approval that is waited for. The lowest
rank wins; within one source the function chooses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.models import User

from . import escalation
from .enums import State, Target
from .models import Incident

# Ranks of this room's own sources; approvals (responses) go between CALL and TASK.
STOPPED, MISSED, CALL, TASK, UPDATE = 10, 20, 30, 50, 60
# A call that has not been made by then is told as late: the engine may not be running.
LATE = timedelta(seconds=10)


@dataclass(frozen=True)
class Action:
    """A button of the strip: a link, or a form that posts."""

    label: str
    url: str
    icon: str = ""
    post: bool = False
    primary: bool = False
    # Shown to who may run the incident only.
    running: bool = False


@dataclass(frozen=True)
class Blocker:
    """`until` is a moment counted down to, behind the words in `until_words`."""

    title: str
    detail: str = ""
    tone: str = "amber"
    icon: str = "alert-triangle"
    person: User | None = None
    until: datetime | None = None
    until_words: str = ""
    # When the time until then began to run; without it the clock is never early.
    since: datetime | None = None
    actions: tuple[Action, ...] = ()


Source = Callable[[Incident, datetime], Blocker | None]
SOURCES: list[tuple[int, Source]] = []


def source(rank: int) -> Callable[[Source], Source]:
    """Register a function that finds what blocks an incident, or None."""

    def register(function: Source) -> Source:
        SOURCES.append((rank, function))
        SOURCES.sort(key=lambda each: each[0])
        return function

    return register


def blocker(incident: Incident, *, now: datetime) -> Blocker | None:
    """Return the one thing to deal with first; None when nothing blocks or it is resolved."""
    if not incident.is_open:
        return None
    found = (function(incident, now) for _rank, function in SOURCES)
    return next((each for each in found if each), None)


def _post(incident: Incident, label: str, name: str, icon: str, *, primary: bool) -> Action:
    url = reverse(f"incidents:{name}", args=[incident.reference])
    return Action(label, url, icon, post=True, primary=primary, running=True)


@source(STOPPED)
def suspected(incident: Incident, now: datetime) -> Blocker | None:
    if incident.state != State.TRIAGE:
        return None
    late = incident.triage_until is not None and incident.triage_until + LATE < now
    judge = reverse("incidents:triage", args=[incident.reference])
    return Blocker(
        _("A suspicion: is it an incident?"),
        _("Nobody is called while it is in triage."),
        tone="red" if late else "amber",
        icon="help-circle",
        until=incident.triage_until,
        until_words=_("Calling is late by") if late else _("People are called in"),
        since=incident.detected_at,
        actions=(
            Action(_("Dismiss"), judge, "x", running=True),
            _post(incident, _("Call people"), "escalate", "phone-call", primary=False),
            _post(incident, _("Take it"), "acknowledge", "check", primary=True),
        ),
    )


@source(STOPPED)
def calling_stopped(incident: Incident, _now: datetime) -> Blocker | None:
    stopped = incident.escalate_failures >= escalation.MOST_FAILURES
    if not (incident.is_called and stopped and incident.escalate_at is None):
        return None
    return Blocker(
        _("Calling has stopped."),
        _("The next step failed. Phone someone yourself, or try again."),
        tone="red",
        icon="phone-call",
        actions=(
            _post(incident, _("Try again"), "escalate", "phone-call", primary=False),
            _post(incident, _("Acknowledge"), "acknowledge", "check", primary=True),
        ),
    )


@source(MISSED)
def response_late(incident: Incident, now: datetime) -> Blocker | None:
    if incident.responded_at or not incident.respond_by or incident.respond_by > now:
        return None
    return Blocker(
        _("The first response is late."),
        _("Nothing has been said to the public yet."),
        tone="red",
        icon="alarm",
        until=incident.respond_by,
        until_words=_("Late by"),
        actions=(Action(_("See the drafts"), "#slots", "edit", primary=True),),
    )


@source(CALL)
def nobody_answered(incident: Incident, now: datetime) -> Blocker | None:
    if not incident.is_called:
        return None
    late = incident.escalate_at is not None and incident.escalate_at + LATE < now
    last = incident.calls.select_related("user").order_by("-rung", "pk").first()
    detail = _("%(name)s has been called.") % {"name": last.user} if last else ""
    return Blocker(
        _("Nobody has acknowledged yet."),
        detail,
        tone="red" if late else "amber",
        icon="phone-call",
        person=last.user if last else None,
        until=incident.escalate_at,
        until_words=_("The next call is late by") if late else _next_words(incident),
        since=last.fired_at if last else None,
        actions=(
            _post(incident, _("Escalate now"), "escalate", "stairs-up", primary=False),
            _post(incident, _("Acknowledge"), "acknowledge", "check", primary=True),
        ),
    )


def _next_words(incident: Incident) -> str:
    step = next_step(incident)
    if step is None:
        return _("Everyone is called in")
    if step.user and (user := User.objects.filter(pk=step.user).first()):
        return _("%(name)s is called in") % {"name": user}
    if step.target == Target.ROLE and step.role in Role.values:
        return _("Everyone with the role %(role)s is called in") % {"role": Role(step.role).label}
    if step.target == Target.ON_CALL:
        return _("Whoever is on call is called in")
    return _("The next step is taken in")


def next_step(incident: Incident) -> escalation.Step | None:
    """Return the step that is climbed next; None at the end and for a ladder that is broken."""
    try:
        ladder = escalation.steps(incident.ladder)
    except (KeyError, TypeError, ValueError):
        return None
    return escalation.upcoming(ladder, rounds=incident.ladder_rounds, rung=incident.rung)


@source(TASK)
def task_late(incident: Incident, now: datetime) -> Blocker | None:
    late = incident.tasks.select_related("owner").filter(done_at=None, due_at__lt=now)
    task = late.order_by("due_at").first()
    if task is None:
        return None
    waits = _("It waits for %(name)s.") % {"name": task.owner} if task.owner else ""
    return Blocker(
        _("A task is late: %(title)s") % {"title": task.title},
        waits,
        icon="clock",
        person=task.owner,
        until=task.due_at,
        until_words=_("Late by"),
        actions=(Action(_("See the tasks"), "#tasks", "list-check"),),
    )


@source(UPDATE)
def update_late(incident: Incident, now: datetime) -> Blocker | None:
    if not incident.update_by or incident.update_by > now:
        return None
    return Blocker(
        _("The internal update is late."),
        _("Write /update and what is known now."),
        icon="clock",
        until=incident.update_by,
        until_words=_("Late by"),
        actions=(Action(_("Write to the room"), "#say", "edit"),),
    )
