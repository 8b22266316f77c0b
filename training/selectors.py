"""The incidents from which something was learned."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from incidents.enums import Closing, State
from incidents.models import Incident
from monitoring.enums import CrisisType
from reviews.models import Lesson


def cases(user: User, *, words: str = "", brand: str = "") -> QuerySet[Incident]:
    """Return resolved incidents with their lessons, the latest first.

    Each of `words` must be found in title, summary, reference, brand, kind or a lesson; `brand` is
    a slug.
    """
    found = Incident.objects.visible_to(user).filter(state=State.RESOLVED)
    found = found.exclude(closed_as__in=(Closing.MERGED, Closing.DISMISSED))
    if brand:
        found = found.filter(brand__slug=brand)
    for word in words.split()[:8]:
        found = found.filter(_about(word))
    related = found.select_related("brand", "lead").prefetch_related("lessons")
    return related.order_by("-resolved_at", "-pk")


def _about(word: str) -> Q:
    in_lessons = Lesson.objects.filter(incident=OuterRef("pk"), text__icontains=word)
    # A kind is stored as a code and searched for in the reader's language.
    kinds = [kind for kind in CrisisType if word.casefold() in str(kind.label).casefold()]
    found: Q = (
        Q(given_title__icontains=word)
        | Q(summary__icontains=word)
        | Q(reference__icontains=word)
        | Q(brand__name__icontains=word)
        | Q(crisis_type__in=kinds)
        | Q(Exists(in_lessons))
    )
    return found
