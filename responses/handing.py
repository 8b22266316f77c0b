"""The drafts of an incident in its hand-over note. Imported by the AppConfig."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.handing import section
from incidents.models import Incident

from .enums import DraftState

OVER = (DraftState.PUBLISHED, DraftState.DROPPED)


@section(gettext_lazy("Drafts"), order=35)
def drafts(incident: Incident, now: datetime) -> list[str]:
    """Those whose life is not over, with who wrote them."""
    return [
        _("%(title)s v%(version)s: %(state)s, by %(name)s")
        % {
            "title": draft.title,
            "version": draft.version,
            "state": draft.get_state_display(),
            "name": draft.author,
        }
        for draft in incident.drafts.exclude(state__in=OVER).select_related("author")
    ]
