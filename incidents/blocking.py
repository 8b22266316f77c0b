"""The one thing that holds an incident up now, chosen here; the strip and the overview show it.

Rooms above add what they know of with `@source(rank=…)`: an approval that is waited for. The lowest
rank wins; within one source the function chooses. What a source must look up it asks for by
`looked.at(incident, function)`: the function reads it for many incidents at once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums import Role
from accounts.models import User

from . import escalation
from .enums import IncidentRole, State, Target
from .models import Call, Incident, Task
from .models_roles import RoleHolding

# Ranks of this room's own sources; approvals (responses) are at APPROVAL.
STOPPED, MISSED, CALL, APPROVAL, TASK, UPDATE = 10, 20, 30, 40, 50, 60
# Nobody to say what is done or said holds up more than a late task; the others hold up less.
LEADERLESS, ROLE = 45, 70
LEADING = (IncidentRole.LEAD, IncidentRole.COMMS)
# A call that has not been made by then is told as late: the engine may not be running.
LATE = timedelta(seconds=10)
Found = TypeVar("Found")


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


class Looked:
    """What has been read for these incidents so far: each thing once, and for all of them."""

    def __init__(self, incidents: Iterable[Incident], *, now: datetime) -> None:
        self.incidents = list(incidents)
        self.now = now
        self._found: dict[Callable[..., Any], dict[int, Any]] = {}

    def at(self, incident: Incident, loader: "Loader[Found]") -> Found | None:
        """Return what `loader` has found for the incident; None if nothing."""
        if loader not in self._found:
            self._found[loader] = loader(self.incidents, self.now)
        found: Found | None = self._found[loader].get(incident.pk)
        return found


Loader = Callable[[list[Incident], datetime], dict[int, Found]]
Source = Callable[[Incident, Looked], Blocker | None]
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
    return blockers([incident], now=now).get(incident.pk)


def blockers(incidents: Iterable[Incident], *, now: datetime) -> dict[int, Blocker]:
    """Return what blocks each incident, by its id: as many queries for fifty as for one."""
    looked = Looked((each for each in incidents if each.is_open), now=now)
    found = {incident.pk: _first(incident, looked) for incident in looked.incidents}
    return {pk: each for pk, each in found.items() if each}


def _first(incident: Incident, looked: Looked) -> Blocker | None:
    found = (function(incident, looked) for _rank, function in SOURCES)
    return next((each for each in found if each), None)


def _post(incident: Incident, label: str, name: str, icon: str, *, primary: bool) -> Action:
    url = reverse(f"incidents:{name}", args=[incident.reference])
    return Action(label, url, icon, post=True, primary=primary, running=True)


@source(STOPPED)
def suspected(incident: Incident, looked: Looked) -> Blocker | None:
    if incident.state != State.TRIAGE:
        return None
    late = incident.triage_until is not None and incident.triage_until + LATE < looked.now
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
def calling_stopped(incident: Incident, _looked: Looked) -> Blocker | None:
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
def response_late(incident: Incident, looked: Looked) -> Blocker | None:
    if incident.responded_at or not incident.respond_by or incident.respond_by > looked.now:
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


def last_calls(incidents: list[Incident], _now: datetime) -> dict[int, Call]:
    called = Call.objects.filter(incident__in=[each for each in incidents if each.is_called])
    rows = called.select_related("user").order_by("incident_id", "-rung", "pk")
    return {row.incident_id: row for row in rows.distinct("incident_id")}


@source(CALL)
def nobody_answered(incident: Incident, looked: Looked) -> Blocker | None:
    if not incident.is_called:
        return None
    late = incident.escalate_at is not None and incident.escalate_at + LATE < looked.now
    last = looked.at(incident, last_calls)
    detail = _("%(name)s has been called.") % {"name": last.user} if last else ""
    return Blocker(
        _("Nobody has acknowledged yet."),
        detail,
        tone="red" if late else "amber",
        icon="phone-call",
        person=last.user if last else None,
        until=incident.escalate_at,
        until_words=_("The next call is late by") if late else _next_words(incident, looked),
        since=last.fired_at if last else None,
        actions=(
            _post(incident, _("Escalate now"), "escalate", "stairs-up", primary=False),
            _post(incident, _("Acknowledge"), "acknowledge", "check", primary=True),
        ),
    )


def called_next(incidents: list[Incident], _now: datetime) -> dict[int, User]:
    """Whom the next step of each ladder calls by name."""
    steps = {each.pk: next_step(each) for each in incidents if each.is_called}
    wanted = {pk: step.user for pk, step in steps.items() if step and step.user}
    people = User.objects.in_bulk(set(wanted.values()))
    return {pk: people[user] for pk, user in wanted.items() if user in people}


def _next_words(incident: Incident, looked: Looked) -> str:
    step = next_step(incident)
    if step is None:
        return _("Everyone is called in")
    if step.user and (user := looked.at(incident, called_next)):
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


def vacant(incidents: list[Incident], _now: datetime) -> dict[int, list[IncidentRole]]:
    """The roles that each incident's plan asks for at its severity and nobody holds, in order."""
    answered = [each for each in incidents if each.state not in (State.TRIAGE, State.DETECTED)]
    rows = RoleHolding.objects.filter(incident__in=answered, is_deputy=False, until=None)
    held = set(rows.values_list("incident_id", "role"))
    held |= {(each.pk, IncidentRole.LEAD.value) for each in answered if each.lead_id}
    return {
        each.pk: [role for role in asked_for(each) if (each.pk, role.value) not in held]
        for each in answered
    }


