"""Settings of this room: who is called, in which order."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import formset_factory
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed
from incidents import services
from incidents.forms import PolicyForm, StepForm
from incidents.models import EscalationPolicy

from .access import attempt, require

# Empty rungs at the end of the form, so that a ladder grows without a script.
SPARE_STEPS = 2


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
