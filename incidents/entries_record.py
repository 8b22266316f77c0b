"""The record's timeline entries in words, and where the timeline cites facts.

Imported by the AppConfig.
"""

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from . import citing
from .entries import WRITTEN, Params, register
from .enums import EntryKind
from .enums_record import FactStatus
from .models import TimelineEntry


def _added(params: Params) -> str:
    return gettext("%(actor)s added F%(number)s (%(status)s): %(fact)s") % {
        "actor": params["actor"],
        "number": params["number"],
        "status": FactStatus(params["status"]).label,
        "fact": params["fact"],
    }


def _status(params: Params) -> str:
    """What changed, why, and how many texts now stand on a fact that is not sure."""
    parts = {
        "actor": params["actor"],
        "number": params["number"],
        "before": FactStatus(params["before"]).label,
        "after": FactStatus(params["after"]).label,
        "fact": params["fact"],
        "text": params["text"],
    }
    said = (
        gettext(
            "%(actor)s set F%(number)s from %(before)s to %(after)s: %(fact)s. Reason: %(text)s"
        )
        if params["text"]
        else gettext("%(actor)s set F%(number)s from %(before)s to %(after)s: %(fact)s")
    ) % parts
    if not params.get("cited"):
        return said
    cited = params["cited"]
    places = ngettext("%(count)d text cites it.", "%(count)d texts cite it.", cited)
    return f"{said}\n{places % {'count': cited}}"


register(EntryKind.FACT, "added", _added)
register(EntryKind.FACT, "status", _status)
register(EntryKind.FACT, "edited", _("%(actor)s reworded F%(number)s: %(fact)s"))


@citing.places
def in_the_timeline(incident_id: int) -> list[citing.Place]:
    """What people wrote; found by its brackets, so that a long timeline costs little."""
    found = TimelineEntry.objects.filter(
        incident=incident_id, kind__in=WRITTEN, text__icontains="[F"
    ).select_related("incident")
    return [
        citing.Place(
            str(EntryKind(entry.kind).label),
            f"{reverse('incidents:incident', args=[entry.incident.reference])}"
            f"#entry-{entry.number}",
            entry.text,
        )
        for entry in found.order_by("-number")[:100]
    ]
