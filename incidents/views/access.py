"""How every page of this room finds its incident, asks for the right and tells the outcome."""

import json
from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand, User
from accounts.rules import allowed
from core.errors import Refused
from incidents import selectors
from incidents.models import Incident


def find(user: User, reference: str) -> Incident:
    """Return the incident, or 404 alike for a missing and an invisible one."""
    try:
        return selectors.get_incident(user, reference)
    except Incident.DoesNotExist:
        raise Http404 from None


def require(user: User, permission: Permission, brand: Brand | int) -> None:
    """403 with words for who may see the brand but not do this."""
    if not allowed(user, permission, brand):
        raise PermissionDenied(
            _("Your role does not allow this: %(right)s. An administrator can grant it.")
            % {"right": permission.label}
        )


def find_to(request: SignedIn, reference: str, permission: Permission) -> Incident:
    """Return the incident to somebody who may do this with it."""
    incident = find(request.user, reference)
    require(request.user, permission, incident.brand_id)
    return incident


def attempt(request: SignedIn, do: Callable[[], object]) -> str:
    """Make a service call; return why it was refused, or "". Without htmx the next page says it."""
    try:
        do()
    except Refused as refusal:
        if not request.htmx:
            messages.error(request, str(refusal))
        return str(refusal)
    return ""


def refreshing(response: HttpResponse, parts: Iterable[str]) -> HttpResponse:
    """Have the asking page fetch its other parts at once, also while its socket is down."""
    response["HX-Trigger"] = json.dumps({f"cd:{part}": {} for part in parts})
    return response


def to_room(incident: Incident, anchor: str = "", **query: object) -> HttpResponse:
    response = redirect("incidents:incident", incident.reference)
    if query:
        response["Location"] += f"?{urlencode(query)}"
    if anchor:
        response["Location"] += f"#{anchor}"
    return response
