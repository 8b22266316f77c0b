"""How the pages of this room find an incident and ask for the right."""

from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from incidents.models import Incident
from incidents.selectors import get_incident


def find(request: SignedIn, reference: str) -> Incident:
    """Return the incident, or 404 alike for a missing and an invisible one."""
    try:
        return get_incident(request.user, reference)
    except Incident.DoesNotExist:
        raise Http404 from None


def require(
    request: SignedIn, incident: Incident, permission: Permission = Permission.WRITE_TIMELINE
) -> None:
    if not allowed(request.user, permission, incident.brand_id):
        raise PermissionDenied
