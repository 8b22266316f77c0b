"""Whom a line written to the room can name."""

from accounts.models import User
from incidents.models import Incident

from . import roles
from .people import concerned, insiders


def nameable(incident: Incident) -> list[User]:
    """Return whom a line can mean by an @: whoever may see the incident, one query.

    `is_told` says who of them hears of a change of the severity.
    """
    return list(insiders(incident).annotate(is_told=concerned(incident)))


def in_role(incident: Incident) -> list[tuple[str, User]]:
    """Return (label of the role, who holds it) in the order of the roles."""
    return [(str(role.label), user) for role, user in roles.holders(incident).items()]
