"""How soon a brand answers people, and how fast it answers many: among the settings."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed
from core.clock import database_now
from core.errors import Forbidden, Refused
from incidents.enums import Severity
from responses.forms_engage import TimesForm
from responses.models import Version
from responses.models_engage import USUAL_TIMES, CannedAnswer
from responses.offers import approved_alike
from responses.pace import most, networks
from responses.services.engage import stock
from responses.services.engage.due import settings_of
from responses.services.engage.settings import save_settings

from .engage import numbers


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: SignedIn, slug: str = "") -> HttpResponse:
    """The settings of one brand: the first of the reader's, if none is named."""
    brands = list(Brand.objects.visible_to(request.user).order_by("name"))
    brand = next((each for each in brands if slug in {"", each.slug}), None)
    if slug and brand is None:
        raise Http404(_("There is no such brand."))
    if brand is None:
        return render(request, "responses/engage/settings.html", {"brands": []})
    if request.method == "POST" and "do" in request.POST:
        return _library(request, brand)
    levels, places = _forms(request, brand)
    forms = [form for _name, _label, form in (*levels, *places)]
    if request.method == "POST" and all(form.is_valid() for form in forms):
        try:
            _save(request, brand, levels, places)
        except Forbidden:
            raise
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("Saved. Deadlines that run go on as they were."))
            return redirect("responses:engage_settings_of", brand.slug)
    context = {
        "brand": brand,
        "brands": brands,
        "levels": levels,
        "places": places,
        "library": _shown(brand),
        "languages": stock.LANGUAGES,
        "may_draft": allowed(request.user, Permission.DRAFT, brand.pk),
        "may_approve": allowed(request.user, Permission.APPROVE, brand.pk),
        "managing": allowed(request.user, Permission.MANAGE_BRAND, brand.pk),
    }
    status = 422 if any(form.is_bound and form.errors for form in forms) else 200
    return render(request, "responses/engage/settings.html", context, status=status)


Named = list[tuple[str, Any, TimesForm]]


def _forms(request: SignedIn, brand: Brand) -> tuple[Named, Named]:
    """A form for each severity, and for each network that we can answer on."""
    kept, data = settings_of(brand.pk), request.POST or None
    levels: Named = []
    for level in Severity:
        pair = kept.times.get(str(level.value), USUAL_TIMES[str(level.value)])
        levels.append((str(level.value), level.label, _form(data, f"s{level.value}", pair)))
    places: Named = []
    for name, label in networks():
        pair = kept.networks.get(name, [0, 0])
        form = _form(data, f"n-{name}", pair, pace=kept.paces.get(name, most(name)))
        form.fields["pace"].max_value = most(name)  # type: ignore[attr-defined]
        form.fields["pace"].widget.attrs["max"] = most(name)
        places.append((name, label, form))
    return levels, places


def _form(data: Any, prefix: str, pair: list[int], *, pace: int | None = None) -> TimesForm:
    initial = {"first": pair[0], "next": pair[1], "pace": pace}
    return TimesForm(data, prefix=prefix, initial=initial)


def _save(request: SignedIn, brand: Brand, levels: Named, places: Named) -> None:
    save_settings(
        brand,
        times={name: _pair(form) for name, _label, form in levels},
        networks={name: _pair(form) for name, _label, form in places},
        paces={name: form.cleaned_data["pace"] or 0 for name, _label, form in places},
        by=request.user,
    )


def _pair(form: TimesForm) -> list[int]:
    return [form.cleaned_data["first"], form.cleaned_data["next"]]


# The library


def _shown(brand: Brand) -> list[tuple[CannedAnswer, Version | None]]:
    """Each answer, with the approved version of the same bytes if its approval could hold."""
    rows = list(CannedAnswer.objects.filter(brand=brand))
    alike = approved_alike(rows)
    return [(row, alike.get(row.pk)) for row in rows]


def _library(request: SignedIn, brand: Brand) -> HttpResponse:
    """`do` is "save" (a new one, or the one `canned`), "delete" or "approve" (by `version`)."""
    post, row = request.POST, None
    if "canned" in post:
        pk = (numbers([post["canned"]]) or [0])[0]
        row = CannedAnswer.objects.filter(brand=brand, pk=pk).first()
        if row is None:
            raise Http404(_("There is no such answer."))
    try:
        _do(request, brand, row)
    except Version.DoesNotExist:
        raise Http404 from None
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("responses:engage_settings_of", brand.slug)


def _do(request: SignedIn, brand: Brand, row: CannedAnswer | None) -> None:
    post, by = request.POST, request.user
    if post["do"] == "save":
        typed = {name: post.get(name, "") for name in ("title", "text", "language")}
        stock.save_canned(brand, **typed, by=by, now=database_now(), canned=row)
    elif row is not None and post["do"] == "delete":
        stock.delete_canned(row.pk, by=by)
    elif row is not None and post["do"] == "approve":
        version = (numbers([post.get("version", "")]) or [0])[0]
        stock.keep_approval(row.pk, version, by=by)
    else:
        raise Http404
