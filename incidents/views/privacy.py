"""Who sees an incident: its members' panel, and the glass that an administrator may break."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import administered
from accounts.selectors import members as of_brand
from core.clock import database_now
from incidents import selectors, services
from incidents.models import Incident

from .access import attempt, find, find_to, require

MOST_SEALED = 200


@login_required
@require_http_methods(["GET", "POST"])
def members(request: SignedIn, reference: str) -> HttpResponse:
    """The panel of who sees the incident; a POST changes it: `do` names how."""
    incident = find(request.user, reference)
    problem = ""
    if request.method == "POST":
        require(request.user, Permission.RUN_INCIDENT, incident.brand_id)
        deed = _DEEDS.get(request.POST.get("do", ""))
        if deed is None:
            raise Http404
        problem = attempt(request, lambda: deed(incident, request, database_now()))
        if not Incident.objects.visible_to(request.user).filter(pk=incident.pk).exists():
            messages.success(request, _("You do not see this incident any more."))
            return _away(request)
        if not request.htmx:
            return redirect("incidents:members", incident.reference)
    return _panel(request, find(request.user, reference), problem=problem)


def _away(request: SignedIn) -> HttpResponse:
    """Whoever has taken themselves out is led to the list, by htmx too."""
    response = redirect("incidents:list")
    if request.htmx:
        response.status_code = 204
        response["HX-Redirect"] = response["Location"]
        del response["Location"]
    return response


def _panel(request: SignedIn, incident: Incident, *, problem: str) -> HttpResponse:
    may_run = allowed(request.user, Permission.RUN_INCIDENT, incident.brand_id)
    inside = list(selectors.memberships(incident)) if incident.is_private else []
    others = list(selectors.outsiders(incident)) if may_run else []
    context = {
        "incident": incident,
        "may_run": may_run,
        "inside": inside,
        "others": others,
        "proposed": selectors.proposed(incident, by=request.user) if may_run else set(),
        "problem": problem,
    }
    fragment = "#panel" if request.htmx else ""
    status = 422 if problem else 200
    return render(request, f"incidents/members.html{fragment}", context, status=status)


def _person(incident: Incident, request: SignedIn) -> User:
    pk = request.POST.get("person", "")
    return get_object_or_404(of_brand(incident.brand_id), pk=int(pk) if pk.isdecimal() else 0)


def _close(incident: Incident, request: SignedIn, now: datetime) -> None:
    ids = [int(each) for each in request.POST.getlist("people") if each.isdecimal()]
    people = of_brand(incident.brand_id).filter(pk__in=ids)
    reason = request.POST.get("reason", "")
    services.make_private(incident.pk, people=people, by=request.user, reason=reason, now=now)


def _open(incident: Incident, request: SignedIn, now: datetime) -> None:
    reason = request.POST.get("reason", "")
    services.make_public(incident.pk, by=request.user, reason=reason, now=now)


def _add(incident: Incident, request: SignedIn, now: datetime) -> None:
    person, reason = _person(incident, request), request.POST.get("reason", "")
    services.add_member(incident.pk, person, by=request.user, reason=reason, now=now)


def _remove(incident: Incident, request: SignedIn, now: datetime) -> None:
    person, reason = _person(incident, request), request.POST.get("reason", "")
    services.remove_member(incident.pk, person, by=request.user, reason=reason, now=now)


_DEEDS: dict[str, Callable[[Incident, SignedIn, datetime], None]] = {
    "private": _close,
    "public": _open,
    "add": _add,
    "remove": _remove,
}


@login_required
@require_GET
def sealed(request: SignedIn) -> HttpResponse:
    """For administrators: the private incidents they are no members of, without their names."""
    brands = administered(request.user)
    if not brands:
        raise Http404
    found = list(selectors.sealed(brands, user=request.user)[:MOST_SEALED])
    return render(request, "incidents/sealed.html", {"sealed": found})


@login_required
@require_POST
def open_sealed(request: SignedIn, reference: str) -> HttpResponse:
    """Break the glass, with a reason; 404 to whoever does not administer the brand."""
    unseen = selectors.sealed(administered(request.user), user=request.user)
    incident = get_object_or_404(unseen, reference=reference)
    reason = request.POST.get("reason", "")
    if attempt(
        request,
        lambda: services.open_sealed(
            incident.pk, by=request.user, reason=reason, now=database_now()
        ),
    ):
        return redirect("incidents:sealed")
    return redirect("incidents:incident", incident.reference)


@login_required
@require_http_methods(["GET", "POST"])
def triage(request: SignedIn, reference: str) -> HttpResponse:
    """Dismiss a suspicion, with a reason. Accepting it is acknowledging, or escalating."""
    incident = find_to(request, reference, Permission.RUN_INCIDENT)
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        problem = attempt(
            request,
            lambda: services.dismiss(
                incident.pk, by=request.user, reason=reason, now=database_now()
            ),
        )
        if not problem:
            return redirect("incidents:incident", incident.reference)
    return render(request, "incidents/triage.html", {"incident": incident})
