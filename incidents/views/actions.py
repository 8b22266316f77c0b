"""What is done in the war room. Each answers with the part it was done in, or the page."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from core.clock import database_now
from core.errors import Refused
from incidents import selectors, services
from incidents.composer import next_time
from incidents.enums import Severity
from incidents.forms import EndForm, TaskForm
from incidents.models import Incident, Task

from .access import attempt, find_to, refreshing, to_room
from .room import part

# (incident, request, now, **ids) to a service call.
Deed = Callable[..., Any]


def action(
    shown: str, deed: Deed, *, permission: Permission = Permission.RUN_INCIDENT
) -> Callable[..., HttpResponse]:
    """Make a view that does `deed` and shows the part `shown`."""

    @login_required
    @require_POST
    def view(request: SignedIn, reference: str, **ids: int) -> HttpResponse:
        incident = find_to(request, reference, permission)
        problem = attempt(request, lambda: deed(incident, request, database_now(), **ids))
        if not request.htmx:
            return to_room(incident, shown)
        fresh = find_to(request, reference, permission)
        response = part(request, fresh, shown, problem=problem)
        return refreshing(response, [] if problem else ["head", "timeline", "ladder", "tasks"])

    return view


def _acknowledge(incident: Incident, request: SignedIn, now: datetime) -> None:
    services.acknowledge(incident.pk, by=request.user, now=now)


def _escalate(incident: Incident, request: SignedIn, now: datetime) -> None:
    """The next step, or the one whose number was sent."""
    asked = request.POST.get("step", "")
    step = int(asked) if asked.isdecimal() and len(asked) < 4 else None
    services.escalate_now(incident.pk, by=request.user, step=step, now=now)


def _take_lead(incident: Incident, request: SignedIn, now: datetime) -> None:
    services.take_lead(incident.pk, by=request.user, now=now)


def _change_state(incident: Incident, request: SignedIn, now: datetime) -> None:
    state, reason = request.POST.get("state", ""), request.POST.get("reason", "")
    services.change_state(incident.pk, state, by=request.user, reason=reason, now=now)


def _change_severity(incident: Incident, request: SignedIn, now: datetime) -> None:
    level, reason = request.POST.get("severity", ""), request.POST.get("reason", "")
    known = {str(value): value for value in Severity.values}
    services.change_severity(
        incident.pk, known.get(level, 0), by=request.user, reason=reason, now=now
    )


def _rename(incident: Incident, request: SignedIn, now: datetime) -> None:
    services.rename(incident.pk, request.POST.get("title", ""), by=request.user, now=now)


def _add_task(incident: Incident, request: SignedIn, now: datetime) -> None:
    form = TaskForm(request.POST, people=selectors.insiders(incident))
    if not form.is_valid():
        raise Refused(" ".join(str(error) for each in form.errors.values() for error in each))
    wanted = form.cleaned_data
    due = wanted["due"]
    due_at = next_time(due, zone=request.user.time_zone, now=now) if due else None
    services.add_task(
        incident.pk,
        title=wanted["title"],
        owner=wanted["owner"],
        due_at=due_at,
        by=request.user,
        now=now,
    )


def _tick(incident: Incident, request: SignedIn, now: datetime, task: int) -> None:
    tick = services.reopen_task if "open" in request.POST else services.finish_task
    try:
        tick(incident.pk, task, by=request.user, now=now)
    except Task.DoesNotExist:
        raise Http404 from None


def _change_task(incident: Incident, request: SignedIn, now: datetime, task: int) -> None:
    """What the task's own form asks: take it, give it away, another time, done with a note."""
    said, by = request.POST, request.user
    try:
        match said.get("do"):
            case "claim":
                services.claim_task(incident.pk, task, by=by, now=now)
            case "leave":
                services.assign_task(incident.pk, task, None, by=by, now=now)
            case "give":
                owner = _member(incident, said.get("owner", ""))
                services.assign_task(incident.pk, task, owner, by=by, now=now)
            case "move":
                services.move_task(incident.pk, task, _due(request, now), by=by, now=now)
            case "finish":
                note = said.get("note", "")
                services.finish_task(incident.pk, task, by=by, note=note, now=now)
    except Task.DoesNotExist:
        raise Http404 from None


def _member(incident: Incident, written: str) -> User:
    """Whoever may be given a task; 404 for anybody else."""
    owner = selectors.insiders(incident).filter(pk=int(written)) if written.isdecimal() else None
    found = owner.first() if owner is not None else None
    if found is None:
        raise Http404
    return found


def _due(request: SignedIn, now: datetime) -> datetime | None:
    """A time of day in the reader's zone, the next that comes; empty takes the time off."""
    written = request.POST.get("due", "")
    if not written:
        return None
    try:
        return next_time(time.fromisoformat(written), zone=request.user.time_zone, now=now)
    except ValueError:
        raise Refused(_("Write a time of day, such as 14:30.")) from None


acknowledge = action("ladder", _acknowledge)
escalate = action("ladder", _escalate)
take_lead = action("head", _take_lead)
change_state = action("head", _change_state)
change_severity = action("head", _change_severity)
rename = action("head", _rename)
add_task = action("tasks", _add_task, permission=Permission.WRITE_TIMELINE)
task = action("tasks", _change_task, permission=Permission.WRITE_TIMELINE)
tick = action("tasks", _tick, permission=Permission.WRITE_TIMELINE)


@login_required
@require_POST
def write(request: SignedIn, reference: str) -> HttpResponse:
    """A line from the composer. What was refused stays in the field."""
    incident = find_to(request, reference, Permission.WRITE_TIMELINE)
    written = request.POST.get("line", "")
    problem = attempt(
        request,
        lambda: services.write_line(incident, written, by=request.user, now=database_now()),
    )
    if not request.htmx:
        return to_room(incident, "timeline")
    fresh = find_to(request, reference, Permission.WRITE_TIMELINE)
    response = part(request, fresh, "timeline", problem=problem, written=written if problem else "")
    return refreshing(response, [] if problem else ["head", "tasks"])


@login_required
@require_POST
def resolve(request: SignedIn, reference: str) -> HttpResponse:
    """Close the incident, with what was answered about its end, and go on to its review."""
    incident = find_to(request, reference, Permission.RUN_INCIDENT)
    form = EndForm(request.POST, people=selectors.insiders(incident))
    ending = services.Ending(**form.cleaned_data) if form.is_valid() else None
    problem = attempt(
        request,
        lambda: services.resolve(incident.pk, by=request.user, ending=ending, now=database_now()),
    )
    if problem:
        return to_room(incident)
    return redirect("incidents:review", incident.reference)
