"""The record's timeline entries in words, what outlets are called, and where facts are cited.

Imported by the AppConfig.
"""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core import formats
from core.markup import NETWORK_NAMES

from . import citing
from .entries import WRITTEN, Params, register
from .enums import EntryKind
from .enums_record import FactStatus, Outlet, Section
from .models import TimelineEntry
from .selectors.silence import name as channel_name

# An outlet stands where otherwise a network does; its name is the network's where both are one.
NETWORK_NAMES.update({each.value: each.label for each in Outlet} | NETWORK_NAMES)


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


def _noted(params: Params) -> str:
    parts = {
        "actor": params["actor"],
        "channel": channel_name(params["channel"]),
        "at": moment(params["at"]),
        "text": params["text"],
    }
    if not params["text"]:
        return gettext("%(actor)s noted a word to the public: %(channel)s, %(at)s.") % parts
    return gettext("%(actor)s noted a word to the public: %(channel)s, %(at)s. “%(text)s”") % parts


def _silent(params: Params) -> str:
    waited = formats.duration(params["minutes"] * 60)
    return gettext("The public has heard nothing from us for %(waited)s.") % {"waited": waited}


def moment(iso: str, zone: str | None = None) -> str:
    """Return a stored time as "19 Nov 16:00", in the zone or the reader's."""
    here = formats.local(datetime.fromisoformat(iso), zone)
    return f"{formats.day_month(here.date())} {here:%H:%M}"


def _promise(params: Params) -> str:
    """What became of a promise; its time stands in the incident's zone."""
    told = {
        "given": gettext("%(actor)s wrote down promise P%(number)s, due %(due)s: %(promise)s"),
        "moved": gettext("%(actor)s moved promise P%(number)s to %(due)s. Reason: %(text)s"),
        "kept": gettext("Promise P%(number)s is kept, %(actor)s says: %(promise)s"),
        "broken": gettext("Promise P%(number)s is broken: %(promise)s. Reason: %(text)s"),
        "withdrawn": gettext(
            "%(actor)s withdrew promise P%(number)s: %(promise)s. Reason: %(text)s"
        ),
    }
    return told[params["code"]] % {
        "actor": params["actor"],
        "number": params["number"],
        "promise": params["promise"],
        "due": moment(params["due"], params["zone"]),
        "text": params["text"],
    }


register(EntryKind.WORD, "noted", _noted)
register(EntryKind.WORD, "silent", _silent)
for _code in ("given", "moved", "kept", "broken", "withdrawn"):
    register(EntryKind.PROMISE, _code, _promise)
register(EntryKind.PROMISE, "late", _("Promise P%(number)s was not kept in time: %(promise)s"))


def _written(params: Params) -> str:
    return gettext("%(actor)s rewrote the head, %(section)s: %(text)s") % {
        "actor": params["actor"],
        "section": Section(params["section"]).label,
        "text": params["text"],
    }


register(EntryKind.SITUATION, "written", _written)
register(EntryKind.SITUATION, "confirmed", _("%(actor)s says that the head still holds."))

# What was done, never what the notice says: it stays with who may see it.
for _code, _sentence in {
    "started": _("%(actor)s started the 72-hour clock for personal data."),
    "aware": _("%(actor)s put right when we became aware of the breach of personal data."),
    "notified": _("%(actor)s recorded that the data protection authority has been notified."),
    "not_needed": _("%(actor)s recorded that the authority need not be notified."),
    "reopened": _("%(actor)s took the notice to the authority up again."),
    "telling": _("%(actor)s recorded whether those affected are told."),
}.items():
    register(EntryKind.BREACH, _code, _sentence)


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
