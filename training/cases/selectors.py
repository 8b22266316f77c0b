"""Cases for those who may read them, found by words and filters."""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from accounts.models import User
from training.models_cases import CaseStudy


@dataclass(frozen=True)
class CaseFilters:
    """What is looked for; what is empty filters nothing. `brand` is a slug."""

    words: str = ""
    kind: str = ""
    cluster: str = ""
    strategy: str = ""
    origin: str = ""
    brand: str = ""

    def __bool__(self) -> bool:
        return any((self.words, self.kind, self.cluster, self.strategy, self.origin, self.brand))


def studies(user: User, filters: CaseFilters) -> QuerySet[CaseStudy]:
    """Return the cases that match, the latest first: two words must both be there."""
    found = CaseStudy.objects.visible_to(user).select_related("brand")
    exact = {"kind": filters.kind, "cluster": filters.cluster, "origin": filters.origin}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if filters.strategy:
        found = found.filter(strategies__contains=[filters.strategy])
    if filters.brand:
        # The ready-made are every brand's.
        found = found.filter(Q(brand__slug=filters.brand) | Q(brand=None))
    for word in filters.words.split()[:8]:
        found = found.filter(_about(word))
    return found


def _about(word: str) -> Q:
    """Found by its stem in either language, or as a part of a longer word."""
    stems = SearchQuery(word, config="english") | SearchQuery(word, config="danish")
    return Q(search=stems) | Q(words_en__icontains=word) | Q(words_da__icontains=word)


def get_study(user: User, slug: str) -> CaseStudy:
    """Return the case; CaseStudy.DoesNotExist alike for a missing and an invisible one."""
    related = CaseStudy.objects.visible_to(user).select_related(
        "brand", "incident", "confirmed_by", "created_by"
    )
    found: CaseStudy = related.get(slug=slug)
    return found