def asked_for(incident: Incident) -> list[IncidentRole]:
    """Return the roles to fill at this severity; without a plan a lead is all it takes."""
    if not incident.plan:
        return [IncidentRole.LEAD]
    rows = {row["role"]: row["from"] for row in incident.plan["content"]["roles"]}
    return [role for role in IncidentRole if incident.severity <= rows.get(role.value, 0)]


NOBODY = {
    IncidentRole.LEAD: gettext_lazy("There is no incident lead."),
    IncidentRole.COMMS: gettext_lazy("There is no communications lead."),
    IncidentRole.SPOKESPERSON: gettext_lazy("There is no spokesperson."),
    IncidentRole.LEGAL: gettext_lazy("There is no legal adviser."),
    IncidentRole.CARE: gettext_lazy("Nobody looks after customer care."),
    IncidentRole.SCRIBE: gettext_lazy("There is no scribe."),
    IncidentRole.SPONSOR: gettext_lazy("There is no executive sponsor."),
}


@source(LEADERLESS)
def leaderless(incident: Incident, looked: Looked) -> Blocker | None:
    missing = looked.at(incident, vacant) or []
    return _vacancy(missing) if missing and missing[0] in LEADING else None


@source(ROLE)
def role_missing(incident: Incident, looked: Looked) -> Blocker | None:
    missing = looked.at(incident, vacant)
    return _vacancy(missing) if missing else None


def _vacancy(missing: list[IncidentRole]) -> Blocker:
    """Name the gravest; the others stand behind it."""
    others = ", ".join(str(role.label) for role in missing[1:])
    return Blocker(
        str(NOBODY[missing[0]]),
        _("Also missing: %(roles)s.") % {"roles": others} if others else "",
        icon="users",
        actions=(Action(_("Fill the roles"), "#slot-roles", "users", running=True),),
    )


def late_tasks(incidents: list[Incident], now: datetime) -> dict[int, Task]:
    rows = Task.objects.filter(incident__in=incidents, done_at=None, due_at__lt=now)
    first = (
        rows.select_related("owner").order_by("incident_id", "due_at", "pk").distinct("incident_id")
    )
    return {task.incident_id: task for task in first}


@source(TASK)
def task_late(incident: Incident, looked: Looked) -> Blocker | None:
    task = looked.at(incident, late_tasks)
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
def update_late(incident: Incident, looked: Looked) -> Blocker | None:
    if not incident.update_by or incident.update_by > looked.now:
        return None
    return Blocker(
        _("The internal update is late."),
        _("Write /update and what is known now."),
        icon="clock",
        until=incident.update_by,
        until_words=_("Late by"),
        actions=(Action(_("Write to the room"), "#say", "edit"),),
    )
