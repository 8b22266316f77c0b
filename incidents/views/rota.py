"""Settings of this room: who is on call."""

from collections.abc import Sequence
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
from accounts.models import Brand
from accounts.rules import allowed
from core.clock import database_now
from incidents import selectors, services
from incidents.forms import ShiftForm
from incidents.models import Shift

from .access import attempt, require

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
