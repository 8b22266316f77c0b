"""Secret addresses of an incident's wall, for a screen where nobody is signed in."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Refused
from core.text import clean
from incidents.models import Incident
from incidents.models_packs import WallLink

from .timeline import lock

LASTS = timedelta(hours=24)
MOST = 5


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def open_wall(
    incident_id: int, *, place: str, language: str, by: User, now: datetime
) -> tuple[WallLink, str]:
    """Make an address for a day; return it with its token, which is kept nowhere.

    Refused for a private incident, and beyond MOST that are open.
    """
    incident = lock(incident_id)
    if incident.is_private:
        raise Refused(_("A private incident has no address that works without signing in."))
    if current(incident, now=now) >= MOST:
        raise Refused(_("At most %(most)d screens. Take one back first.") % {"most": MOST})
    token = secrets.token_urlsafe(32)
    link = WallLink.objects.create(
        incident=incident,
        sha256=digest(token),
        place=clean(place).strip()[:80],
        language=language,
        made_by=by,
        made_at=now,
        ends_at=now + LASTS,
    )
    audit.record("wall.opened", actor=by, brand=incident.brand, subject=incident.reference)
    return link, token


def current(incident: Incident, *, now: datetime) -> int:
    return incident.wall_links.filter(revoked_at=None, ends_at__gt=now).count()


@transaction.atomic
def close_wall(incident_id: int, link_id: int, *, by: User, now: datetime) -> None:
    """Take an address back: from the commit on it shows nothing. WallLink.DoesNotExist."""
    incident = lock(incident_id)
    link = incident.wall_links.get(pk=link_id)
    if link.revoked_at:
        return
    link.revoked_at = now
    link.save(update_fields=["revoked_at"])
    audit.record("wall.closed", actor=by, brand=incident.brand, subject=incident.reference)


def shown_by(token: str, *, now: datetime) -> WallLink | None:
    """Return the link that a token opens now; None alike for unknown, ended and taken back ones.

    An incident that became private shows nothing any more.
    """
    found = WallLink.objects.filter(sha256=digest(token), revoked_at=None, ends_at__gt=now)
    return found.filter(incident__is_private=False).select_related("incident__brand").first()
