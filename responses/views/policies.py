"""Settings of this room: who has to approve what."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn, refusal
from accounts.models import Brand
from accounts.rules import allowed, require
from core.clock import database_now
from responses import drawing, services
from responses.forms_policy import PolicyForm, Steps
from responses.models_policy import ApprovalPolicy
from responses.services.policies import Wanted


@login_required
@require_GET
def policies(request: SignedIn) -> HttpResponse:
    """Every brand's policies in the order in which they are tried, and how long steps took."""
    rows = [
        (
            brand,
            drawing.drawn(brand),
            allowed(request.user, Permission.MANAGE_BRAND, brand),
            drawing.latencies(brand, now=database_now()),
        )
        for brand in Brand.objects.visible_to(request.user).order_by("name")
    ]
    return render(request, "responses/policies.html", {"rows": rows})


@login_required
@require_http_methods(["GET", "POST"])
def policy_new(request: SignedIn, slug: str) -> HttpResponse:
    brand = get_object_or_404(Brand.objects.visible_to(request.user), slug=slug)
    return _edit(request, brand, None)


@login_required
@require_http_methods(["GET", "POST"])
def policy(request: SignedIn, pk: int) -> HttpResponse:
    found = _find(request, pk)
    return _edit(request, found.brand, found)


def _find(request: SignedIn, pk: int) -> ApprovalPolicy:
    visible = ApprovalPolicy.objects.visible_to(request.user).select_related("brand")
    found: ApprovalPolicy = get_object_or_404(visible, pk=pk)
    return found


def _edit(request: SignedIn, brand: Brand, found: ApprovalPolicy | None) -> HttpResponse:
    require(request.user, Permission.MANAGE_BRAND, brand)
    deed = request.POST.get("do", "")
    saving = request.method == "POST" and deed == "save"
    if request.method == "POST":
        steps = Steps.of_data(brand, request.POST, bound=saving)
        steps.do(deed)
        form = PolicyForm(request.POST, brand=brand) if saving else _unjudged(request, brand)
    else:
        steps = Steps.of_stored(brand, found.steps if found else [])
        form = PolicyForm(brand=brand, initial=_initial(found))
        if found is None:
            steps.add()
    problem = ""
    if saving and form.is_valid() & steps.is_valid():
        problem = _save(request, brand, found, form, steps)
        if not problem:
            messages.success(request, _("The policy is saved."))
            return redirect("responses:approval_policies")
    context = {
        "brand": brand,
        "policy": found,
        "form": form,
        "steps": steps,
        "problem": problem,
        "checked": saving,
    }
    status = 422 if saving else 200
    return render(request, "responses/policy.html", context, status=status)


def _unjudged(request: SignedIn, brand: Brand) -> PolicyForm:
    blank = PolicyForm(brand=brand)
    typed = {
        name: field.widget.value_from_datadict(request.POST, {}, name)
        for name, field in blank.fields.items()
    }
    return PolicyForm(brand=brand, initial=typed)


def _initial(found: ApprovalPolicy | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {**found.only, "name": found.name, "hours": found.lasts / 3600, "glass": found.glass}


def _save(
    request: SignedIn, brand: Brand, found: ApprovalPolicy | None, form: PolicyForm, steps: Steps
) -> str:
    cleaned = form.cleaned_data
    wanted = Wanted(
        cleaned["name"],
        steps.stored(),
        only=form.only(),
        lasts=round(cleaned["hours"] * 3600),
        glass=cleaned["glass"],
    )
    return refusal(lambda _now: services.save_policy(brand, wanted, by=request.user, policy=found))


@login_required
@require_POST
def policy_delete(request: SignedIn, pk: int) -> HttpResponse:
    services.delete_policy(_find(request, pk), by=request.user)
    messages.success(request, _("The policy is deleted. Drafts that wait keep their copy."))
    return redirect("responses:approval_policies")


@login_required
@require_POST
def policy_move(request: SignedIn, pk: int) -> HttpResponse:
    up = request.POST.get("to") == "up"
    services.move_policy(_find(request, pk), up=up, by=request.user)
    return redirect("responses:approval_policies")
