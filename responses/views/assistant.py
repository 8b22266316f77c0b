"""Help by a language model: its panel beside the composer, and a brand's settings of it."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed
from accounts.selectors import administered
from core.clock import database_now
from core.errors import Forbidden, Refused
from core.words import Words
from responses import selectors
from responses.enums_assistant import SuggestionState, Wish
from responses.forms_assistant import LanguageModelForm
from responses.models import Draft
from responses.models_assistant import LanguageModel, ModelUse, Suggestion
from responses.services import assistant as services

from .common import draft_page, find_draft

DONE = (SuggestionState.CANCELLED, SuggestionState.ACCEPTED, SuggestionState.DISMISSED)


@login_required
@require_http_methods(["GET", "POST"])
def panel(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """The panel; empty where the brand has no model. What is typed (POST) is not looked at."""
    return _panel(request, find_draft(request, reference, number))


def _panel(request: SignedIn, draft: Draft, problem: str = "") -> HttpResponse:
    rows = LanguageModel.objects.filter(brand=draft.incident.brand_id, is_on=True)
    model = (
        rows.first() if allowed(request.user, Permission.DRAFT, draft.incident.brand_id) else None
    )
    context: dict[str, Any] = {"draft": draft, "model": model, "problem": problem}
    if model:
        context |= _asked(draft, model)
    return render(request, "responses/assistant.html", context)


def _asked(draft: Draft, model: LanguageModel) -> dict[str, Any]:
    last = Suggestion.objects.filter(draft=draft.pk).exclude(state__in=DONE).first()
    refused = ""
    try:
        services.usable(draft)
    except Refused as no:
        refused = str(no)
    return {
        "refused": refused,
        "suggestion": last,
        "failure": str(Words.of(last.error)) if last else "",
        "wishes": Wish.choices,
        "host": urlsplit(model.url).hostname,
        "left": max(0, model.monthly_calls - _used(model).calls),
    }


def _used(model: LanguageModel) -> ModelUse:
    month = services.month_of(database_now())
    found = ModelUse.objects.filter(brand=model.brand_id, month=month).first()
    return found or ModelUse(brand_id=model.brand_id, month=month)


@login_required
@require_POST
def ask(request: SignedIn, reference: str, number: int) -> HttpResponse:
    found = find_draft(request, reference, number)
    wish = request.POST.get("wish", "")
    return _acted(
        request,
        found,
        lambda: services.ask(found.pk, wish, by=request.user, now=database_now()),
    )


@login_required
@require_POST
def act_on(request: SignedIn, pk: int) -> HttpResponse:
    """Cancel, take or put aside one suggestion."""
    visible = selectors.visible_drafts(request.user)
    suggestion = Suggestion.objects.filter(pk=pk, draft__in=visible).first()
    deeds = {
        "cancel": services.cancel,
        "accept": services.accept,
        "dismiss": services.dismiss,
    }
    deed: Any = deeds.get(request.POST.get("do", ""))
    if suggestion is None or deed is None:
        raise Http404(_("There is no such suggestion."))
    found = visible.get(pk=suggestion.draft_id)
    return _acted(request, found, lambda: deed(pk, by=request.user, now=database_now()))


def _acted(request: SignedIn, found: Draft, deed: Any) -> HttpResponse:
    """Do it; then the panel again for htmx, or the composer."""
    problem = ""
    try:
        deed()
    except Forbidden:
        raise
    except Refused as refused:
        problem = str(refused)
    if "HX-Request" in request.headers:
        return _panel(request, selectors.visible_drafts(request.user).get(pk=found.pk), problem)
    if problem:
        messages.error(request, problem)
    return redirect(*draft_page(found))


# Settings


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: SignedIn) -> HttpResponse:
    """The language models of every brand that the reader administers."""
    managed = administered(request.user)
    if not managed:
        raise Forbidden(_("Only administrators of a brand manage its language model."))
    brands = Brand.objects.filter(pk__in=managed).select_related("language_model").order_by("name")
    rows = [_row(request, brand) for brand in brands]
    if request.method == "POST":
        for brand, _use, form, _has_key in rows:
            if brand.slug == request.POST.get("brand") and _saved(request, brand, form):
                return redirect("responses:language_models")
    status = 422 if any(form.errors for _brand, _use, form, _has_key in rows) else 200
    return render(request, "responses/language_models.html", {"rows": rows}, status=status)


def _row(request: SignedIn, brand: Brand) -> tuple[Brand, ModelUse, LanguageModelForm, bool]:
    model: LanguageModel = getattr(brand, "language_model", None) or LanguageModel(brand=brand)
    mine = request.method == "POST" and request.POST.get("brand") == brand.slug
    form = LanguageModelForm(
        request.POST if mine else None, instance=model, auto_id=f"{brand.slug}-%s"
    )
    return brand, _used(model), form, bool(model.sealed)


def _saved(request: SignedIn, brand: Brand, form: LanguageModelForm) -> bool:
    if not form.is_valid():
        return False
    try:
        services.configure(brand, form.wanted(), by=request.user)
    except Forbidden:
        raise
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("Saved."))
    return True
