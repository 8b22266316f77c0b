"""Who holds which role in an incident, and who did."""

from django.db.models import QuerySet

from accounts.models import User
from incidents.enums import IncidentRole
from incidents.models import Incident
from incidents.models_roles import RoleHolding


def holder(incident: Incident, role: IncidentRole | str) -> User | None:
    """Return who holds `role` now; None if nobody does."""
    return holders(incident).get(IncidentRole(role))


def holders(incident: Incident) -> dict[IncidentRole, User]:
    """Return who holds which role now: one query. The lead is the incident's own column."""
    found = _people(incident, is_deputy=False)
    return found | {IncidentRole.LEAD: incident.lead} if incident.lead else found


def deputies(incident: Incident) -> dict[IncidentRole, User]:
    """Return who stands in for whom: one query."""
    return _people(incident, is_deputy=True)


def _people(incident: Incident, *, is_deputy: bool) -> dict[IncidentRole, User]:
    rows = current(incident).filter(is_deputy=is_deputy)
    return {IncidentRole(row.role): row.user for row in rows}


def current(incident: Incident) -> QuerySet[RoleHolding]:
    """Return what is held now, with the people."""
    return incident.holdings.filter(until=None).select_related("user")


def history(incident: Incident) -> QuerySet[RoleHolding]:
    """Return everything that was ever held, the latest first, with the people."""
    rows = incident.holdings.select_related("user", "given_by")
    return rows.order_by("-since", "-pk")
