"""How an incident hangs together with others, for who may see them."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from incidents.enums import Tie
from incidents.models import Incident
from incidents.models_ties import IncidentLink, Merge

# A link is one row; from the other side it reads the other way round.
MOST_CHOICES = 100


@dataclass(frozen=True)
class Related:
    """`outward`: the incident that is looked at is `tie` this one; else the other way round."""

    link: IncidentLink
    incident: Incident
    tie: Tie
    outward: bool


def related(incident: Incident, *, user: User) -> list[Related]:
    """Return the linked incidents that `user` may see: two queries."""
    rows = IncidentLink.objects.filter(Q(incident=incident) | Q(other=incident))
    rows = rows.select_related("incident__brand", "other__brand")
    seen = set(
        Incident.objects.visible_to(user)
        .filter(Q(linked_from__incident=incident) | Q(links__other=incident))
        .values_list("pk", flat=True)
    )
    found = []
    for row in rows:
        outward = row.incident_id == incident.pk
        far = row.other if outward else row.incident
        if far.pk in seen:
            found.append(Related(row, far, Tie(row.tie), outward))
    return found


def merged_in(incident: Incident) -> QuerySet[Merge]:
    """Return the mergings into an incident that stand, the latest first."""
    standing = Merge.objects.filter(source__merged_into=incident, undone_at=None)
    return standing.select_related("source__brand", "by")


def choices(incident: Incident, *, user: User) -> QuerySet[Incident]:
    """Return the incidents that this one may be linked to, the latest first."""
    visible = Incident.objects.visible_to(user).filter(merged_into=None).exclude(pk=incident.pk)
    return visible.select_related("brand").order_by("-detected_at")[:MOST_CHOICES]


def mergeable(incident: Incident, *, user: User) -> QuerySet[Incident]:
    """Return the open incidents that this one may be merged into."""
    visible = Incident.objects.visible_to(user).running().exclude(pk=incident.pk)
    alike = visible.filter(brand=incident.brand_id, is_private=incident.is_private)
    return alike.select_related("brand").order_by("-detected_at")[:MOST_CHOICES]
