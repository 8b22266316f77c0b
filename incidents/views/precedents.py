"""What an incident reminds of, and which suspicions a brand lets wait."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.selectors import administered
from incidents import services
from incidents.forms_cases import TriageForm
from incidents.models_cases import IncidentSettings
from incidents.selectors import precedents as reading

from .access import find, require


@login_required
@require_GET
def precedents(request: SignedIn, reference: str) -> HttpResponse:
    """The panel of the closest earlier incidents and cases."""
    incident = find(request.user, reference)
    near = reading.precedents(incident, user=request.user)
    fragment = "#panel" if request.htmx else ""
    context = {"incident": incident, "near": near}
    return render(request, f"incidents/precedents.html{fragment}", context)


@login_required
@require_http_methods(["GET", "POST"])
def triage_settings(request: SignedIn) -> HttpResponse:
    """What goes through triage, brand by brand; a POST changes one."""
    if request.method == "POST":
        return _change(request)
    brands = Brand.objects.filter(pk__in=administered(request.user)).order_by("name")
    found = {row.brand_id: row for row in IncidentSettings.objects.filter(brand__in=brands)}
    rows = [(brand, _form(brand, found.get(brand.pk))) for brand in brands]
    return render(request, "incidents/triage_settings.html", {"rows": rows})


def _form(brand: Brand, known: IncidentSettings | None) -> forms.Form:
    initial: dict[str, Any] = {"brand": brand.slug}
    if known:
        initial |= {"triage_from": known.triage_from, "triage_minutes": known.triage_minutes}
    return TriageForm(initial=initial, prefix=brand.slug)


def _change(request: SignedIn) -> HttpResponse:
    brands = Brand.objects.visible_to(request.user)
    brand = get_object_or_404(brands, slug=request.POST.get("brand", ""))
    require(request.user, Permission.MANAGE_BRAND, brand)
    form = TriageForm(request.POST, prefix=brand.slug)
    if form.is_valid():
        services.set_triage(brand, **form.cleaned_data, by=request.user)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, " ".join(str(e) for each in form.errors.values() for e in each))
    return redirect("incidents:triage_settings")
