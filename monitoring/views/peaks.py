"""The calendar of expected peaks."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed, require
from accounts.selectors import visible_brands
from core.clock import database_now
from core.errors import Refused
from monitoring.forms_signals import PeakForm
from monitoring.models_signals import ExpectedPeak
from monitoring.selectors import signals as selectors
from monitoring.services import signals as services

MOST_SHOWN = 60


@login_required
@never_cache
def calendar(request: SignedIn) -> HttpResponse:
    """What is expected, and for who manages the brand a form to expect more."""
    now = database_now()
    brands = list(visible_brands(request.user))
    managed = [b for b in brands if allowed(request.user, Permission.MANAGE_BRAND, b)]
    brand = _chosen(managed, request.GET.get("brand", ""))
    form = _form(request, brand) if brand else None
    if request.method == "POST":
        if brand is None or form is None:
            raise Http404
        if form.is_valid() and _entered(request, brand, form):
            return redirect(f"{reverse('monitoring:calendar')}?brand={brand.slug}")
    rows = selectors.expected_peaks(request.user)[:MOST_SHOWN]
    context = {
        "now": now,
        "rows": [_row(peak, now, managed) for peak in rows],
        "managed": managed,
        "brand": brand,
        "form": form,
        "tab": "calendar",
    }
    return render(request, "monitoring/calendar.html", context)


def _chosen(managed: list[Brand], slug: str) -> Brand | None:
    found = [brand for brand in managed if not slug or brand.slug == slug]
    return found[0] if found else None


def _form(request: SignedIn, brand: Brand) -> PeakForm:
    """Times are in the brand's hours, whoever enters them and wherever they are."""
    with timezone.override(ZoneInfo(brand.time_zone)):
        form = PeakForm(request.POST if request.method == "POST" else None)
        if form.is_bound:
            form.is_valid()
    return form


def _entered(request: SignedIn, brand: Brand, form: PeakForm) -> bool:
    try:
        services.expect_peak(brand, **form.cleaned_data, by=request.user)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Entered. It takes effect at once."))
    return True


def _row(peak: ExpectedPeak, now: datetime, managed: list[Brand]) -> dict[str, Any]:
    return {
        "peak": peak,
        "running": peak.starts_at <= now < peak.ends_at,
        "over": peak.ends_at <= now,
        "may_delete": any(brand.pk == peak.brand_id for brand in managed),
    }


@login_required
@require_POST
def peak_delete(request: SignedIn, pk: int) -> HttpResponse:
    """Take a peak out of the calendar."""
    peak = selectors.expected_peaks(request.user).filter(pk=pk).first()
    if peak is None:
        raise Http404
    require(request.user, Permission.MANAGE_BRAND, peak.brand_id)
    services.cancel_peak(peak, by=request.user)
    return redirect("monitoring:calendar")
