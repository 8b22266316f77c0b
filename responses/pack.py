"""Texts of an incident in its offline pack, and what the communication plan says of its kind.

What is approved may be read out as it is.
"""

from django.utils.translation import gettext as _

from core.clock import database_now
from core.document import Block, Bullets, Heading, Text
from incidents.models import Incident
from incidents.pack_parts import part

from .enums import DraftState
from .enums_plan import Audience
from .models import Draft, Version
from .plan import reading, shape, speaking
from .plan.differences import people

# Approved ones first: in the hour without a desk they are what may be said.
ORDER = (DraftState.APPROVED, DraftState.PUBLISHED, DraftState.SUBMITTED, DraftState.WRITING)


@part(order=10)
def statements(incident: Incident) -> tuple[Block, ...]:
    """Every draft with its newest text and whether it may be used: two queries."""
    drafts = list(Draft.objects.filter(incident=incident, state__in=ORDER))
    if not drafts:
        return ()
    drafts.sort(key=lambda draft: ORDER.index(DraftState(draft.state)))
    newest = Version.objects.filter(draft__in=drafts).order_by("draft", "-number")
    texts = dict(newest.distinct("draft").values_list("draft", "text"))
    found: list[Block] = [Heading(_("Statements"))]
    for draft in drafts:
        allowed = draft.state in (DraftState.APPROVED, DraftState.PUBLISHED)
        state = {"title": draft.title, "state": draft.get_state_display()}
        words = _("%(title)s: %(state)s") % state
        found.append(Text(words, "" if allowed else "warning"))
        found.append(Text(texts.get(draft.pk, "")))
    return tuple(found)


@part(order=5)
def communication_plan(incident: Incident) -> tuple[Block, ...]:
    """Key messages of this kind of crisis, who speaks and where: a fixed number of queries.

    Telephone numbers stand in the pack's contacts, which not everybody gets.
    """
    content, kind = reading.content_of(incident.brand_id), reading.kind_of(incident)
    found: list[Block] = []
    for row in reading.maps_for(content, kind):
        messages = [
            " ".join([message["text"], *(f"({fact})" for fact in message["facts"])])
            for message in row["messages"]
        ]
        title = {"question": row["question"], "audience": Audience(row["audience"]).label}
        found += [Heading(_("%(question)s (to: %(audience)s)") % title), Bullets(tuple(messages))]
    found += _listed(_("Spokespersons"), _speakers(incident, content, kind))
    found += _listed(_("Channels and their owners"), _channels(content))
    return tuple(found)


def _listed(title: str, items: list[str]) -> list[Block]:
    return [Heading(title), Bullets(tuple(items))] if items else []


def _speakers(incident: Incident, content: shape.Content, kind: str) -> list[str]:
    lines = speaking.lines(content, incident.brand_id, at=database_now())
    found = []
    for line in speaking.for_kind(lines, kind):
        said = ", ".join(
            str(voice.user) if voice.there else _("%(name)s (not there)") % {"name": voice.user}
            for voice in (line.first, *line.deputies)
        )
        found.append(f"{said}. {line.row['note']}".strip())
    return found


def _channels(content: shape.Content) -> list[str]:
    named = reading.names(people(content))
    return [
        _("%(channel)s: %(owner)s")
        % {
            "channel": row["name"],
            "owner": ", ".join(named[pk] for pk in (row["owner"], row["deputy"]) if pk in named)
            or "–",
        }
        for row in content["channels"]
    ]
