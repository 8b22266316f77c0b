"""What is known of an incident at a moment, as a document: one page, or everything for offline.

Made in the active language and the brand's time zone. No mention of the public is quoted: the
pages travel.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from core import formats
from core.document import Block, Bullets, Document, Heading, Pairs, Table, Text
from incidents import entries, pack_parts
from incidents.enums import IncidentRole, Severity, State
from incidents.enums_record import FactStatus
from incidents.models import Incident, TimelineEntry
from incidents.times import four_times
from monitoring.enums import CrisisType

from . import head, log, promises, roles
from .duty import on_call
from .people import insiders

CLIP = 220
LOG_LINES = 200


@dataclass(frozen=True)
class Room:
    """How much of each list fits."""

    facts: int = 6
    decisions: int = 4
    tasks: int = 6
    lines: int = 5
    clip: int = CLIP


# Tried in this order until the report fits its page.
ROOMS = (Room(), Room(4, 3, 4, 3, 160), Room(3, 2, 3, 0, 110))
ALL = Room(500, 500, 500, LOG_LINES, 4000)


def situation_report(incident: Incident, *, now: datetime, room: Room = ROOMS[0]) -> Document:
    """Return the state of the incident in a few lines, to be read in a minute."""
    return Document(
        title=incident.title,
        blocks=(*_state(incident, now), *_content(incident, room, now)),
        above=_("Situation report %(reference)s") % {"reference": incident.reference},
        below=_as_of(incident, now),
        foot=_("%(reference)s, confidential") % {"reference": incident.reference},
        language=get_language() or "en",
    )


def offline_pack(incident: Incident, *, now: datetime, contacts: bool) -> Document:
    """Return all that a team needs while the desk cannot be reached."""
    people = _contacts(incident, now) if contacts else ()
    return Document(
        title=incident.title,
        blocks=(
            *_state(incident, now),
            *people,
            *_content(incident, ALL, now),
            *pack_parts.blocks(incident),
            *_plan(incident),
        ),
        above=_("Offline pack %(reference)s") % {"reference": incident.reference},
        below=_as_of(incident, now),
        foot=_("The last line of this file is a signature. CrisisDesk checks it under Packs."),
        language=get_language() or "en",
    )


def _as_of(incident: Incident, now: datetime) -> str:
    zone = incident.brand.time_zone
    here = formats.local(now, zone)
    at = f"{formats.day_month(here.date())} {here.year} {here:%H:%M}"
    return _("As of %(when)s (%(zone)s)") % {"when": at, "zone": zone}


def _state(incident: Incident, now: datetime) -> tuple[Block, ...]:
    measured = [
        (each.label, f"{each.took_words} ({_('target')} {each.target_words})")
        for each in four_times(incident)
    ]
    kind = CrisisType(incident.crisis_type).label
    rows = [
        (_("Severity"), str(Severity(incident.severity).label)),
        (_("Status"), str(State(incident.state).label)),
        (_("Brand"), f"{incident.brand.name}, {kind}"),
        (_("Detected"), _at(incident, incident.detected_at, now)),
        *measured,
    ]
    if incident.update_by and incident.is_open:
        rows.append((_("Next internal update"), _at(incident, incident.update_by, now)))
    held = roles.holders(incident)
    rows += [(str(IncidentRole(role).label), str(user)) for role, user in held.items()]
    return (Pairs(tuple(rows)),)


def _at(incident: Incident, moment: datetime, now: datetime) -> str:
    return formats.when(moment, now=now, zone=incident.brand.time_zone)


def _content(incident: Incident, room: Room, now: datetime) -> tuple[Block, ...]:
    return (
        *_parts(incident, room),
        *_decisions(incident, room, now),
        *_promises(incident, room, now),
        *_tasks(incident, room, now),
        *_lines(incident, room, now),
    )


def _clip(text: str, room: Room) -> str:
    flat = " ".join(text.split()) if room is not ALL else text
    return flat if len(flat) <= room.clip else flat[: room.clip - 1].rstrip() + "…"


def _listed(title: str, items: list[str], most: int) -> tuple[Block, ...]:
    if not items:
        return ()
    left = len(items) - most
    more = [_("and %(count)d more") % {"count": left}] if left > 0 else []
    return (Heading(title), Bullets((*items[:most], *more)))


def _parts(incident: Incident, room: Room) -> tuple[Block, ...]:
    now_known = head.situation(incident)
    found: list[Block] = []
    for part in now_known.parts:
        if part.text:
            found += [Heading(str(part.section.label)), Text(_clip(part.text, room))]
    for title, facts in (
        (_("What we know"), now_known.known),
        (_("Not verified: do not repeat it"), now_known.unknown),
    ):
        items = [
            f"F{fact.number} {_clip(fact.text, room)}"
            + ("" if fact.status == FactStatus.VERIFIED else f" ({fact.get_status_display()})")
            for fact in facts
        ]
        found += _listed(title, items, room.facts)
    return tuple(found)


def _decisions(incident: Incident, room: Room, now: datetime) -> tuple[Block, ...]:
    standing = incident.decisions.filter(corrected_by=None).select_related("owner", "entry")
    items = [
        f"{_at(incident, each.decided_at, now)} {_clip(entries.decided(each), room)}"
        + (f" ({each.owner})" if each.owner else "")
        for each in standing
    ]
    return _listed(_("Decisions"), items, room.decisions)


def _promises(incident: Incident, room: Room, now: datetime) -> tuple[Block, ...]:
    waiting, _settled = promises.tracked(incident, now=now)
    items = [
        f"{_at(incident, each.promise.due_at, now)} {_clip(each.promise.text, room)}"
        + (f" ({each.promise.owner})" if each.promise.owner else "")
        for each in waiting
    ]
    return _listed(_("Promised to the public"), items, room.tasks)


def _tasks(incident: Incident, room: Room, now: datetime) -> tuple[Block, ...]:
    items = []
    for task in incident.tasks.filter(done_at=None).select_related("owner"):
        due = f"{_at(incident, task.due_at, now)} " if task.due_at else ""
        owner = f" ({task.owner})" if task.owner else ""
        items.append(f"{due}{_clip(task.title, room)}{owner}")
    return _listed(_("Open tasks"), items, room.tasks)


def _lines(incident: Incident, room: Room, now: datetime) -> tuple[Block, ...]:
    if not room.lines:
        return ()
    page = log.timeline(incident, size=room.lines)
    rows = tuple(
        (_at(incident, entry.at, now), _clip(_told(entry), room)) for entry in page.entries
    )
    if not rows:
        return ()
    return (Heading(_("Latest events")), Table((_("Time"), _("What")), rows, (0.18, 0.82)))


def _told(entry: TimelineEntry) -> str:
    actor = str(entry.actor) if entry.actor else ""
    said = entries.words(entry.kind, entry.params, actor=actor, text=entry.text)
    return f"{actor}: {said}" if actor and entry.kind in entries.WRITTEN else said


def _contacts(incident: Incident, now: datetime) -> tuple[Block, ...]:
    """Whoever sees the incident: names, numbers and addresses, those with a role first."""
    held: dict[int, str] = {}
    for role, user in roles.holders(incident).items():
        held[user.pk] = str(IncidentRole(role).label)
    for user in on_call(incident.brand, now):
        held.setdefault(user.pk, _("On call now"))
    people: list[User] = sorted(insiders(incident), key=lambda user: user.pk not in held)
    rows = tuple(
        (str(user), held.get(user.pk, ""), user.phone, user.email) for user in islice(people, 200)
    )
    columns = (_("Name"), _("Role"), _("Phone"), _("E-mail"))
    return (Heading(_("Contacts")), Table(columns, rows, (0.28, 0.24, 0.18, 0.3)))


def _plan(incident: Incident) -> tuple[Block, ...]:
    """The copy of the plan that the incident runs on."""
    if not incident.plan:
        return ()
    content = incident.plan["content"]
    found: list[Block] = [Heading(_("Plan: %(name)s") % {"name": incident.plan["name"]})]
    if content.get("about"):
        found.append(Text(content["about"]))
    found += _listed(_("What we say"), list(content.get("messages", [])), 100)
    found += _listed(_("What we do not say"), list(content.get("never", [])), 100)
    channels = [" ".join([each["name"], each["note"]]).strip() for each in content["channels"]]
    found += _listed(_("Channels, in this order"), channels, 100)
    duties = [f"{IncidentRole(each['role']).label}: {each['duty']}" for each in content["roles"]]
    found += _listed(_("Roles"), duties, 100)
    found += _listed(_("Tasks"), [each["title"] for each in content["tasks"]], 100)
    return tuple(found)
