"""Where drafts cite an incident's facts. Imported by the AppConfig."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents import citing

from .enums import DraftState
from .models import Version


@citing.places
def in_drafts(incident_id: int) -> list[citing.Place]:
    """The latest version of each draft that has not been dropped."""
    cited = Q(cited__icontains="[F") | Q(text__icontains="[F")
    found = Version.objects.filter(cited, draft__incident=incident_id)
    found = found.exclude(draft__state=DraftState.DROPPED).select_related("draft__incident")
    return [
        citing.Place(
            _("Draft: %(title)s") % {"title": version.draft.title},
            reverse(
                "responses:draft", args=[version.draft.incident.reference, version.draft.number]
            ),
            version.written,
        )
        for version in found.order_by("-draft__number")[:50]
        if version.number == version.draft.version
    ]
