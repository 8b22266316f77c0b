"""Updates to subscribers: written and sent in the room, read by mail or page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from incidents import selectors
from incidents.models import Incident
from incidents.models_updates import BriefReceipt, BriefUpdate
from incidents.selectors import briefs as reading
from incidents.services import briefs

from .access import attempt, find, require


@login_required
@require_http_methods(["GET", "POST"])
def updates(request: SignedIn, reference: str) -> HttpResponse:
    """The panel of updates and their readers; a POST changes it: `do` names how."""
    incident = find(request.user, reference)
    extra: dict[str, Any] = {}
    if request.method == "POST":
        require(request.user, Permission.WRITE_TIMELINE, incident.brand_id)
        deed = request.POST.get("do", "")
        if deed == "preview":
            extra = {"previewed": request.POST.get("text", "").strip()}
        else:
            extra = {"problem": _do(request, incident, deed)}
            if extra["problem"]:
                extra["written"] = request.POST.get("text", "")
            elif not request.htmx:
                return redirect("incidents:updates", incident.reference)
    return _panel(request, incident, **extra)


def _panel(request: SignedIn, incident: Incident, **extra: Any) -> HttpResponse:
    may_write = allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id)
    readers = list(incident.subscribers.filter(ended_at=None).select_related("user"))
    known = [each.user_id for each in readers if each.user_id]
    context = {
        "incident": incident,
        "may_write": may_write,
        "readers": readers,
        "updates": reading.updates(incident),
        "people": selectors.insiders(incident).exclude(pk__in=known) if may_write else [],
        "languages": settings.LANGUAGES,
        "mine": reading.unread(incident, user=request.user),
        **extra,
    }
    fragment = "#panel" if request.htmx else ""
    status = 422 if extra.get("problem") else 200
    return render(request, f"incidents/updates.html{fragment}", context, status=status)


def _do(request: SignedIn, incident: Incident, name: str) -> str:
    deed = _DEEDS.get(name)
    if deed is None:
        raise Http404
    return attempt(request, lambda: deed(incident, request, database_now()))


def _send(incident: Incident, request: SignedIn, now: datetime) -> None:
    briefs.send_brief(incident.pk, request.POST.get("text", ""), by=request.user, now=now)


def _correct(incident: Incident, request: SignedIn, now: datetime) -> None:
    brief = get_object_or_404(incident.briefs, number=_number(request, "number"))
    text, version = request.POST.get("text", ""), _number(request, "version")
    briefs.correct_brief(brief.pk, text, version=version, by=request.user, now=now)


def _subscribe(incident: Incident, request: SignedIn, now: datetime) -> None:
    given = request.POST
    pk = _number(request, "person")
    person = get_object_or_404(selectors.insiders(incident), pk=pk) if pk else None
    briefs.subscribe(
        incident.pk,
        user=person,
        email=given.get("email", "").strip(),
        name=given.get("name", ""),
        language=given.get("language", ""),
        by=request.user,
        now=now,
    )


def _unsubscribe(incident: Incident, request: SignedIn, now: datetime) -> None:
    subscriber = get_object_or_404(incident.subscribers, pk=_number(request, "subscriber"))
    briefs.unsubscribe(subscriber.pk, by=request.user, now=now)


def _confirm(incident: Incident, request: SignedIn, now: datetime) -> None:
    for receipt in reading.unread(incident, user=request.user):
        briefs.confirm_read(receipt.pk, now=now)


def _number(request: SignedIn, name: str) -> int:
    given = request.POST.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 19 else 0


_DEEDS: dict[str, Callable[[Incident, SignedIn, datetime], None]] = {
    "send": _send,
    "correct": _correct,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "confirm": _confirm,
}


@never_cache
@require_http_methods(["GET", "POST"])
def brief_read(request: HttpRequest, receipt: str) -> HttpResponse:
    """An update as its reader sees it, without a sign-in; opening it proves nothing, a button does.

    Mail scanners open links: they do not press buttons. Of a private incident it leads to the page
    behind the sign-in.
    """
    sent = _receipt(receipt)
    brief: BriefUpdate = sent.version.brief
    if brief.incident.is_private:
        return redirect("incidents:updates", brief.incident.reference)
    if request.method == "POST":
        now = database_now()
        if request.POST.get("do") == "unsubscribe":
            briefs.unsubscribe(sent.subscriber_id, now=now)
        else:
            briefs.confirm_read(sent.pk, now=now)
        return redirect("incidents:brief_read", receipt)
    latest = brief.versions.first()
    context = {"receipt": sent, "brief": brief, "latest": latest}
    return render(request, "incidents/brief_read.html", context)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def brief_leave(request: HttpRequest, receipt: str) -> HttpResponse:
    """End the updates by one call of a mail program; whoever opens it finds the page with a button.

    The program has neither cookie nor token: the address is the secret (RFC 8058).
    """
    sent = _receipt(receipt)
    if request.method != "POST":
        return redirect("incidents:brief_read", receipt)
    if sent.subscriber.ended_at is None:
        briefs.unsubscribe(sent.subscriber_id, now=database_now())
    return HttpResponse(status=204)


def _receipt(token: str) -> BriefReceipt:
    rows = BriefReceipt.objects.select_related(
        "version__brief__incident__brand", "version__author", "subscriber__user"
    )
    return get_object_or_404(rows, token=token)
