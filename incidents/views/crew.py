"""The war room's panels of roles and of the plan, and what is done in them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from core.clock import database_now
from incidents import matrix, plan_diff, severity
from incidents.enums import IncidentRole, Severity
from incidents.models import Incident
from incidents.selectors import insiders
from incidents.selectors.crew import seats
from incidents.selectors.plans import offers, targets
from incidents.selectors.roles import history
from incidents.services import plan_running, roles

from .access import attempt, find, find_to, refreshing, to_room

HISTORY = 20
Deed = Callable[[Incident, SignedIn, datetime], Any]


def panel(
    request: SignedIn, reference: str, shown: Callable[..., HttpResponse], deed: Deed, name: str
) -> HttpResponse:
    """Show a panel, or with POST do what is asked and show it again with why it was refused."""
    if request.method != "POST":
        return shown(request, find(request.user, reference))
    incident = find_to(request, reference, Permission.RUN_INCIDENT)
    problem = attempt(request, lambda: deed(incident, request, database_now()))
    if not request.htmx:
        return to_room(incident, f"slot-{name}")
    response = shown(request, find(request.user, reference), problem=problem)
    parts = [] if problem else ["head", "timeline", "tasks", "roles", "plan"]
    return refreshing(response, [part for part in parts if part != name])


@login_required
def crew_panel(request: SignedIn, reference: str) -> HttpResponse:
    """Who holds which role, who is missing, and for how long they have been at it."""
    return panel(request, reference, _crew, _seat, "roles")


def _crew(request: SignedIn, incident: Incident, problem: str = "") -> HttpResponse:
    now = database_now()
    may_run = allowed(request.user, Permission.RUN_INCIDENT, incident.brand_id)
    shown = seats(incident, request.user, now=now)
    there = {seat.role for seat in shown}
    context = {
        "incident": incident,
        "now": now,
        "may_run": may_run and incident.is_open,
        "seats": shown,
        "missing": sum(seat.missing for seat in shown) if incident.is_open else 0,
        "others": [role for role in IncidentRole if role not in there],
        "people": insiders(incident) if may_run else [],
        "history": list(history(incident)[:HISTORY]),
        "problem": problem,
    }
    return render(request, "incidents/room/roles.html", context, status=422 if problem else 200)


def _seat(incident: Incident, request: SignedIn, now: datetime) -> None:
    said = request.POST
    role, is_deputy = said.get("role", ""), "deputy" in said
    if "leave" in said:
        roles.release(incident.pk, role, by=request.user, is_deputy=is_deputy, now=now)
        return
    roles.assign(
        incident.pk,
        role,
        _person(incident, said.get("person", "")),
        by=request.user,
        note=said.get("note", ""),
        is_deputy=is_deputy,
        now=now,
    )


def _person(incident: Incident, written: str) -> User:
    found = insiders(incident).filter(pk=int(written)) if written.isdecimal() else None
    person = found.first() if found is not None else None
    if person is None:
        raise Http404
    return person


@login_required
def plan_panel(request: SignedIn, reference: str) -> HttpResponse:
    """How grave it is by the plan's matrix, what we say, and which version it runs on."""
    return panel(request, reference, _plan, _change_plan, "plan")


def _plan(request: SignedIn, incident: Incident, problem: str = "") -> HttpResponse:
    used = plan_running.matrix_of(incident)
    scores = incident.scores or matrix.score(matrix.Figures(kind=incident.crisis_type), used)
    by_matrix = matrix.level(scores, used)
    context = {
        "incident": incident,
        "may_run": allowed(request.user, Permission.RUN_INCIDENT, incident.brand_id)
        and incident.is_open,
        "axes": matrix.rows(scores, used),
        "points": matrix.total(scores),
        "by_matrix": by_matrix,
        "differs": by_matrix != incident.severity,
        "way": None if by_matrix == Severity.SEV1 else matrix.way_to(1, scores, used),
        "why": severity.why(incident.severity_reasons),
        "plan": incident.plan,
        "content": incident.plan["content"] if incident.plan else None,
        "times": targets(incident),
        "offers": _offers(incident) if incident.is_open else [],
        "problem": problem,
    }
    return render(request, "incidents/room/plan.html", context, status=422 if problem else 200)


def _offers(incident: Incident) -> list[dict[str, Any]]:
    """What moving would change, in words; for another plan that it is another."""
    content = incident.plan["content"] if incident.plan else None
    return [
        {
            "version": offer.version,
            "newer": offer.newer,
            "changes": plan_diff.differences(content, offer.version.content)
            if content and offer.newer
            else [],
        }
        for offer in offers(incident)
    ]


def _change_plan(incident: Incident, request: SignedIn, now: datetime) -> None:
    said, by = request.POST, request.user
    if "adopt" in said:
        plan_running.adopt(incident.pk, _number(said["adopt"]), by=by, now=now)
    elif "personal_data" in said:
        concerned = said["personal_data"] == "1"
        plan_running.set_personal_data(incident.pk, concerned, by=by, now=now)
    elif "axis" in said:
        plan_running.score_axis(
            incident.pk, said["axis"], _number(said.get("points", "")), by=by,
            why=said.get("why", ""), now=now,
        )  # fmt: skip


def _number(written: str) -> int:
    if not written.isdecimal():
        raise Http404
    return int(written)
