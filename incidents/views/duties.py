"""A person's own duties: what comes, cover asked and taken, absences, calendar addresses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import brand_names, members
from core import formats
from core.clock import database_now
from core.errors import Refused
from incidents import rotation
from incidents.forms_rota import AbsenceForm, SwapForm
from incidents.models_rota import Absence, CalendarFeed, Rota, Swap
from incidents.selectors import schedule
from incidents.services import calendar_feeds, covers, swaps
from incidents.services.covers import Part

from . import rota_grid
from .access import attempt, require
from .rotas import find

AHEAD, MOST, SHOWN = timedelta(days=60), 60, 8
# So that a duty that runs is shown from its beginning.
BEHIND = timedelta(days=35)


@dataclass(frozen=True)
class Offered:
    """A request for cover as this person sees it."""

    swap: Swap
    mine: bool
    may_take: bool
    may_decline: bool


@login_required
def my_duties(request: SignedIn) -> HttpResponse:
    """What comes for this person, and what is asked of them."""
    return _page(request)


def _page(request: SignedIn, **more: Any) -> HttpResponse:
    user, now = request.user, database_now()
    context: dict[str, Any] = {
        "now": now,
        **_duties(user, now),
        "swaps": [_offered(swap, user) for swap in schedule.open_swaps(user, now=now)],
        "absences": schedule.absences_of(user, now=now),
        "feeds": schedule.feeds_of(user),
        "absence_form": AbsenceForm(),
    }
    return render(request, "incidents/my_duties.html", context | more)


def _duties(user: User, now: datetime) -> dict[str, Any]:
    """The next duties, each with its brand and its times in words; the later ones apart."""
    names, zone = brand_names(user), user.time_zone
    found = schedule.duties_of(user, now - BEHIND, now + AHEAD, now=now)
    rows = [
        (each, names[each.brand_id], rota_grid.times(each.span, zone))
        for each in found
        if each.span.ends_at > now
    ][:MOST]
    return {"duties": rows[:SHOWN], "later": rows[SHOWN:]}


def _offered(swap: Swap, user: User) -> Offered:
    mine = swap.asker_id == user.pk
    able = not mine and allowed(user, Permission.RUN_INCIDENT, swap.rota.brand_id)
    for_me = swap.asked_id in (None, user.pk)
    return Offered(swap, mine, able and for_me, able and swap.asked_id == user.pk)


# --- Swaps --------------------------------------------------------------------------------------


@login_required
def ask(request: SignedIn, pk: int) -> HttpResponse:
    """Ask for cover of one duty; its line and times are in the address to begin with."""
    rota, now = find(request, pk), database_now()
    plan = schedule.current_plan(rota, now) or schedule.latest_plan(rota)
    zone = plan.zone if plan else rota.brand.time_zone
    form = _ask_form(request, rota, zone, now)
    if request.method == "POST" and form.is_valid():
        problem = attempt(request, lambda: _ask(request.user, rota, form.cleaned_data, now))
        if not problem:
            messages.success(request, _("Asked. You stay on call until somebody takes it."))
            return redirect("incidents:my_duties")
        form.add_error(None, problem)
    context = {"form": form, "rota": rota, "zone": zone}
    return render(request, "incidents/ask_cover.html", context)


def _ask_form(request: SignedIn, rota: Rota, zone: str, now: datetime) -> SwapForm:
    people = members(rota.brand, permission=Permission.RUN_INCIDENT).exclude(pk=request.user.pk)
    initial = {name: request.GET.get(name) for name in ("line", "starts_at", "ends_at")}
    with timezone.override(ZoneInfo(zone)):
        returns = _returns(rota, request.user, zone, now)
        form = SwapForm(request.POST or None, initial=initial, people=people, returns=returns)
        form.is_valid()
    return form


def _returns(rota: Rota, user: User, zone: str, now: datetime) -> list[tuple[str, str]]:
    """The others' duties that somebody could take in return, in words."""
    found = schedule.schedule(rota, now, now + AHEAD, now=now)
    rows = [(line, span) for line in found.lines for span in line.spans]
    people = User.objects.in_bulk(found.people())
    rows.sort(key=lambda row: row[1].starts_at)
    return [
        (_code(line.key, span), _in_words(people[span.duty.user], span, zone, now))
        for line, span in rows
        if span.duty and span.duty.user != user.pk and span.starts_at > now
    ][:MOST]


