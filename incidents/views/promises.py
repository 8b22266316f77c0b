"""What the public was promised, and how long it has heard nothing: panels and pages."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core import formats
from core.clock import database_now
from core.errors import Refused
from incidents import picture
from incidents.composer import next_time
from incidents.enums_record import Outlet
from incidents.forms_record import MoveForm, PromiseForm, WordForm, problems
from incidents.models import Incident
from incidents.models_promises import FoundPromise, Promise
from incidents.selectors import insiders
from incidents.selectors import promises as selectors
from incidents.selectors import silence as silences
from incidents.services import promises as services
from incidents.services import silence as words

from .access import attempt, find, find_to, refreshing

PARTS = ("promises", "clocks", "head", "timeline")
# Networks with most talk, of which the panel says whether we have said anything there.
TALKED = 4
WORDS = 100


def moment(at: time, day: date | None, *, zone: str, now: datetime) -> datetime:
    """Return that time on that day in `zone`; without a day the next time it is so late."""
    if day is None:
        return next_time(at, zone=zone, now=now)
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone))


def last_time(at: time | None, *, zone: str, now: datetime) -> datetime:
    """Return when it was last that time of day in `zone`; now without a time."""
    if at is None:
        return now
    here = now.astimezone(ZoneInfo(zone))
    today = datetime.combine(here.date(), at, tzinfo=here.tzinfo)
    return today if today <= now else today - timedelta(days=1)


# Promises


@login_required
@require_http_methods(["GET", "POST"])
def promises(request: SignedIn, reference: str) -> HttpResponse:
    """Every promise (GET); write one down (POST)."""
    incident = find(request.user, reference)
    problem = _give(request, incident) if request.method == "POST" else ""
    if request.method == "POST" and not request.htmx:
        return redirect("incidents:promises", reference)
    return _promises(request, incident, problem)


def _promises(request: SignedIn, incident: Incident, problem: str) -> HttpResponse:
    now = database_now()
    waiting, settled = selectors.tracked(incident, now=now)
    may_write = allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id)
    context: dict[str, Any] = {
        "incident": incident,
        "now": now,
        "waiting": waiting,
        "settled": settled,
        "found": [
            (each, where(each.made_in), _typed(each.due_at, incident.brand.time_zone))
            for each in selectors.waiting_found(incident, now=now)
        ],
        "may_write": may_write,
        "people": insiders(incident) if may_write else [],
        "problem": problem,
        "typed": request.POST if problem else {},
    }
    return _shown(request, "promises", context, PARTS, problem)


def _typed(moment: datetime, zone: str) -> tuple[str, str]:
    """Return day and time as their fields hold them."""
    here = formats.local(moment, zone)
    return f"{here:%Y-%m-%d}", f"{here:%H:%M}"


def where(made_in: str) -> Any:
    """Return where a promise was read: in an internal update or on a channel."""
    return _("an internal update") if made_in == "update" else silences.name(made_in)


def _shown(
    request: SignedIn, name: str, context: dict[str, Any], parts: tuple[str, ...], problem: str
) -> HttpResponse:
    fragment = "#panel" if request.htmx else ""
    status = 422 if problem else 200
    response = render(request, f"incidents/{name}.html{fragment}", context, status=status)
    changed = request.method == "POST" and not problem
    return refreshing(response, parts) if changed else response


def _given(request: SignedIn, incident: Incident, now: datetime) -> services.Given:
    """Read a promise off the form; Refused with what is wrong with it."""
    form = PromiseForm(request.POST, people=insiders(incident))
    if not form.is_valid():
        raise Refused(problems(form))
    wanted = form.cleaned_data
    due = moment(wanted["due"], wanted["day"], zone=incident.brand.time_zone, now=now)
    return services.Given(wanted["text"], due, wanted["owner"], wanted["made_in"])


def _give(request: SignedIn, incident: Incident) -> str:
    find_to(request, incident.reference, Permission.WRITE_TIMELINE)
    now = database_now()
    return attempt(
        request,
        lambda: services.give_promise(
            incident.pk, _given(request, incident, now), by=request.user, now=now
        ),
    )


@login_required
@require_POST
def promise(request: SignedIn, reference: str, promise: int) -> HttpResponse:
    """Settle a promise (`state`), or move it (`due`)."""
    incident = find_to(request, reference, Permission.WRITE_TIMELINE)
    problem = attempt(request, lambda: _change(request, incident, promise))
    if not request.htmx:
        return redirect("incidents:promises", reference)
    return _promises(request, incident, problem)


def _change(request: SignedIn, incident: Incident, number: int) -> Promise:
    given, now = request.POST.get("version", ""), database_now()
    seen = int(given) if given.isdecimal() else 0
    try:
        if state := request.POST.get("state"):
            settling = services.Settling(state, seen, request.POST.get("reason", ""))
            return services.settle_promise(incident.pk, number, settling, by=request.user, now=now)
        return services.move_promise(
            incident.pk, number, _moved(request, incident, seen, now), by=request.user, now=now
        )
    except Promise.DoesNotExist:
        raise Http404 from None


def _moved(request: SignedIn, incident: Incident, seen: int, now: datetime) -> services.Move:
    form = MoveForm(request.POST)
    if not form.is_valid():
        raise Refused(problems(form))
    wanted = form.cleaned_data
    due = moment(wanted["due"], wanted["day"], zone=incident.brand.time_zone, now=now)
    return services.Move(due, seen, wanted["reason"])


@login_required
@require_POST
def found(request: SignedIn, reference: str, found: int) -> HttpResponse:
    """Take what the desk read in a text as a promise, put right, or dismiss it."""
    incident = find_to(request, reference, Permission.WRITE_TIMELINE)
    problem = attempt(request, lambda: _judge(request, incident, found))
    if not request.htmx:
        return redirect("incidents:promises", reference)
    return _promises(request, incident, problem)


def _judge(request: SignedIn, incident: Incident, found_id: int) -> None:
    now = database_now()
    try:
        if "dismiss" in request.POST:
            services.dismiss_found(incident.pk, found_id, by=request.user, now=now)
        else:
            given = _given(request, incident, now)
            services.take_found(incident.pk, found_id, given, by=request.user, now=now)
    except FoundPromise.DoesNotExist:
        raise Http404 from None


# The public's clock


@login_required
@require_http_methods(["GET", "POST"])
def clocks(request: SignedIn, reference: str) -> HttpResponse:
    """How long the public has heard nothing (GET); note a word by other means (POST)."""
    incident = find(request.user, reference)
    problem = _note(request, incident) if request.method == "POST" else ""
    if request.method == "POST" and not request.htmx:
        return redirect("incidents:clocks", reference)
    incident = find(request.user, reference)
    now = database_now()
    lately = picture.lately(incident, now=picture.seen_at(incident, now=now))
    talk = picture.said(lately).networks[:TALKED]
    context = {
        "incident": incident,
        "now": now,
        "silence": silences.silence(incident, now=now, talked=[each.network for each in talk]),
        "said": {each.network: each.total for each in talk},
        "words": [] if request.htmx else _words(incident),
        "outlets": Outlet,
        "may_write": allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id),
        "problem": problem,
    }
    return _shown(request, "clocks", context, ("clocks", "head", "timeline", "promises"), problem)


def _words(incident: Incident) -> list[tuple[Any, Any]]:
    found = incident.public_words.select_related("by")[:WORDS]
    return [(word, silences.name(word.channel)) for word in found]


def _note(request: SignedIn, incident: Incident) -> str:
    find_to(request, incident.reference, Permission.WRITE_TIMELINE)
    form, now = WordForm(request.POST), database_now()
    if not form.is_valid():
        return problems(form)
    wanted = form.cleaned_data
    at = last_time(wanted["at"], zone=incident.brand.time_zone, now=now)
    word = words.Word(wanted["channel"], at, text=wanted["text"], url=wanted["url"])
    return attempt(request, lambda: words.note_word(incident.pk, word, by=request.user, now=now))
