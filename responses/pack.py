"""Texts of an incident in its offline pack, and what the communication plan says of its kind.

What is approved may be read out as it is.
"""

from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import formats
from core.clock import database_now
from core.document import Block, Bullets, Heading, Text
from incidents.models import Incident
from incidents.pack_parts import part

from .enums import DraftState
from .enums_plan import Audience
from .models import Draft, Version
from .models_telling import Telling
from .models_templates import HoldingUse
from .plan import holding, order, reading, shape, speaking
from .plan.differences import people

# Approved ones first: in the hour without a desk they are what may be said.
ORDER = (DraftState.APPROVED, DraftState.PUBLISHED, DraftState.SUBMITTED, DraftState.WRITING)


_VOICE = (
    (gettext_lazy("Values"), "values"),
    (gettext_lazy("What we do"), "do"),
    (gettext_lazy("What we do not"), "dont"),
)


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
    """Key messages of this kind of crisis, who speaks, where, to whom first and how: a fixed number
    of queries.

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
    found += _listed(_("Order of telling"), _order(incident))
    found += _voices(content)
    return tuple(found)


@part(order=6)
def holding_statements(incident: Incident) -> tuple[Block, ...]:
    """Every approved statement that this incident has not used: which it fits a person decides.

    Variables stand in their braces: whoever reads it out fills them. A fixed number of queries.
    """
    now, zone = database_now(), ZoneInfo(incident.brand.time_zone)
    used = set(
        HoldingUse.objects.filter(draft__incident=incident).values_list("version", flat=True)
    )
    kind = reading.kind_of(incident)
    ready = [
        (template, version)
        for template in holding.in_use(incident.brand_id).filter(is_holding=True)
        if holding.is_ready(version := template.history[0], now=now)  # type: ignore[attr-defined]
        and version.pk not in used
    ]
    # Its own kind of crisis before every kind before others.
    ready.sort(key=lambda pair: (pair[0].kind != kind, pair[0].kind != "", pair[0].name))
    found: list[Block] = []
    for template, version in ready:
        what = {"name": template.name, "audience": template.get_audience_display()}
        day = formats.full_date(version.expires_at.astimezone(zone).date())
        found += [
            Heading(_("Holding statement: %(name)s (to: %(audience)s)") % what),
            Text(version.text),
            Text(_("Last day: %(day)s. Void if the answer to any of these is yes:") % {"day": day}),
            Bullets(tuple(version.void_if)),
        ]
    return tuple(found)


def _order(incident: Incident) -> list[str]:
    """Each audience in its turn: by what, by whom, and whether it has been told."""
    return [_turn(row) for row in order.order_of(order.going_on(incident))]


def _turn(row: Telling) -> str:
    how = ", ".join(each for each in (row.how, row.who) if each)
    said = {"audience": Audience(row.audience).label, "how": how or "–"}
    if row.told_at:
        return _("%(audience)s: %(how)s (told)") % said
    if row.waived:
        return _("%(audience)s: need not be told (%(why)s)") % {**said, "why": row.waived}
    return _("%(audience)s: %(how)s") % said


def _voices(content: shape.Content) -> list[Block]:
    """Tone, values, do and don't, in each language in which they are written."""
    found: list[Block] = []
    for code, said in content["voice"].items():
        language = formats.language_name(code)
        found.append(Heading(_("Values and tone (%(language)s)") % {"language": language}))
        if said["tone"]:
            found.append(Text(said["tone"]))
        for label, key in _VOICE:
            if said[key]:
                found += [Text(str(label), "muted"), Bullets(tuple(said[key]))]
    return found


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
