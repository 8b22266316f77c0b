"""The words that a brand avoids, among the settings."""

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
from core.errors import Forbidden, Refused
from responses.forms import AvoidedWordForm
from responses.models_guidelines import AvoidedWord
from responses.services import guidelines as services


@login_required
@require_http_methods(["GET", "POST"])
def words(request: SignedIn, slug: str = "") -> HttpResponse:
    """The list of one brand: the first of the reader's, if none is named."""
    brands = list(Brand.objects.filter(pk__in=request.user.roles).order_by("name"))
    brand = next((each for each in brands if slug in {"", each.slug}), None)
    if slug and brand is None:
        raise Http404(_("There is no such brand."))
    form = AvoidedWordForm(request.POST or None)
    if request.method == "POST" and brand and form.is_valid():
        try:
            services.avoid(brand, services.Avoiding(**form.cleaned_data), by=request.user)
        except Forbidden:
            raise
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("responses:guidelines_of", brand.slug)
    context = {
        "brand": brand,
        "brands": brands,
        "form": form,
        "rows": AvoidedWord.objects.filter(brand=brand) if brand else [],
        "managing": brand is not None and allowed(request.user, Permission.MANAGE_BRAND, brand.pk),
    }
    status = 422 if form.errors else 200
    return render(request, "responses/guidelines.html", context, status=status)


@login_required
@require_POST
def remove(request: SignedIn, slug: str, word: int) -> HttpResponse:
    visible = AvoidedWord.objects.visible_to(request.user)
    found = visible.filter(pk=word, brand__slug=slug).first()
    if found is None:
        raise Http404(_("There is no such word."))
    services.allow(found.pk, by=request.user)
    messages.success(request, _("“%(word)s” is off the list.") % {"word": found.word})
    return redirect("responses:guidelines_of", slug)
