"""The library of cases."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.http import SignedIn
from accounts.models import Brand
from incidents.models import Incident
from incidents.times import four_times
from reviews.models import LessonKind

from . import selectors

PAGE = 20


@login_required
@require_GET
def cases(request: SignedIn) -> HttpResponse:
    """Resolved incidents with their four times and lessons, searched by words and brand."""
    words = request.GET.get("q", "")[:200]
    brand = request.GET.get("brand", "")
    found = selectors.cases(request.user, words=words, brand=brand)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(incident, four_times(incident), _by_kind(incident)) for incident in page],
        "words": words,
        "brand": brand,
        "brands": Brand.objects.visible_to(request.user),
    }
    return render(request, "training/cases.html", context)


def _by_kind(incident: Incident) -> list[tuple[Any, list[str]]]:
    found = list(incident.lessons.all())
    return [(kind, [each.text for each in found if each.kind == kind]) for kind in LessonKind]
