"""The concern board, and answering all who asked."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed, require
from core.clock import database_now
from core.errors import Forbidden, Refused
from incidents.models import Incident
from incidents.selectors import insiders
from responses import board
from responses.enums_engage import RunKind
from responses.models_engage import AnswerRun, Concern
from responses.pace import most, pace
from responses.services.engage import concerns as services
from responses.services.engage.answering import accounts_to_answer
from responses.services.engage.halting import halt
from responses.services.engage.runs import start_run

from .common import an_insider, find_incident
from .engage import numbers


@login_required
@require_http_methods(["GET", "POST"])
def concerns(request: SignedIn, reference: str) -> HttpResponse:
    """The board (GET); put a question on it (POST)."""
    incident = find_incident(request, reference)
    if request.method == "POST":
        require(request.user, Permission.DRAFT, incident.brand_id)
        return _try(request, incident, lambda now: _add(request, incident, now))
    may = allowed(request.user, Permission.DRAFT, incident.brand_id)
    accounts = accounts_to_answer(incident.brand_id)
    context = {
        "incident": incident,
        "now": database_now(),
        "cards": board.cards(incident, suggest=may),
        "groups": board.groups(incident) if may else [],
        "people": insiders(incident, permission=Permission.DRAFT) if may else [],
        "may_answer": may,
        "may_send": allowed(request.user, Permission.PUBLISH, incident.brand_id),
        "paces": [(each, pace(each), most(each.network)) for each in accounts],
    }
    return render(request, "responses/engage/concerns.html", context)


Action = Callable[[datetime], HttpResponse | None]


def _try(request: SignedIn, incident: Incident, action: Action) -> HttpResponse:
    """Call a service; go where it leads, or back to the board with its words if it refuses."""
    try:
        to = action(database_now())
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        to = None
    return to or redirect("responses:concerns", incident.reference)


def _add(request: SignedIn, incident: Incident, now: datetime) -> None:
    services.add_concern(
        incident.pk,
        request.POST.get("question", ""),
        owner=an_insider(request, incident),
        conversations=numbers(request.POST.getlist("conversation")),
        by=request.user,
        now=now,
    )


@login_required
@require_POST
def concern(request: SignedIn, reference: str, concern: int) -> HttpResponse:
    """`do` is "change", "group" (`conversation`), "write" or "send" (`kind`)."""
    incident = find_incident(request, reference)
    found = Concern.objects.filter(incident=incident, number=concern).first()
    if found is None:
        raise Http404(_("There is no such concern."))
    require(request.user, Permission.DRAFT, incident.brand_id)
    actions = {"change": _change, "group": _group, "write": _write, "send": _send}
    action = actions.get(request.POST.get("do", ""))
    if action is None:
        raise Http404
    return _try(request, incident, lambda now: action(request, found, now))


def _change(request: SignedIn, found: Concern, now: datetime) -> None:
    seen = numbers([request.POST.get("version", "")])
    services.change_concern(
        found.pk,
        question=request.POST.get("question", ""),
        owner=an_insider(request, found.incident),
        seen=seen[0] if seen else 0,
        by=request.user,
        now=now,
    )


def _group(request: SignedIn, found: Concern, now: datetime) -> None:
    ids = numbers(request.POST.getlist("conversation"))
    services.group(found.incident_id, found.pk, ids, by=request.user, now=now)


def _kind(request: SignedIn) -> RunKind:
    if request.POST.get("kind") not in RunKind.values:
        raise Refused(_("Choose what to do."))
    return RunKind(request.POST["kind"])


def _write(request: SignedIn, found: Concern, now: datetime) -> HttpResponse:
    text = request.POST.get("text", "")
    made = services.write_for(found.pk, _kind(request), text=text, by=request.user, now=now)
    return redirect("responses:draft", found.incident.reference, made.number)


def _send(request: SignedIn, found: Concern, now: datetime) -> None:
    digest = request.POST.get("sha256", "")
    start_run(found.pk, _kind(request), digest=digest, by=request.user, now=now)
    messages.success(request, _("On its way. You can halt it here."))


@login_required
@require_POST
def halt_run(request: SignedIn, reference: str, run: int) -> HttpResponse:
    """Nothing more of it leaves."""
    incident = find_incident(request, reference)
    found = AnswerRun.objects.filter(incident=incident, pk=run).first()
    if found is None:
        raise Http404(_("There is no such answer."))
    require(request.user, Permission.DRAFT, incident.brand_id)
    return _try(request, incident, lambda now: _halt(request, found, now))


def _halt(request: SignedIn, found: AnswerRun, now: datetime) -> None:
    halt(found.pk, by=request.user, now=now)
