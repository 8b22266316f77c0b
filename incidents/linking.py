"""What the mention stream knows of incidents: a tag on each row that is linked, and linking many.

Imported by the AppConfig; the stream, in the room below, only sees what is registered here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.errors import Refused
from monitoring.enums import JobKind
from monitoring.models import Mention
from monitoring.panels import ACTIONS, TAGS, RowAction, Tag
from monitoring.services.many import KINDS, Kind, Work
from monitoring.services.triage import Outcome

from .models import Incident
from .selectors import get_incident
from .services import link_mentions

_LINKED = """
SELECT link.mention_id, incident.reference FROM incidents_linkedmention AS link
JOIN incidents_incident AS incident ON incident.id = link.incident_id
WHERE link.mention_id = ANY(%s) AND NOT incident.is_private ORDER BY link.id
"""


def tags(mention_ids: Sequence[int]) -> Mapping[int, list[Tag]]:
    """The incidents that these mentions are linked to. A mention and its incident are of one
    brand, so whoever sees the one sees the other; a private one is told to nobody here."""
    found: dict[int, list[Tag]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LINKED, [list(mention_ids)])
        for mention, reference in cursor.fetchall():
            address = reverse("incidents:incident", args=[reference])
            found.setdefault(mention, []).append(Tag(reference, address))
    return found


def _check(params: dict[str, Any], brands: Iterable[int], by: User) -> dict[str, Any]:
    try:
        incident = get_incident(by, str(params.get("incident", "")))
    except Incident.DoesNotExist:
        raise Refused(_("There is no such incident.")) from None
    if incident.brand_id not in set(brands):
        raise Refused(_("The incident belongs to another brand."))
    return {"incident": incident.reference}


def _link(work: Work) -> Outcome:
    """Link those of the incident's brand; the others are left."""
    incident = get_incident(work.by, work.params["incident"])
    mine = [place for place in work.places if place.brand_id == incident.brand_id]
    if not mine:
        return Outcome(0, len(work.places))
    times = [place.published_at for place in mine]
    rows = Mention.objects.filter(
        pk__in=[place.id for place in mine], published_at__range=(min(times), max(times))
    )
    found = [
        {"id": row.pk, "published_at": row.published_at, "author": row.author}
        for row in rows.only("id", "published_at", "author")
    ]
    linked = link_mentions(incident.pk, found, by=work.by, now=work.now)
    return Outcome(linked, len(work.places) - linked)


TAGS.append(tags)
KINDS[JobKind.LINK] = Kind(_check, _link)
ACTIONS.append(
    RowAction(
        "incident", gettext_lazy("Link to incident"), "link", "i", "incidents:link", many=True
    )
)
