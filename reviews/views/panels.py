"""The panels of a review: lessons, and what the desk worked out."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.errors import Refused
from incidents.models import Incident
from reviews import selectors, services, telling
from reviews.models import LessonKind

from .access import find, require


@login_required
@require_GET
def effects(request: SignedIn, reference: str) -> HttpResponse:
    """The panel with what changed after each publication."""
    incident = find(request, reference)
    row = selectors.reckoning_of(incident)
    context = {
        "incident": incident,
        "row": row,
        "moments": telling.moments(row.figures) if row else [],
        "wide": telling.WIDTH,
    }
    return render(request, "reviews/effects.html", context)


@login_required
@require_GET
def handling(request: SignedIn, reference: str) -> HttpResponse:
    """The panel with approvals, promises and roles."""
    incident = find(request, reference)
    row = selectors.reckoning_of(incident)
    figures = row.figures if row else {}
    context = {
        "incident": incident,
        "row": row,
        "approvals": telling.approvals(figures),
        "promises": telling.promises(figures),
        "roles": telling.roles(figures),
    }
    return render(request, "reviews/handling.html", context)


@login_required
def lessons(request: SignedIn, reference: str) -> HttpResponse:
    """The panel on the review; a POST adds a lesson."""
    incident = find(request, reference)
    if request.method != "POST":
        return _panel(request, incident)
    require(request, incident)
    kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
    return _do(
        request,
        incident,
        lambda: services.add_lesson(incident, kind=kind, text=text, by=request.user),
    )


@login_required
@require_POST
def remove(request: SignedIn, reference: str, pk: int) -> HttpResponse:
    incident = find(request, reference)
    require(request, incident)
    lesson = get_object_or_404(selectors.lessons(request.user, reference), pk=pk)
    return _do(request, incident, lambda: services.remove_lesson(lesson, by=request.user))


def _do(request: SignedIn, incident: Incident, deed: Callable[[], Any]) -> HttpResponse:
    problem = ""
    try:
        deed()
    except Refused as refusal:
        problem = str(refusal)
    if request.htmx:
        return _panel(request, incident, problem=problem)
    if problem:
        messages.error(request, problem)
    return redirect("incidents:review", incident.reference)


def _panel(request: SignedIn, incident: Incident, *, problem: str = "") -> HttpResponse:
    found = list(selectors.lessons(request.user, incident.reference))
    context = {
        "incident": incident,
        "groups": [
            (kind, [each for each in found if each.kind == kind], icon)
            for kind, icon in ((LessonKind.WORKED, "circle-check"), (LessonKind.IMPROVE, "tools"))
        ],
        "may_write": allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id),
        "problem": problem,
    }
    return render(request, "reviews/lessons.html", context, status=422 if problem else 200)
