"""Handing an incident over: the note is drawn up, edited, and signed by whoever takes over."""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from incidents import handing, selectors
from incidents.models import Incident
from incidents.services import handover

from .access import attempt, find, require

SHOWN = 20


@login_required
@require_http_methods(["GET", "POST"])
def note(request: SignedIn, reference: str) -> HttpResponse:
    """The note that waits, or a new one drawn up; a POST writes, edits or signs: `do` names how."""
    incident = find(request.user, reference)
    if request.method == "POST":
        require(request.user, Permission.WRITE_TIMELINE, incident.brand_id)
        if not attempt(request, lambda: _do(incident, request, database_now())):
            return redirect("incidents:handover", incident.reference)
    now = database_now()
    waiting = incident.handovers.filter(signed_at=None).select_related("giver", "taker").first()
    may_write = allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id)
    context = {
        "incident": incident,
        "waiting": waiting,
        "drawn": request.POST.get("text") or handing.draw_up(incident, now=now),
        "people": selectors.insiders(incident).exclude(pk=request.user.pk) if may_write else [],
        "may_write": may_write,
        "may_edit": waiting and request.user.pk in (waiting.giver_id, waiting.taker_id),
        "may_sign": waiting and request.user.pk == waiting.taker_id,
        "signed": incident.handovers.exclude(signed_at=None).select_related("giver", "taker")[
            :SHOWN
        ],
    }
    return render(request, "incidents/handover.html", context)


def _do(incident: Incident, request: SignedIn, now: datetime) -> None:
    deed, text = request.POST.get("do", ""), request.POST.get("text", "")
    if deed == "write":
        pk = request.POST.get("taker", "")
        found = selectors.insiders(incident)
        taker = get_object_or_404(found, pk=int(pk) if pk.isdecimal() else 0)
        lead = "takes_lead" in request.POST
        handover.hand_over(
            incident.pk, taker=taker, text=text, takes_lead=lead, by=request.user, now=now
        )
        return
    waiting = incident.handovers.filter(signed_at=None).first()
    if waiting is None or deed not in ("edit", "sign"):
        raise Http404
    if deed == "sign":
        handover.sign(waiting.pk, by=request.user, now=now)
    else:
        handover.edit_note(waiting.pk, text, by=request.user, now=now)


@login_required
@require_http_methods(["GET"])
def panel(request: SignedIn, reference: str) -> HttpResponse:
    """The line in the war room: who waits for whose signature, or who took over last."""
    incident = find(request.user, reference)
    notes = incident.handovers.select_related("giver", "taker")
    context = {
        "incident": incident,
        "waiting": notes.filter(signed_at=None).first(),
        "last": notes.exclude(signed_at=None).first(),
    }
    return render(request, "incidents/handover_panel.html", context)
