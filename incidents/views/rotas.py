"""The pages of one rota: its weeks and gaps, covers, hand-over notes; making and changing it."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import formset_factory
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.reading import zones
from accounts.rules import allowed
from accounts.selectors import members
from core.clock import database_now
from incidents import readiness
from incidents.forms_rota import (
    SPARE_LINES,
    LineForm,
    Lines,
    OverrideForm,
    RotaForm,
    initial_line,
    initial_rota,
)
from incidents.models_rota import Override, Rota
from incidents.rotation import Plan
from incidents.selectors import schedule
from incidents.services import covers, hand_over, rotas
from incidents.services.covers import Part

from . import rota_grid
from .access import attempt, require
from .rota import GAPS_AHEAD, gaps

FOUR = 4
MOST_LINES = 6


def find(request: SignedIn, pk: int) -> Rota:
    rows = Rota.objects.visible_to(request.user).in_use().select_related("brand")
    return get_object_or_404(rows, pk=pk)


@login_required
def rota(request: SignedIn, pk: int) -> HttpResponse:
    """One week, or four, from the Monday in the address; POST puts somebody on duty.

    One that was given up is still read.
    """
    rows = Rota.objects.visible_to(request.user).select_related("brand")
    found, now = get_object_or_404(rows, pk=pk), database_now()
    plan = schedule.current_plan(found, now) or schedule.latest_plan(found)
    zone = plan.zone if plan else found.brand.time_zone
    used = found.archived_at is None
    form = _cover_form(request, found, plan, zone) if used else None
    if request.method == "POST" and form and _covered(request, found, form, now):
        return redirect("incidents:rota", found.pk)
    context = {
        "rota": found,
        "plan": plan,
        "zone": zone,
        "form": form,
        "now": now,
        "managing": used and allowed(request.user, Permission.MANAGE_BRAND, found.brand),
        "working": used and allowed(request.user, Permission.RUN_INCIDENT, found.brand),
        "overrides": schedule.coming_overrides(found, now=now),
        "notes": schedule.latest_notes(found),
        "versions": found.versions.select_related("made_by").order_by("-valid_from")[:8],
        **_weeks(request, found, zone, now),
    }
    return render(request, "incidents/rota.html", context)


def _weeks(request: SignedIn, found: Rota, zone: str, now: datetime) -> dict[str, Any]:
    count = FOUR if request.GET.get("weeks") == "4" else 1
    first = _first(request.GET.get("from", "")) or rota_grid.monday(now, zone)
    since, until = rota_grid.bounds(first, count, zone)
    shown = schedule.schedule(found, since, until, now=now)
    ahead = schedule.schedule(found, now, now + GAPS_AHEAD, now=now)
    people = rota_grid.people_of([shown, ahead])
    here = [user for user in people.values() if user.pk in shown.people()]
    step = timedelta(weeks=count)
    return {
        "weeks": rota_grid.weeks(shown, people, zone=zone, first=first, count=count, now=now),
        "count": count,
        "first": first,
        "before": first - step,
        "after": first + step,
        "unready": readiness.unready(here, found.brand, None, now),
        **gaps(ahead, people, now),
    }


def _first(text: str) -> date | None:
    """The Monday of the week in the address; None for what is no date."""
    try:
        day = date.fromisoformat(text)
        return day - timedelta(days=day.weekday()) if 2000 <= day.year <= 2100 else None
    except ValueError:
        return None


def _cover_form(
    request: SignedIn, found: Rota, plan: Plan | None, zone: str
) -> OverrideForm | None:
    """Who plans puts anybody on duty; who may be on duty takes one over themselves."""
    people = members(found.brand, permission=Permission.RUN_INCIDENT)
    if not allowed(request.user, Permission.MANAGE_BRAND, found.brand):
        people = people.filter(pk=request.user.pk)
    if plan is None or not people.exists():
        if request.method == "POST":
            require(request.user, Permission.RUN_INCIDENT, found.brand)
        return None
    with timezone.override(ZoneInfo(zone)):
        form = OverrideForm(request.POST or None, plan=plan, people=people)
        form.is_valid()
    return form


def _covered(request: SignedIn, found: Rota, form: OverrideForm, now: datetime) -> bool:
    if not form.is_valid():
        return False
    given = form.cleaned_data
    part = Part(given["line"], given["starts_at"], given["ends_at"])
    if problem := attempt(
        request,
        lambda: covers.add_override(
            found.pk, part, user=given["user"], note=given["note"], by=request.user, now=now
        ),
    ):
        form.add_error(None, problem)
        return False
    messages.success(request, _("%(name)s takes over.") % {"name": given["user"]})
    return True


@login_required
@require_POST
def remove_override(request: SignedIn, pk: int) -> HttpResponse:
    """Taken back by who plans, or by who made it or has it."""
    override = get_object_or_404(Override.objects.visible_to(request.user), pk=pk)
    if request.user.pk not in (override.made_by_id, override.user_id):
        require(request.user, Permission.MANAGE_BRAND, override.rota.brand_id)
    now = database_now()
    if not attempt(request, lambda: covers.remove_override(pk, by=request.user, now=now)):
        messages.success(request, _("The turns hold again."))
    return redirect("incidents:rota", override.rota_id)


@login_required
@require_POST
def write_hand_over(request: SignedIn, pk: int) -> HttpResponse:
    found, text = find(request, pk), request.POST.get("text", "")
    require(request.user, Permission.RUN_INCIDENT, found.brand)
    now = database_now()
    if not attempt(
        request, lambda: hand_over.write_hand_over(pk, text=text, by=request.user, now=now)
    ):
        messages.success(request, _("The note is kept for whoever comes on duty."))
    return redirect("incidents:rota", found.pk)


# --- Making and changing ------------------------------------------------------------------------


@login_required
def rota_new(request: SignedIn, slug: str) -> HttpResponse:
    brand = get_object_or_404(Brand.objects.visible_to(request.user), slug=slug)
    return _edit(request, brand, None)


@login_required
def rota_edit(request: SignedIn, pk: int) -> HttpResponse:
    found = find(request, pk)
    return _edit(request, found.brand, found)


def _edit(request: SignedIn, brand: Brand, edited: Rota | None) -> HttpResponse:
    require(request.user, Permission.MANAGE_BRAND, brand)
    plan = schedule.latest_plan(edited) if edited else None
    zone = request.POST.get("zone") or (plan.zone if plan else brand.time_zone)
    form, lines = _forms(request, brand, edited, plan, zone)
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        saved = _save(request, brand, edited, form.cleaned_data, lines)
        if saved:
            messages.success(request, _("The rota is saved."))
            return redirect("incidents:rota", saved.pk)
    context = {"brand": brand, "rota": edited, "form": form, "lines": lines}
    return render(request, "incidents/rota_edit.html", context)


def _forms(
    request: SignedIn, brand: Brand, edited: Rota | None, plan: Plan | None, zone: str
) -> tuple[RotaForm, Any]:
    made = formset_factory(
        LineForm,
        Lines,
        extra=0 if plan is None else SPARE_LINES,
        can_delete=True,
        max_num=MOST_LINES,
    )
    today = timezone.localtime(timezone=ZoneInfo(brand.time_zone)).date()
    fresh = {"name": _("First line"), "first_day": today}
    initial = [initial_line(line) for line in plan.lines] if plan else [fresh]
    start = initial_rota(edited.name, plan) if edited and plan else {"zone": brand.time_zone}
    known = zones()
    with timezone.override(ZoneInfo(zone if zone in known else brand.time_zone)):
        form = RotaForm(request.POST or None, initial=start, brand=brand, zones=known)
        form.is_valid()
    lines = made(request.POST or None, initial=initial, form_kwargs={"brand": brand})
    return form, lines


def _save(
    request: SignedIn, brand: Brand, edited: Rota | None, given: dict[str, Any], lines: Any
) -> Rota | None:
    kept = [each.line() for each in lines if each.has_changed() or each.initial.get("key")]
    gone = {each.cleaned_data.get("key") for each in lines.deleted_forms}
    plan = Plan(
        zone=given["zone"],
        lines=tuple(line for line in kept if not line.key or line.key not in gone),
        fallback=given["fallback"].pk if given["fallback"] else None,
        calendar=given["calendar"],
        own_days=given["own_days"],
    )
    saved: list[Rota] = []

    def save() -> None:
        saved.append(
            rotas.save_rota(
                brand,
                rota=edited,
                name=given["name"],
                plan=plan,
                applies_at=given["applies_at"],
                by=request.user,
                now=database_now(),
            )
        )

    attempt(request, save)
    return saved[0] if saved else None


@login_required
@require_POST
def rota_archive(request: SignedIn, pk: int) -> HttpResponse:
    found = find(request, pk)
    require(request.user, Permission.MANAGE_BRAND, found.brand)
    now = database_now()
    if not attempt(request, lambda: rotas.archive_rota(pk, by=request.user, now=now)):
        messages.success(request, _("The rota is given up. What has been stays readable."))
    return redirect("incidents:on_call")
