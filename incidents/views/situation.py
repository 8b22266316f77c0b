"""The head of an incident, and its decisions: panels of the war room, and pages."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from core.errors import Conflict, Refused
from incidents import citing, entries, services
from incidents.forms_record import DecisionForm, problems
from incidents.models import Incident
from incidents.models_facts import Decision
from incidents.selectors import facts, insiders
from incidents.selectors import head as selectors
from incidents.services.decisions import Why
from incidents.services.situation import Writing, confirm_situation, write_situation

from .access import attempt, find, find_to, refreshing

VERSIONS = 100


@login_required
@require_http_methods(["GET", "POST"])
def situation(request: SignedIn, reference: str) -> HttpResponse:
    """The head with its versions (GET); write one part, or say that it still holds (POST)."""
    incident = find(request.user, reference)
    problem, clash = _write(request, incident) if request.method == "POST" else ("", False)
    if request.method == "POST" and not request.htmx and not problem:
        return redirect("incidents:situation", reference)
    context: dict[str, Any] = {
        "incident": incident,
        "situation": selectors.situation(incident),
        "history": [] if request.htmx else selectors.history(incident)[:VERSIONS],
        "problem": problem,
        "clash": clash,
        "typed": request.POST if problem else {},
    }
    return _shown(request, "situation", context, ("situation", "timeline"))


def _write(request: SignedIn, incident: Incident) -> tuple[str, bool]:
    """Return why it was refused, or "", and whether somebody else was quicker."""
    find_to(request, incident.reference, Permission.WRITE_TIMELINE)
    now, by = database_now(), request.user
    if "confirm" in request.POST:
        return attempt(request, lambda: confirm_situation(incident.pk, by=by, now=now)), False
    seen = request.POST.get("seen", "")
    writing = Writing(
        section=request.POST.get("section", ""),
        text=request.POST.get("text", ""),
        seen=int(seen) if seen.isdecimal() else 0,
    )
    try:
        write_situation(incident.pk, writing, by=by, now=now)
    except Conflict as clash:
        return str(clash), True
    except Refused as refusal:
        return str(refusal), False
    return "", False


def _shown(
    request: SignedIn, name: str, context: dict[str, Any], parts: tuple[str, ...]
) -> HttpResponse:
    incident = context["incident"]
    context["may_write"] = allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id)
    fragment = "#panel" if request.htmx else ""
    status = 422 if context["problem"] else 200
    response = render(request, f"incidents/{name}.html{fragment}", context, status=status)
    changed = request.method == "POST" and not context["problem"]
    return refreshing(response, parts) if changed else response


@login_required
@require_http_methods(["GET", "POST"])
def decisions(request: SignedIn, reference: str) -> HttpResponse:
    """What was decided, by whom, and why (GET); decide, or correct a decision (POST)."""
    incident = find(request.user, reference)
    problem = _decide(request, incident) if request.method == "POST" else ""
    if request.method == "POST" and not request.htmx and not problem:
        return redirect("incidents:decisions", reference)
    context: dict[str, Any] = {
        "incident": incident,
        "rows": _decided(incident),
        "people": insiders(incident),
        "problem": problem,
        "typed": request.POST if problem else {},
    }
    return _shown(request, "decisions", context, ("decisions", "timeline"))


def _decided(incident: Incident) -> list[tuple[Decision, Decision | None, dict[str, Any]]]:
    """Return each decision, what took its place, and its words with facts as chips."""
    found = list(incident.decisions.select_related("owner", "by", "corrects", "entry"))
    for each in found:
        each.text = entries.decided(each)
    replaced = {each.corrects_id: each for each in found if each.corrects_id}
    texts = [text for each in found for text in (each.text, each.reason, each.rejected)]
    numbers = {number for text in texts for number in citing.cited(text)}
    standing = facts.standing(incident.pk, numbers)

    def marked(text: str) -> str:
        return citing.marked(text, standing, reference=incident.reference)

    return [
        (
            each,
            replaced.get(each.pk),
            {
                "text": marked(each.text),
                "reason": marked(each.reason),
                "rejected": marked(each.rejected),
            },
        )
        for each in found
    ]


def _decide(request: SignedIn, incident: Incident) -> str:
    find_to(request, incident.reference, Permission.WRITE_TIMELINE)
    form = DecisionForm(request.POST, people=insiders(incident))
    if not form.is_valid():
        return problems(form)
    wanted = dict(form.cleaned_data)
    text = wanted.pop("text")

    def decide() -> None:
        try:
            services.add_decision(
                incident.pk, by=request.user, text=text, why=Why(**wanted), now=database_now()
            )
        except Decision.DoesNotExist:
            raise Http404 from None

    return attempt(request, decide)
