"""Settings: how labels are made, how often people agree, and what words mean to a brand."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed, require
from accounts.selectors import get_brand, visible_brands
from core import formats
from core.clock import database_now
from core.errors import Refused
from monitoring.enums import LABELS, LabelField
from monitoring.models_labels import LabelLayer, LabelRule, SecondLook
from monitoring.scoring.second import is_installed
from monitoring.selectors.agreement import ENOUGH, Agreement, agreement
from monitoring.services import layers, rules, second_look


@login_required
@require_GET
def labels(request: SignedIn) -> HttpResponse:
    """Agreement, the second tier, and the rules of the reader's brands."""
    return _page(request, {})


def _page(request: SignedIn, typed: dict[str, Any]) -> HttpResponse:
    """The page, with what was typed and refused still in its form."""
    brands = list(visible_brands(request.user))
    context = {
        "agreement": [_shown(each) for each in agreement(request.user.roles)],
        "enough": ENOUGH,
        "second": _second_tier(),
        "brands": [_brand(request, brand) for brand in brands],
        "fields": [field for field in LabelField.choices if field[0] != LabelField.ABOUT],
        "choices": _choices(),
        "typed": typed,
    }
    return render(request, "monitoring/labels.html", context, status=422 if typed else 200)


@login_required
@require_POST
def rule_new(request: SignedIn, slug: str) -> HttpResponse:
    """Make a rule, of a person's own or as it was proposed. `label` is field:value."""
    brand = get_brand(request.user, slug)
    require(request.user, Permission.TRIAGE, brand)
    field, _colon, value = request.POST.get("label", "").partition(":")
    phrase, negated = request.POST.get("phrase", ""), request.POST.get("is") != "is"
    try:
        rules.make(brand, phrase=phrase, field=field, value=value, by=request.user, negated=negated)
        messages.success(request, _("The rule holds for what comes in from now on."))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _page(request, {**request.POST.dict(), "brand": brand.pk})
    return redirect("monitoring:labels")


@login_required
@require_POST
def rule_remove(request: SignedIn, pk: int) -> HttpResponse:
    """Delete a rule."""
    rule = LabelRule.objects.visible_to(request.user).filter(pk=pk).first()
    if rule is None:
        raise Http404
    require(request.user, Permission.TRIAGE, rule.brand_id)
    rules.remove(rule, by=request.user)
    return redirect("monitoring:labels")


@login_required
@require_POST
def layer_learn(request: SignedIn, slug: str) -> HttpResponse:
    """Learn from a brand's corrections of one label."""
    brand = get_brand(request.user, slug)
    require(request.user, Permission.TRIAGE, brand)
    try:
        layers.learn(brand, request.POST.get("field", ""), by=request.user, now=database_now())
        messages.success(request, _("Learned. It holds for what comes in from now on."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("monitoring:labels")


@login_required
@require_POST
def layer_forget(request: SignedIn, pk: int) -> HttpResponse:
    """Undo what was learned."""
    layer = LabelLayer.objects.visible_to(request.user).filter(pk=pk).first()
    if layer is None:
        raise Http404
    require(request.user, Permission.TRIAGE, layer.brand_id)
    layers.forget(layer, by=request.user)
    return redirect("monitoring:labels")


def _brand(request: SignedIn, brand: Brand) -> dict[str, Any]:
    may = allowed(request.user, Permission.TRIAGE, brand)
    return {
        "layers": _layers(brand),
        "brand": brand,
        "may": may,
        "rules": [
            {"rule": rule, "sentence": _sentence(rule.field, rule.value, negated=rule.negated)}
            for rule in LabelRule.objects.filter(brand=brand)
        ],
        "proposals": [
            {"found": found, "sentence": _sentence(found.field, found.value, negated=True)}
            for found in (rules.proposals(brand) if may else [])
        ],
    }


def _layers(brand: Brand) -> list[dict[str, Any]]:
    """By label: what was learned, and how many words of people there are to learn from."""
    found = {each.field: each for each in LabelLayer.objects.filter(brand=brand)}
    counts = layers.words(brand)
    return [
        {
            "field": field.value,
            "label": field.label,
            "layer": found.get(field.value),
            "words": counts.get(field.value, 0),
            "enough": counts.get(field.value, 0) >= layers.LEAST_WORDS,
        }
        for field in layers.FIELDS
        if field.value in found or counts.get(field.value)
    ]


def _sentence(field: str, value: str, *, negated: bool) -> str:
    words = {"field": LabelField(field).label, "value": dict(LABELS[field].choices)[value]}
    if negated:
        return _("%(field)s is not “%(value)s” on account of it") % words
    return _("%(field)s is “%(value)s”") % words


def _shown(found: Agreement) -> dict[str, Any]:
    low, high = found.interval
    return {
        "field": LabelField(found.field).label,
        "language": formats.language_name(found.lang) if found.lang else _("Unknown"),
        "found": found,
        "share": round(100 * found.share),
        "low": round(100 * low),
        "high": round(100 * high),
    }


def _second_tier() -> dict[str, Any]:
    now = database_now()
    today = SecondLook.objects.filter(day=now.date()).first()
    rate = today.posts / today.seconds if today and today.seconds else 0
    return {
        "installed": is_installed(),
        "waiting": second_look.waiting(now=now),
        "today": today,
        "rate": round(rate),
        "budget": second_look.budget(),
    }


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            str(LabelField(field).label),
            [(f"{field}:{value}", str(label)) for value, label in kind.choices],
        )
        for field, kind in LABELS.items()
        if field != LabelField.ABOUT
    ]
