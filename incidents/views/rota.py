"""Settings of this room: who is on call now, at another time, this week; extra duties."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand, User
from accounts.rules import allowed
from accounts.selectors import members
from core.clock import database_now
from incidents import rotation, selectors, services
from incidents.forms import ShiftForm
from incidents.forms_rota import AbsenceForm
from incidents.models import Shift
from incidents.selectors import duty, schedule
from incidents.services import covers

from . import rota_grid
from .access import attempt, require

MOST_SHIFTS = 60
# How far gaps are looked for, and how many are told one by one.
GAPS_AHEAD, GAPS_TOLD = timedelta(weeks=8), 6
UNTIL_AHEAD = timedelta(days=35)
# More than the running week.
AROUND = timedelta(days=8)
# A hand-over note that still matters.
FRESH = timedelta(days=3)


@login_required
def on_call(request: SignedIn) -> HttpResponse:
    """Who is on call now and this week; for who may manage the brand an extra duty."""
    now = database_now()
    brands = list(Brand.objects.visible_to(request.user))
    brand = _chosen(brands, request.GET.get("brand", ""))
    managing = brand is not None and allowed(request.user, Permission.MANAGE_BRAND, brand)
    form = ShiftForm(brand=brand) if brand and managing else None
    if brand and request.method == "POST":
        require(request.user, Permission.MANAGE_BRAND, brand)
        # A duty is in the brand's hours, whoever plans it and wherever they are.
        with timezone.override(ZoneInfo(brand.time_zone)):
            form = ShiftForm(request.POST, brand=brand)
            valid = form.is_valid()
        if valid and _planned(request, brand, form.cleaned_data, now):
            return redirect(f"{reverse('incidents:on_call')}?brand={brand.slug}")
    return _page(request, brand, now, form=form)


def _page(request: SignedIn, brand: Brand | None, now: datetime, **more: Any) -> HttpResponse:
    brands = list(Brand.objects.visible_to(request.user))
    context: dict[str, Any] = {
        "brands": brands,
        "brand": brand,
        "managing": more.get("form") is not None,
        "now": now,
        **_at(request, brands, now),
    }
    if brand:
        context["rotas"] = _rotas(brand, now)
        context["shifts"] = selectors.coming_shifts(brand, at=now)[:MOST_SHIFTS]
        context |= _absences(request.user, brand, now)
    return render(request, "incidents/on_call.html", context | more)


def _absences(user: User, brand: Brand, now: datetime) -> dict[str, Any]:
    if not allowed(user, Permission.WRITE_PLANS, brand):
        return {}
    absences = schedule.absences_kept_by(user, [brand.pk], now=now)
    return {"absences": absences, "absence_form": absence_form(brand, user)}


def _at(request: SignedIn, brands: list[Brand], now: datetime) -> dict[str, Any]:
    """Who is on duty: now, or at the time in the address, which is in the reader's zone."""
    asked = _moment(request.GET.get("at", ""))
    at = asked or now
    ids = [brand.pk for brand in brands]
    able = duty.able_people(ids)
    found = duty.duties_at(ids, at, able)
    names = {brand.pk: brand for brand in brands}
    rotas, _extras = schedule.known_rotas(ids, at, at + UNTIL_AHEAD, now=at)
    known = {rota.pk: schedule.schedule_of(rota, at, at + UNTIL_AHEAD) for rota in rotas}
    rows = [(names[each.brand_id], each, _until(known, each, at)) for each in found]
    return {"at": at, "asked": asked, "current": rows}


def _until(
    known: dict[int, schedule.Schedule], duty_: duty.OnDuty, at: datetime
) -> datetime | None:
    """When somebody's duty ends; None for one without an end in sight."""
    found = known.get(duty_.rota or 0)
    if found is None:
        return None
    spans = found.gaps
    if duty_.number:
        spans = next(line.spans for line in found.lines if line.number == duty_.number)
    ends = (span.ends_at for span in spans if span.starts_at <= at < span.ends_at)
    end = next(ends, None)
    return end if end and end < at + UNTIL_AHEAD else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None or timezone.is_aware(moment):
        return moment
    return timezone.make_aware(moment)


