"""A breach of personal data: the 72 hours, the notice, its document. For who may see it alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.http import SignedIn
from core import formats, pdf
from core.clock import database_now
from core.document import as_html
from core.errors import Refused
from incidents.breach_document import document as made
from incidents.enums_record import BreachState, Telling
from incidents.forms_record import MomentForm, problems
from incidents.models import Incident
from incidents.models_breach import Breach
from incidents.models_facts import Fact
from incidents.selectors import breach as selectors
from incidents.services import breach as services
from monitoring.enums import CrisisType

from .access import attempt, find, refreshing

MOMENT = "%Y-%m-%dT%H:%M"


@login_required
@require_http_methods(["GET", "POST"])
def breach(request: SignedIn, reference: str) -> HttpResponse:
    """The clock and the notice (GET); do something about them (POST, by `do`)."""
    incident = find(request.user, reference)
    if not selectors.may_see(request.user, incident):
        # The room asks for the panel on everybody's behalf: nothing is there for the others.
        return HttpResponse() if request.htmx and request.method == "GET" else _refuse()
    problem = ""
    if request.method == "POST":
        if not selectors.may_write(request.user, incident):
            _refuse()
        problem = attempt(request, lambda: _do(request, incident))
        if not request.htmx and not problem:
            return redirect("incidents:breach", reference)
    return _shown(request, incident, problem)


def _refuse() -> HttpResponse:
    raise PermissionDenied(
        _("Only who runs the incident, approves, or is its legal, lead or sponsor sees this.")
    )


def _shown(request: SignedIn, incident: Incident, problem: str) -> HttpResponse:
    now, zone = database_now(), incident.brand.time_zone
    found = selectors.get_breach(incident)
    notice = selectors.notice(found, now=now) if found else None
    cited = {fact.number for fact in notice.facts} if notice else set()
    context: dict[str, Any] = {
        "incident": incident,
        "now": now,
        "now_here": f"{formats.local(now, zone):{MOMENT}}",
        "aware_here": f"{formats.local(found.aware_at, zone):{MOMENT}}" if found else "",
        "breach": found,
        "notice": notice,
        "facts": [fact for fact in incident.facts.all() if fact.number not in cited],
        "events": selectors.events(found) if found and not request.htmx else [],
        "concerned": incident.personal_data or incident.crisis_type == CrisisType.DATA_BREACH,
        "tellings": Telling,
        "is_open": bool(found and found.state == BreachState.OPEN),
        "may_write": selectors.may_write(request.user, incident),
        "problem": problem,
        "typed": request.POST if problem else {},
    }
    fragment = "#panel" if request.htmx else ""
    status = 422 if problem else 200
    response = render(request, f"incidents/breach.html{fragment}", context, status=status)
    changed = request.method == "POST" and not problem
    return refreshing(response, ["breach", "head", "timeline"]) if changed else response


def _do(request: SignedIn, incident: Incident) -> None:
    deed = DEEDS.get(request.POST.get("do", ""))
    if deed is None:
        raise Refused(_("There is nothing to do by that name."))
    try:
        deed(request, incident, database_now())
    except (Breach.DoesNotExist, Fact.DoesNotExist):
        raise Http404 from None


def _moment(request: SignedIn, incident: Incident) -> datetime:
    """Return the day and time given, in the incident's zone."""
    form = MomentForm(request.POST)
    if not form.is_valid():
        raise Refused(problems(form))
    at: datetime = form.cleaned_data["at"]
    return at.replace(tzinfo=ZoneInfo(incident.brand.time_zone))


def _reason(request: SignedIn) -> str:
    return request.POST.get("reason", "")


def _start(request: SignedIn, incident: Incident, now: datetime) -> None:
    aware_at, reason = _moment(request, incident), _reason(request)
    services.start_breach(incident.pk, aware_at, reason=reason, by=request.user, now=now)


def _aware(request: SignedIn, incident: Incident, now: datetime) -> None:
    aware_at, reason = _moment(request, incident), _reason(request)
    services.set_aware(incident.pk, aware_at, reason=reason, by=request.user, now=now)


def _write(request: SignedIn, incident: Incident, now: datetime) -> None:
    field, seen = request.POST.get("field", ""), request.POST.get("seen", "")
    if fact := request.POST.get("fact", ""):
        number = int(fact) if fact.isdecimal() else 0
        services.cite(incident.pk, field, number, by=request.user, now=now)
        return
    text = services.Text(field, request.POST.get("text", ""), int(seen) if seen.isdecimal() else 0)
    services.write_field(incident.pk, text, by=request.user, now=now)


def _notify(request: SignedIn, incident: Incident, now: datetime) -> None:
    notified = services.Notified(
        _moment(request, incident), request.POST.get("reference", ""), _reason(request)
    )
    services.notify_authority(incident.pk, notified, by=request.user, now=now)


def _waive(request: SignedIn, incident: Incident, now: datetime) -> None:
    services.waive_notice(incident.pk, reason=_reason(request), by=request.user, now=now)


def _again(request: SignedIn, incident: Incident, now: datetime) -> None:
    services.take_up_again(incident.pk, reason=_reason(request), by=request.user, now=now)


def _telling(request: SignedIn, incident: Incident, now: datetime) -> None:
    telling, reason = request.POST.get("telling", ""), _reason(request)
    services.decide_telling(incident.pk, telling, reason=reason, by=request.user, now=now)


DEEDS: dict[str, Callable[[SignedIn, Incident, datetime], None]] = {
    "start": _start,
    "aware": _aware,
    "write": _write,
    "notify": _notify,
    "waive": _waive,
    "again": _again,
    "telling": _telling,
}
FORMS = {"pdf": "application/pdf", "html": "text/html; charset=utf-8"}


@login_required
@require_GET
def document(request: SignedIn, reference: str, form: str) -> HttpResponse:
    """The notice as a PDF or HTML file; who made it when is noted."""
    incident = find(request.user, reference)
    if not selectors.may_see(request.user, incident):
        _refuse()
    found = selectors.get_breach(incident)
    if found is None or form not in FORMS:
        raise Http404
    now = database_now()
    done = made(selectors.notice(found, now=now), list(selectors.events(found)), now=now)
    body = pdf.render(done) if form == "pdf" else as_html(done).encode()
    services.record_export(incident.pk, by=request.user, now=now)
    response = HttpResponse(body, content_type=FORMS[form])
    response["Content-Disposition"] = f'attachment; filename="{reference}-art33.{form}"'
    response["Cache-Control"] = "private, no-store"
    return response
