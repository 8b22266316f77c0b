"""Who may see an incident: everyone of the brand, or of a private one its members alone."""

from django.db.models import F, Q, QuerySet

from accounts.enums import Permission
from accounts.models import User
from accounts.selectors import members
from incidents.models import Incident
from incidents.models_cases import IncidentMember


def insiders(incident: Incident, *, permission: Permission | None = None) -> QuerySet[User]:
    """Return who may see the incident, by name; only those with `permission` in its brand.

    Whoever gives people something to do in an incident, or tells them of it, chooses from these.
    """
    people = members(incident.brand_id, permission=permission)
    if not incident.is_private:
        return people
    return people.filter(pk__in=incident.members.values("user"))


def outsiders(incident: Incident) -> QuerySet[User]:
    """Return the brand's people who do not see a private incident."""
    return members(incident.brand_id).exclude(pk__in=incident.members.values("user"))


def memberships(incident: Incident) -> QuerySet[IncidentMember]:
    """Return the members of a private incident that still belong to its brand, with the people."""
    rows = incident.members.filter(user__in=members(incident.brand_id))
    return rows.select_related("user", "added_by")


def proposed(incident: Incident, *, by: User) -> set[int]:
    """Return the ids of who works on an incident: whom to keep when it becomes private."""
    held = incident.holdings.filter(until=None).values_list("user_id", flat=True)
    busy: set[int | None] = set(held)
    busy |= set(incident.tasks.filter(done_at=None).values_list("owner_id", flat=True))
    busy |= {by.pk, incident.lead_id, incident.acknowledged_by_id}
    return {pk for pk in busy if pk is not None}


def told_of_severity(incident: Incident, *, by: User) -> list[User]:
    """Return who is told when `by` changes the severity. The page lists them before it is done."""
    return list(insiders(incident).filter(concerned(incident)).exclude(pk=by.pk))


def concerned(incident: Incident) -> Q:
    """Return the condition for who works on it: the lead, who holds a role, who was called and has
    not been answered for."""
    found = Q(pk=incident.lead_id or 0) | Q(
        pk__in=incident.holdings.filter(until=None).values("user")
    )
    if incident.is_called:
        found |= Q(pk__in=incident.calls.order_by().values("user"))
    return found


def sealed(brand_ids: list[int], *, user: User) -> QuerySet[Incident]:
    """Return the private incidents of these brands that `user` does not see, open ones first.

    For those who may open one in an emergency: they show a reference, a state and how grave.
    """
    found = Incident.objects.filter(brand__in=brand_ids, is_private=True)
    unseen = found.exclude(members__user=user).select_related("brand")
    return unseen.order_by(F("resolved_at").desc(nulls_first=True), "severity", "-detected_at")
