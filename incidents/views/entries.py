"""A line of the log by itself: its history, its link, and mending it."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from incidents import entries, selectors, services
from incidents.models import Incident, TimelineEntry
from incidents.services.correcting import may_edit

from .access import attempt, find, find_to, refreshing, to_room
from .rows import timeline_rows

Deed = Callable[[Incident, int, SignedIn], Any]


@login_required
@require_GET
def entry(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """One line: a page, or for htmx a sheet over the war room."""
    return _shown(request, find(request.user, reference), number)


def _shown(request: SignedIn, incident: Incident, number: int, problem: str = "") -> HttpResponse:
    now = database_now()
    try:
        found = selectors.with_history(incident, number)
    except TimelineEntry.DoesNotExist:
        raise Http404 from None
    context = {
        "incident": incident,
        "now": now,
        "entry": found,
        "row": timeline_rows([found], now=now)[0],
        "edits": list(found.edits.all()),
        "may_write": allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id),
        "editable": may_edit(found, request.user, now=now),
        "correctable": found.kind in entries.WRITTEN,
        "problem": problem,
        "written": request.POST.get("text", ""),
    }
    template = "incidents/room/entry_sheet.html" if request.htmx else "incidents/entry.html"
    return render(request, template, context, status=422 if problem else 200)


def _mending(deed: Deed) -> Callable[..., HttpResponse]:
    """Make a view that does `deed` with a line; done, the sheet is gone and the log follows."""

    @login_required
    @require_POST
    def view(request: SignedIn, reference: str, number: int) -> HttpResponse:
        incident = find_to(request, reference, Permission.WRITE_TIMELINE)
        try:
            problem = attempt(request, lambda: deed(incident, number, request))
        except TimelineEntry.DoesNotExist:
            raise Http404 from None
        if problem and request.htmx:
            return _shown(request, incident, number, problem)
        if not request.htmx:
            return to_room(incident, f"entry-{number}", entry=number)
        return refreshing(HttpResponse(), ["timeline"])

    return view


def _edit(incident: Incident, number: int, request: SignedIn) -> None:
    text, now = request.POST.get("text", ""), database_now()
    services.edit_entry(incident.pk, number, text=text, by=request.user, now=now)


def _correct(incident: Incident, number: int, request: SignedIn) -> None:
    text, now = request.POST.get("text", ""), database_now()
    services.correct_entry(incident.pk, number, text=text, by=request.user, now=now)


def _pin(incident: Incident, number: int, request: SignedIn) -> None:
    if "down" in request.POST:
        services.unpin_entry(incident.pk, number, by=request.user)
    else:
        services.pin_entry(incident.pk, number, by=request.user, now=database_now())


edit = _mending(_edit)
correct = _mending(_correct)
pin = _mending(_pin)
