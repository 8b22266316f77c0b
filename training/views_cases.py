"""The pages of the case library."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import TextChoices
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.http import SignedIn
from accounts.models import Brand
from incidents.models import Incident
from incidents.times import four_times
from monitoring.enums import CrisisType
from reviews.models import LessonKind

from . import selectors
from .cases import selectors as library
from .cases.selectors import CaseFilters
from .cases.showing import shown, strategy_names
from .enums_cases import CaseOrigin, Cluster, Strategy
from .models_cases import CaseStudy

PAGE = 20
_CHOICES: dict[str, type[TextChoices]] = {
    "kind": CrisisType,
    "cluster": Cluster,
    "strategy": Strategy,
    "origin": CaseOrigin,
}


@login_required
@require_GET
def cases(request: SignedIn) -> HttpResponse:
    """Cases of others and of our own, and our resolved incidents with their times and lessons."""
    filters = _filters(request)
    studies = list(library.studies(request.user, filters))
    incidents = _incidents(request, filters)
    page = Paginator(incidents, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(incident, four_times(incident), _by_kind(incident)) for incident in page],
        "studies": [(study, strategy_names(study)) for study in studies],
        "filters": filters,
        "words": filters.words,
        "brand": filters.brand,
        "brands": Brand.objects.visible_to(request.user),
        "selects": [
            ("kind", _kinds(), filters.kind),
            ("cluster", Cluster.choices, filters.cluster),
            ("strategy", Strategy.choices, filters.strategy),
            ("origin", CaseOrigin.choices, filters.origin),
        ],
    }
    return render(request, "training/cases.html", context)


@login_required
@require_GET
def case(request: SignedIn, case: str) -> HttpResponse:
    """One case of the library."""
    context = {"case": shown(_find(request, case))}
    return render(request, "training/case.html", context)


def _find(request: SignedIn, slug: str) -> CaseStudy:
    try:
        return library.get_study(request.user, slug)
    except CaseStudy.DoesNotExist:
        raise Http404 from None


def _filters(request: SignedIn) -> CaseFilters:
    given = {
        name: value
        for name, choices in _CHOICES.items()
        if (value := request.GET.get(name, "")) in choices.values
    }
    words, brand = request.GET.get("q", "")[:200], request.GET.get("brand", "")[:80]
    return CaseFilters(words=words, brand=brand, **given)


def _kinds() -> list[tuple[str, Any]]:
    return [choice for choice in CrisisType.choices if choice[0] != CrisisType.NONE]


def _incidents(request: SignedIn, filters: CaseFilters) -> Any:
    """Our resolved incidents; none where something is asked for that they have not."""
    found = selectors.cases(request.user, words=filters.words, brand=filters.brand)
    if filters.cluster or filters.strategy or filters.origin:
        return found.none()
    return found.filter(crisis_type=filters.kind) if filters.kind else found


def _by_kind(incident: Incident) -> list[tuple[Any, list[str]]]:
    found = list(incident.lessons.all())
    return [(kind, [each.text for each in found if each.kind == kind]) for kind in LessonKind]
