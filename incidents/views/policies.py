"""Settings of this room: who is called, in which order, and what would happen now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand, User
from accounts.rules import allowed
from accounts.selectors import members
from core.clock import database_now
from incidents import escalation, readiness, selectors, services, usual
from incidents.enums import Severity
from incidents.forms_policy import Ladder, PolicyForm, PreviewForm, StepForm
from incidents.models import EscalationPolicy
from incidents.models_escalation import OutgoingWebhook, PolicyVersion
from incidents.selectors import policies as drawing

from .access import attempt, require

MOST_VERSIONS = 50


@login_required
def policies(request: SignedIn) -> HttpResponse:
    """Every brand's policies, drawn."""
    brands = Brand.objects.visible_to(request.user).prefetch_related("policies__steps")
    rows = []
    for brand in brands:
        known = drawing.names(brand)
        drawn = [
            (policy, drawing.drawn(services.copying.copied(policy), known))
            for policy in brand.policies.all()
        ]
        plain = drawing.drawn(usual.ladder(brand), known)
        managing = allowed(request.user, Permission.MANAGE_BRAND, brand)
        rows.append((brand, drawn, managing, plain))
    drills = selectors.drills(request.user)[:10]
    return render(request, "incidents/policies.html", {"rows": rows, "drills": drills})


@login_required
def policy_new(request: SignedIn, slug: str) -> HttpResponse:
    brand = get_object_or_404(Brand.objects.visible_to(request.user), slug=slug)
    fresh = EscalationPolicy(
        brand=brand, is_default=not brand.policies.exists(), name=str(usual.NAME)
    )
    return _edit(request, Editor(brand, fresh, request.user))


@login_required
def policy(request: SignedIn, pk: int) -> HttpResponse:
    return _edit(request, _editor(request, pk))


def _editor(request: SignedIn, pk: int) -> "Editor":
    visible = EscalationPolicy.objects.visible_to(request.user)
    found = get_object_or_404(visible.select_related("brand"), pk=pk)
    return Editor(found.brand, found, request.user)


@dataclass
class Editor:
    """What the page of one policy is made of."""

    brand: Brand
    policy: EscalationPolicy
    by: User

    def stored(self) -> list[dict[str, Any]]:
        """The ladder as it is kept; a new policy begins with what suits most teams."""
        if self.policy.pk:
            return services.copying.copied(self.policy)
        return usual.ladder(self.brand)

    def save(self, form: PolicyForm, ladder: Ladder) -> None:
        people = {user.pk: user for user in members(self.brand)}
        wanted = [step | {"user": people.get(step["user"])} for step in ladder.stored()]
        services.save_policy(
            self.brand,
            policy=self.policy if self.policy.pk else None,
            **form.cleaned_data,
            steps=wanted,
            by=self.by,
        )


def _edit(request: SignedIn, editor: Editor) -> HttpResponse:
    require(request.user, Permission.MANAGE_BRAND, editor.brand)
    deed = request.POST.get("do", "")
    saving = request.method == "POST" and deed == "save"
    if request.method == "POST":
        ladder = Ladder.of_data(editor.brand, request.POST, bound=saving)
        ladder.do(deed)
    else:
        ladder = Ladder.of_stored(editor.brand, editor.stored())
    form = PolicyForm(request.POST if saving else None, instance=editor.policy)
    if request.method == "POST" and not saving:
        form = PolicyForm(initial=_typed(request))
    problem = ""
    if saving and form.is_valid() & ladder.is_valid():
        problem = attempt(request, lambda: editor.save(form, ladder))
        if not problem:
            messages.success(request, _("The policy is saved."))
            return _to_policies(request)
    context = {
        "brand": editor.brand,
        "policy": editor.policy,
        "form": form,
        "ladder": ladder,
        "checked": saving,
        "problem": problem,
        "moved": deed.partition(":")[2],
        "zones": _zones(editor.brand, request.user),
    }
    template = "incidents/policy.html#editor" if request.htmx else "incidents/policy.html"
    return render(request, template, context | _preview(request, editor, ladder))


def _to_policies(request: SignedIn) -> HttpResponse:
    """On to the list; a form that was sent by script is told to go there as a whole page."""
    if not request.htmx:
        return redirect("incidents:policies")
    return HttpResponse(headers={"HX-Redirect": reverse("incidents:policies")})


def _typed(request: SignedIn) -> dict[str, Any]:
    """What stands in the fields of the policy itself, to be shown again as it is."""
    return {
        "name": request.POST.get("name", ""),
        "rounds": request.POST.get("rounds", ""),
        "is_default": "is_default" in request.POST,
    }


def _zones(brand: Brand, user: User) -> list[str]:
    return sorted({brand.time_zone, user.time_zone, "Europe/Copenhagen", "Europe/London", "UTC"})


