"""Themes: what the talk of each brand is made of, now and in the last week."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.http import SignedIn
from accounts.selectors import visible_brands
from core.clock import database_now
from monitoring.selectors import signals as selectors
from monitoring.theme_rows import shown


@login_required
@require_GET
def themes(request: SignedIn) -> HttpResponse:
    """The themes of the chosen brand, or of all."""
    now = database_now()
    brands = list(visible_brands(request.user))
    chosen = [brand for brand in brands if brand.slug == request.GET.get("brand")]
    ids = [brand.pk for brand in chosen or brands]
    current = selectors.themes(ids, now=now)
    context = {
        "now": now,
        "brands": brands,
        "brand": chosen[0] if chosen else None,
        "themes": shown(current),
        "over": selectors.themes(ids, now=now, over=True),
        "live_groups": " ".join(f"brand.{pk}" for pk in ids),
        "tab": "themes",
    }
    return render(request, "monitoring/themes.html", context)
