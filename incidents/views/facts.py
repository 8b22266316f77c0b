"""The fact ledger: a panel of the war room, a page of its own, and a page for each fact."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from core.errors import Refused
from incidents import citing
from incidents.enums_record import FactStatus
from incidents.forms_record import FactForm
from incidents.models import Incident
from incidents.models_facts import Fact
from incidents.selectors import facts as ledgers
from incidents.selectors import insiders
from incidents.services import facts as services

from .access import attempt, find, find_to, refreshing

PARTS = ("facts", "situation", "timeline")


@dataclass(frozen=True)
class Row:
    """A fact with its look, where it is cited, and what it may be set to in one step."""

    fact: Fact
    icon: str
    look: str
    places: list[citing.Place]

    @property
    def others(self) -> list[FactStatus]:
        return [status for status in FactStatus if status != self.fact.status]


def row(fact: Fact, places: list[citing.Place]) -> Row:
    icon, look = citing.LOOKS[fact.status]
    return Row(fact, icon, look, places)


@login_required
@require_http_methods(["GET", "POST"])
def ledger(request: SignedIn, reference: str) -> HttpResponse:
    """Every fact (GET); add one in one line (POST)."""
    incident = find(request.user, reference)
    problem = _add(request, incident) if request.method == "POST" else ""
    if request.method == "POST" and not request.htmx:
        return redirect("incidents:facts", reference)
    return shown(request, incident, problem=problem)


def shown(request: SignedIn, incident: Incident, *, problem: str = "") -> HttpResponse:
    """Render the panel to htmx, else the page."""
    places = ledgers.citations(incident)
    rows = [row(fact, places.get(fact.number, [])) for fact in ledgers.worklist(incident)]
    context: dict[str, Any] = {
        "incident": incident,
        "rows": rows,
        "verified": sum(each.fact.status == FactStatus.VERIFIED for each in rows),
        "statuses": FactStatus,
        "may_write": allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id),
        "problem": problem,
        "written": request.POST.get("text", "") if problem else "",
    }
    fragment = "#panel" if request.htmx else ""
    status = 422 if problem else 200
    response = render(request, f"incidents/facts.html{fragment}", context, status=status)
    changed = request.method == "POST" and not problem
    return refreshing(response, PARTS) if changed else response


def _add(request: SignedIn, incident: Incident) -> str:
    find_to(request, incident.reference, Permission.WRITE_TIMELINE)
    claim = services.Claim(
        text=request.POST.get("text", ""),
        source=request.POST.get("source", ""),
        status=request.POST.get("status") or FactStatus.UNCONFIRMED,
    )
    return attempt(
        request,
        lambda: services.add_fact(incident.pk, claim, by=request.user, now=database_now()),
    )


@login_required
@require_http_methods(["GET", "POST"])
def fact(request: SignedIn, reference: str, fact: int) -> HttpResponse:
    """One fact with its history (GET); change it (POST): its status in one step, or all of it."""
    incident = find(request.user, reference)
    found = _find(incident, fact)
    problem = _change(request, incident, found) if request.method == "POST" else ""
    if request.htmx:
        return shown(request, incident, problem=problem)
    if request.method == "POST" and not problem:
        return redirect("incidents:fact", reference, fact)
    return _page(request, incident, _find(incident, fact), problem)


def _find(incident: Incident, number: int) -> Fact:
    try:
        return ledgers.get_fact(incident, number)
    except Fact.DoesNotExist:
        raise Http404 from None


def _page(request: SignedIn, incident: Incident, found: Fact, problem: str) -> HttpResponse:
    people = insiders(incident)
    initial = {"text": found.text, "status": found.status, "source": found.source,
               "source_url": found.source_url, "owner": found.owner}  # fmt: skip
    typed = request.POST if problem else None
    context = {
        "incident": incident,
        "row": row(found, ledgers.citations(incident).get(found.number, [])),
        "history": ledgers.history(found),
        "form": FactForm(typed, initial=initial, people=people),
        "may_write": allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id),
        "problem": problem,
    }
    return render(request, "incidents/fact.html", context, status=422 if problem else 200)


def _change(request: SignedIn, incident: Incident, found: Fact) -> str:
    find_to(request, incident.reference, Permission.WRITE_TIMELINE)
    try:
        change = _wanted(request, incident, found)
    except Refused as refusal:
        return str(refusal)
    return attempt(
        request,
        lambda: services.change_fact(
            incident.pk, found.number, change, by=request.user, now=database_now()
        ),
    )


def _wanted(request: SignedIn, incident: Incident, found: Fact) -> services.Change:
    """Return what to change and why: from the page's form, or from one step in the panel.

    In the panel one field holds what is said of it: who confirms it, or why it is not so.
    """
    given = request.POST.get("version", "")
    seen = int(given) if given.isdecimal() else 0
    if "step" in request.POST:
        status, why = request.POST["step"], request.POST.get("why", "")
        if status == FactStatus.VERIFIED and why.strip():
            return services.Change({"status": status, "source": why}, seen)
        return services.Change({"status": status}, seen, why)
    form = FactForm(request.POST, people=insiders(incident))
    if not form.is_valid():
        raise Refused(" ".join(str(error) for each in form.errors.values() for error in each))
    values = {name: form.cleaned_data[name] for name in services.CHANGEABLE}
    return services.Change(values, seen, form.cleaned_data["reason"])