def _preview(request: SignedIn, editor: Editor, ladder: Ladder) -> dict[str, Any]:
    """What the engine would do, asked of what stands in the form whether it is saved or not."""
    zone = ZoneInfo(editor.brand.time_zone)
    asked = request.POST if "preview-at" in request.POST else None
    with timezone.override(zone):
        now = database_now()
        initial = {"at": timezone.localtime(now), "severity": 2, "alarms": 1}
        form = PreviewForm(asked, prefix="preview", initial=initial)
        facts = form.cleaned_data if asked is not None and form.is_valid() else initial
    shown = {"preview": form, "preview_zone": zone.key}
    return shown | _foreseen(request, editor, ladder, facts)


def _foreseen(
    request: SignedIn, editor: Editor, ladder: Ladder, facts: dict[str, Any]
) -> dict[str, Any]:
    """The moments, None while what stands there cannot be a ladder; and who called is not ready."""
    if request.method == "POST":
        stored = _standing(request, editor, ladder)
        laps = _laps(request.POST.get("rounds", ""))
    else:
        stored, laps = editor.stored(), editor.policy.rounds
    if stored is None:
        return {"moments": None}
    at: datetime = facts["at"]
    rows = selectors.foreseen(
        editor.brand,
        stored,
        rounds=laps,
        policy_id=editor.policy.pk,
        severity=facts["severity"],
        at=at,
        alarms=facts["alarms"] or 0,
    )
    called = User.objects.in_bulk({user for row in rows for user in row.climb.users}).values()
    severity = Severity(int(facts["severity"]))
    return {
        "moments": drawing.moments(rows, escalation.steps(stored), drawing.names(editor.brand)),
        "unready": readiness.unready(called, editor.brand, severity, at),
    }


def _standing(request: SignedIn, editor: Editor, ladder: Ladder) -> list[dict[str, Any]] | None:
    """The steps that stand in the form, in the order that a button has brought about."""
    typed = Ladder.of_data(editor.brand, request.POST, bound=True)
    if not typed.is_valid():
        return None
    steps = {form.key: form.step() for form in typed.forms}
    added = StepForm.blank()
    return [steps.get(form.key, added) for form in ladder.forms]


def _laps(typed: str) -> int:
    laps = int(typed) if typed.isdecimal() else 1
    return max(1, min(laps, services.policies.MOST_ROUNDS))


@login_required
@require_POST
def delete_policy(request: SignedIn, pk: int) -> HttpResponse:
    editor = _editor(request, pk)
    require(request.user, Permission.MANAGE_BRAND, editor.brand)
    services.delete_policy(editor.policy, by=request.user)
    messages.success(request, _("The policy is deleted. Running incidents keep their ladder."))
    return redirect("incidents:policies")


@login_required
def versions(request: SignedIn, pk: int) -> HttpResponse:
    """What a policy was, and who changed what when."""
    editor = _editor(request, pk)
    rows = editor.policy.versions.select_related("saved_by")[: MOST_VERSIONS + 1]
    changes = drawing.history(rows, drawing.names(editor.brand))[:MOST_VERSIONS]
    context = {
        "brand": editor.brand,
        "policy": editor.policy,
        "changes": changes,
        "managing": allowed(request.user, Permission.MANAGE_BRAND, editor.brand),
    }
    return render(request, "incidents/policy_versions.html", context)


@login_required
@require_POST
def restore(request: SignedIn, pk: int, number: int) -> HttpResponse:
    editor = _editor(request, pk)
    require(request.user, Permission.MANAGE_BRAND, editor.brand)
    version = get_object_or_404(PolicyVersion, policy=editor.policy, number=number)
    if not attempt(request, lambda: services.restore_version(version, by=request.user)):
        messages.success(request, _("Version %(n)d is in force again.") % {"n": number})
    return redirect("incidents:policy_versions", pk)


@login_required
def webhooks(request: SignedIn, slug: str) -> HttpResponse:
    """The addresses that a brand's steps may call; a new one's secret is shown once."""
    brand = get_object_or_404(Brand.objects.visible_to(request.user), slug=slug)
    require(request.user, Permission.MANAGE_BRAND, brand)
    made: dict[str, str] = {}
    if request.method == "POST":
        name, url = request.POST.get("name", ""), request.POST.get("url", "")

        def add() -> None:
            _hook, made["secret"] = services.add_webhook(brand, name=name, url=url, by=request.user)

        if attempt(request, add):
            made = {"name": name, "url": url}
    rows = brand.outgoing_webhooks.all()
    context = {"brand": brand, "webhooks": rows} | made
    return render(request, "incidents/policy_webhooks.html", context)


@login_required
@require_POST
def remove_webhook(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(OutgoingWebhook.objects.visible_to(request.user), pk=pk)
    require(request.user, Permission.MANAGE_BRAND, found.brand_id)
    services.remove_webhook(found, by=request.user)
    messages.success(request, _("The webhook is removed. Steps that call it are passed."))
    return redirect("incidents:webhooks", found.brand.slug)