def _rotas(brand: Brand, now: datetime) -> list[dict[str, Any]]:
    """The brand's rotas with their week, gaps and latest note: five queries, however many."""
    rotas = schedule.rotas_in(brand)
    since, until = now - AROUND, now + GAPS_AHEAD
    known = {each.pk: each for each in schedule.known_rotas([brand.pk], since, until, now=now)[0]}
    found = {
        rota.pk: schedule.schedule_of(
            known.get(rota.pk) or duty.Known(rota.pk, rota.name, brand.pk), since, until
        )
        for rota in rotas
    }
    people = rota_grid.people_of(found.values())
    notes = schedule.fresh_notes(rotas, since=now - FRESH)
    return [
        {"rota": rota, "note": notes.get(rota.pk), **_week(found[rota.pk], brand, people, now)}
        for rota in rotas
    ]


def _week(
    found: schedule.Schedule, brand: Brand, people: dict[int, User], now: datetime
) -> dict[str, Any]:
    zone = found.plan.zone if found.plan else brand.time_zone
    first = rota_grid.monday(now, zone)
    weeks = rota_grid.weeks(found, people, zone=zone, first=first, count=1, now=now)
    return {"zone": zone, "weeks": weeks, **gaps(found, people, now)}


def gaps(found: schedule.Schedule, people: Any, now: datetime) -> dict[str, Any]:
    """The gaps that are still to come, the first few one by one."""
    coming = [gap for gap in found.gaps if gap.ends_at > now]
    hours = sum((gap.ends_at - max(gap.starts_at, now)).total_seconds() for gap in coming)
    told = [(gap, people.get(gap.duty.user) if gap.duty else None) for gap in coming]
    return {
        "gaps": told[:GAPS_TOLD],
        "gaps_more": len(told[GAPS_TOLD:]),
        "gaps_seconds": hours,
        "uncalled": any(gap.duty is None for gap in coming),
    }


def absence_form(brand: Brand, user: User, data: Any = None) -> AbsenceForm:
    people = members(brand, permission=Permission.RUN_INCIDENT).exclude(pk=user.pk)
    return AbsenceForm(data, people=people, prefix="away")


@login_required
@require_POST
def note_absence(request: SignedIn, slug: str) -> HttpResponse:
    """Note that somebody of the brand is away: for whoever writes its plans."""
    brand = get_object_or_404(Brand.objects.visible_to(request.user), slug=slug)
    require(request.user, Permission.WRITE_PLANS, brand)
    form, now = absence_form(brand, request.user, request.POST), database_now()
    if form.is_valid():
        problem = attempt(request, lambda: _away(form, request.user, now))
        if not problem:
            said = _("Noted. %(name)s is told, and the next in turn stands in.")
            messages.success(request, said % {"name": form.cleaned_data["person"]})
            return redirect(f"{reverse('incidents:on_call')}?brand={brand.slug}")
        form.add_error(None, problem)
    managing = allowed(request.user, Permission.MANAGE_BRAND, brand)
    shift_form = ShiftForm(brand=brand) if managing else None
    return _page(request, brand, now, form=shift_form, absence_form=form)


def _away(form: AbsenceForm, by: User, now: datetime) -> None:
    """Days begin and end where the person lives."""
    person: User = form.cleaned_data["person"]
    starts_at, ends_at = (rotation.moment(at, person.time_zone) for at in form.times())
    covers.add_absence(person, starts_at=starts_at, ends_at=ends_at, by=by, now=now)


def _planned(request: SignedIn, brand: Brand, shift: dict[str, Any], now: datetime) -> bool:
    if attempt(request, lambda: services.add_shift(brand, **shift, by=request.user, now=now)):
        return False
    messages.success(request, _("The extra duty is planned."))
    return True


def _chosen(brands: Sequence[Brand], slug: str) -> Brand | None:
    """The brand in the address; without one the first. 404 for one that is not to be seen."""
    if not slug:
        return brands[0] if brands else None
    found = [brand for brand in brands if brand.slug == slug]
    if not found:
        raise Http404
    return found[0]


@login_required
@require_POST
def remove_shift(request: SignedIn, pk: int) -> HttpResponse:
    shift = get_object_or_404(Shift.objects.visible_to(request.user), pk=pk)
    require(request.user, Permission.MANAGE_BRAND, shift.brand_id)
    now = database_now()
    if not attempt(request, lambda: services.remove_shift(shift, by=request.user, now=now)):
        messages.success(request, _("The extra duty is removed."))
    return redirect(f"{reverse('incidents:on_call')}?brand={shift.brand.slug}")
