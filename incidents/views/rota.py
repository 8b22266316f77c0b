"""Settings of this room: who is on call, and who is called in which order."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import formset_factory
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed
from core.clock import database_now
from incidents import selectors, services
from incidents.forms import PolicyForm, ShiftForm, StepForm
from incidents.models import EscalationPolicy, Shift

from .access import attempt, require

# Empty rungs at the end of the form, so that a ladder grows without a script.
SPARE_STEPS = 2
MOST_SHIFTS = 60


@login_required
def on_call(request: SignedIn) -> HttpResponse:
    """Who is on call now, what comes, and for who may manage the brand a new shift."""
    now = database_now()
    brands = list(Brand.objects.visible_to(request.user))
    brand = _chosen(brands, request.GET.get("brand", ""))
    managing = brand is not None and allowed(request.user, Permission.MANAGE_BRAND, brand)
    form = ShiftForm(brand=brand) if brand and managing else None
    if brand and request.method == "POST":
        require(request.user, Permission.MANAGE_BRAND, brand)
        # A shift is in the brand's hours, whoever plans it and wherever they are.
        with timezone.override(ZoneInfo(brand.time_zone)):
            form = ShiftForm(request.POST, brand=brand)
            valid = form.is_valid()
        if valid and _planned(request, brand, form.cleaned_data):
            return redirect(f"{reverse('incidents:on_call')}?brand={brand.slug}")
    return render(
        request,
        "incidents/on_call.html",
        {
            "brands": brands,
            "brand": brand,
            "managing": managing,
            "form": form,
            "now": now,
            "current": selectors.current_shifts([each.pk for each in brands], at=now),
            "shifts": selectors.coming_shifts(brand, at=now)[:MOST_SHIFTS] if brand else [],
        },
    )


def _planned(request: SignedIn, brand: Brand, shift: dict[str, Any]) -> bool:
    if attempt(request, lambda: services.add_shift(brand, **shift, by=request.user)):
        return False
    messages.success(request, _("The shift is planned."))
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
    services.remove_shift(shift, by=request.user)
    messages.success(request, _("The shift is removed."))
    return redirect(f"{reverse('incidents:on_call')}?brand={shift.brand.slug}")


@login_required
def policies(request: SignedIn) -> HttpResponse:
    brands = Brand.objects.visible_to(request.user).prefetch_related("policies__steps__user")
    rows = [
        (brand, list(brand.policies.all()), allowed(request.user, Permission.MANAGE_BRAND, brand))
        for brand in brands
    ]
    return render(request, "incidents/policies.html", {"rows": rows})


@login_required
def policy_new(request: SignedIn, slug: str) -> HttpResponse:
    brand = get_object_or_404(Brand.objects.visible_to(request.user), slug=slug)
    return _edit(
        request, brand, EscalationPolicy(brand=brand, is_default=not brand.policies.exists())
    )


@login_required
def policy(request: SignedIn, pk: int) -> HttpResponse:
    visible = EscalationPolicy.objects.visible_to(request.user)
    found = get_object_or_404(visible.select_related("brand"), pk=pk)
    return _edit(request, found.brand, found)


def _edit(request: SignedIn, brand: Brand, edited: EscalationPolicy) -> HttpResponse:
    require(request.user, Permission.MANAGE_BRAND, brand)
    form = PolicyForm(request.POST or None, instance=edited)
    steps = _steps(request, brand, edited)
    if request.method == "POST" and form.is_valid() and steps.is_valid():
        wanted = [each.step() for each in steps.ordered_forms]
        problem = attempt(
            request,
            lambda: services.save_policy(
                brand,
                policy=edited if edited.pk else None,
                **form.cleaned_data,
                steps=wanted,
                by=request.user,
            ),
        )
        if not problem:
            messages.success(request, _("The policy is saved."))
            return redirect("incidents:policies")
    context = {"brand": brand, "policy": edited, "form": form, "steps": steps}
    return render(request, "incidents/policy.html", context)


def _steps(request: SignedIn, brand: Brand, edited: EscalationPolicy) -> Any:
    made = formset_factory(
        StepForm, extra=SPARE_STEPS, can_order=True, can_delete=True, max_num=12, absolute_max=20
    )
    initial = [
        {
            "target": step.target,
            "user": step.user_id,
            "role": step.role,
            "wait": round(step.wait_seconds / 60, 2),
        }
        for step in (edited.steps.all() if edited.pk else [])
    ]
    return made(request.POST or None, initial=initial, form_kwargs={"brand": brand})


@login_required
@require_POST
def delete_policy(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(EscalationPolicy.objects.visible_to(request.user), pk=pk)
    require(request.user, Permission.MANAGE_BRAND, found.brand_id)
    services.delete_policy(found, by=request.user)
    messages.success(request, _("The policy is deleted. Running incidents keep their ladder."))
    return redirect("incidents:policies")
