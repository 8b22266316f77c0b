"""Finding incidents and pages of their timeline."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from accounts.models import User
from incidents.enums import State
from incidents.models import Incident


def get_incident(user: User, reference: str) -> Incident:
    """Return the incident; Incident.DoesNotExist alike for a missing and an invisible one."""
    return by_reference(Incident.with_drills.visible_to(user), reference)


def by_reference(incidents: QuerySet[Incident], reference: str) -> Incident:
    related = incidents.select_related(
        "brand", "lead", "acknowledged_by", "opened_by", "merged_into__brand"
    )
    incident: Incident = related.get(reference=reference)
    return incident


@dataclass(frozen=True)
class Filters:
    """What of the list is wanted: `shown` is "open", "resolved" or "all"."""

    shown: str = "open"
    brands: list[int] = field(default_factory=list)
    severities: list[int] = field(default_factory=list)
    words: str = ""


def listing(user: User, filters: Filters) -> QuerySet[Incident]:
    """Return the incidents that `user` may see, gravest and newest first among the open ones."""
    # A plan is some ten kilobytes, and no list shows it.
    found = Incident.objects.visible_to(user).select_related("brand", "lead").defer("plan")
    if filters.shown == "open":
        found = found.exclude(state=State.RESOLVED).order_by("severity", "-detected_at")
    elif filters.shown == "resolved":
        found = found.filter(state=State.RESOLVED).order_by("-resolved_at")
    if filters.brands:
        found = found.filter(brand__in=filters.brands)
    if filters.severities:
        found = found.filter(severity__in=filters.severities)
    for word in filters.words.split()[:8]:
        found = found.filter(
            Q(given_title__icontains=word)
            | Q(reference__icontains=word)
            | Q(brand__name__icontains=word)
            | Q(summary__icontains=word)
        )
    return found


def open_of_brand(user: User, brand_ids: Iterable[int]) -> QuerySet[Incident]:
    """Return the open incidents of brands that `user` may see, the newest first."""
    open_ones = Incident.objects.visible_to(user).filter(brand__in=brand_ids).running()
    return open_ones.select_related("brand", "lead")


def closed_of_brand(user: User, brand_ids: Iterable[int]) -> QuerySet[Incident]:
    """Return the closed cases of brands that `user` may see, the latest first."""
    closed = Incident.objects.visible_to(user).filter(brand__in=brand_ids, state=State.RESOLVED)
    return closed.select_related("brand").order_by("-resolved_at")


def with_mention(user: User, mention_id: int) -> QuerySet[Incident]:
    """Return the incidents that a mention is linked to, among those that `user` may see."""
    found = Incident.objects.visible_to(user).filter(linked_mentions__mention_id=mention_id)
    return found.select_related("brand").order_by("-detected_at")