def _code(line: int, span: rotation.Span) -> str:
    assert span.duty  # noqa: S101 - for the checker
    return f"{line}|{span.starts_at.isoformat()}|{span.ends_at.isoformat()}|{span.duty.user}"


def _in_words(user: User, span: rotation.Span, zone: str, now: datetime) -> str:
    start, end = (formats.when(at, now=now, zone=zone) for at in (span.starts_at, span.ends_at))
    return f"{user}: {start} – {end}"


def _ask(user: User, rota: Rota, given: dict[str, Any], now: datetime) -> None:
    back, asked = None, given["asked"]
    if given["back"]:
        line, starts_at, ends_at, holder = given["back"].split("|")
        times = (datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at))
        back = Part(int(line), *times)
        if asked is None or asked.pk != int(holder):
            raise Refused(_("A duty in return is one of the person you ask."))
    part = Part(given["line"], given["starts_at"], given["ends_at"])
    swaps.ask(rota.pk, part, by=user, asked=asked, back=back, note=given["note"], now=now)


ANSWERS = {"take": swaps.take, "decline": swaps.decline, "withdraw": swaps.withdraw}


@login_required
@require_POST
def answer(request: SignedIn, pk: int) -> HttpResponse:
    """Take, decline or withdraw a request for cover."""
    swap = get_object_or_404(Swap.objects.visible_to(request.user), pk=pk)
    done = ANSWERS.get(request.POST.get("answer", ""))
    require(request.user, Permission.RUN_INCIDENT, swap.rota.brand_id)
    now = database_now()
    if done and not attempt(request, lambda: done(pk, by=request.user, now=now)):
        said = {
            "take": _("The duty is yours."),
            "decline": _("Declined. %(name)s is told.") % {"name": swap.asker},
            "withdraw": _("Withdrawn. You stay on call."),
        }
        messages.success(request, said[request.POST["answer"]])
    return redirect("incidents:my_duties")


# --- Absences -----------------------------------------------------------------------------------


@login_required
@require_POST
def add_absence(request: SignedIn) -> HttpResponse:
    form = AbsenceForm(request.POST)
    if not form.is_valid():
        return _page(request, absence_form=form)
    zone, now = request.user.time_zone, database_now()
    starts_at, ends_at = (rotation.moment(at, zone) for at in form.times())
    problem = attempt(
        request,
        lambda: covers.add_absence(
            request.user,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=form.cleaned_data["reason"],
            by=request.user,
            now=now,
        ),
    )
    if problem:
        form.add_error(None, problem)
        return _page(request, absence_form=form)
    messages.success(request, _("Noted. The next in turn stands in for you."))
    return redirect("incidents:my_duties")


@login_required
@require_POST
def remove_absence(request: SignedIn, pk: int) -> HttpResponse:
    """End one's own absence, or that of somebody in a brand whose plans one writes."""
    now = database_now()
    try:
        absence = schedule.absence_for(request.user, pk, now=now)
    except Absence.DoesNotExist:
        raise Http404 from None
    mine = absence.user_id == request.user.pk
    if not attempt(request, lambda: covers.remove_absence(absence.pk, by=request.user, now=now)):
        theirs = _("%(name)s is back in their turns, and is told.") % {"name": absence.user}
        messages.success(request, _("You are back in your turns.") if mine else theirs)
    return redirect("incidents:my_duties" if mine else "incidents:on_call")


# --- Calendar addresses -------------------------------------------------------------------------


@login_required
@require_POST
def add_feed(request: SignedIn) -> HttpResponse:
    """Make an address; it is shown once."""
    wanted = request.POST.get("rota", "")
    rota = find(request, int(wanted)) if wanted.isdigit() else None
    secret = ""

    def make() -> None:
        nonlocal secret
        _feed, secret = calendar_feeds.add_feed(request.user, rota=rota, now=database_now())

    if attempt(request, make):
        return redirect("incidents:my_duties")
    address = request.build_absolute_uri(reverse("incidents:calendar", args=[secret]))
    return _page(request, address=address, address_of=rota)


@login_required
@require_POST
def remove_feed(request: SignedIn, pk: int) -> HttpResponse:
    feed = get_object_or_404(CalendarFeed.objects.select_related("rota"), pk=pk, user=request.user)
    attempt(request, lambda: calendar_feeds.remove_feed(feed, by=request.user))
    messages.success(request, _("The address no longer works."))
    return redirect("incidents:my_duties")
