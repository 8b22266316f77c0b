"""What stands of an incident: the texts that a new one must not contradict.

Published texts (the statement page is an account like others), what was said outside the desk,
the head, verified facts and open promises. Other parts of the desk add theirs with `source`.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.enums_record import FactStatus, PromiseState, Section
from incidents.models import Incident
from incidents.selectors.silence import name

from .enums import Act, PublicationState
from .guard import Said
from .models import Publication

Source = Callable[[Incident], Iterable[Said]]
SOURCES: list[Source] = []
# The latest so many of each kind.
MOST = 400


def source(function: Source) -> Source:
    """Register what yields texts of an incident; `at` in any zone."""
    SOURCES.append(function)
    return function


def live_texts(incident: Incident) -> list[Said]:
    """Return every text that stands, with its times in the zone of the brand."""
    zone = ZoneInfo(incident.brand.time_zone)
    return [
        Said(said.text, said.at.astimezone(zone), said.label, said.url)
        for read in SOURCES
        for said in read(incident)
    ]


def as_said(incident: Incident, text: str, *, now: datetime) -> Said:
    """Return a text as if it were said now."""
    return Said(text, now.astimezone(ZoneInfo(incident.brand.time_zone)))


@source
def published(incident: Incident) -> Iterator[Said]:
    """Once a version, and each part of its thread, through however many accounts it went, as it
    reads now: one query."""
    states = (PublicationState.SENT, PublicationState.UNCERTAIN)
    of = Q(version__draft__incident=incident)
    of |= Q(version__draft__incident__merged_into=incident)
    # An edit or a removal is told by what it did to the publication that it is about.
    standing = {"state__in": states, "gone_at": None, "version__draft__act": Act.POST}
    rows = Publication.objects.filter(of, **standing).order_by("version_id", "part", "pk")
    related = ("version__draft", "account", "edited_to")
    seen = rows.distinct("version_id", "part").select_related(*related)[:MOST]
    for each in seen:
        draft = each.version.draft
        here = reverse("responses:draft", args=[incident.reference, draft.number])
        own = draft.incident_id == incident.pk
        label = f"{draft.title} · {each.account.name}"
        at = each.edited_at or each.sent_at or each.created_at
        yield Said(each.said, at, label, here if own else "")


@source
def noted(incident: Incident) -> Iterator[Said]:
    """What a person noted that was said: press calls, shops."""
    for each in incident.public_words.filter(is_own=False).exclude(text="")[:MOST]:
        yield Said(each.text, each.at, str(name(each.channel)), each.url)


@source
def head(incident: Incident) -> Iterator[Said]:
    """The parts of the head as they stand now."""
    here = reverse("incidents:incident", args=[incident.reference])
    rows = incident.situation.order_by("section", "-number").distinct("section")
    for each in rows:
        if each.text:
            yield Said(each.text, each.at, str(Section(each.section).label), here)


@source
def facts(incident: Incident) -> Iterator[Said]:
    for fact in incident.facts.filter(status=FactStatus.VERIFIED)[:MOST]:
        here = reverse("incidents:fact", args=[incident.reference, fact.number])
        yield Said(fact.text, fact.changed_at, f"F{fact.number}", here)


@source
def promises(incident: Incident) -> Iterator[Said]:
    """Open ones, as they were given."""
    here = reverse("incidents:incident", args=[incident.reference])
    for each in incident.promises.filter(state=PromiseState.OPEN)[:MOST]:
        label = _("Promise P%(number)d") % {"number": each.number}
        yield Said(each.text, each.made_at, label, here)
