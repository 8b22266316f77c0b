"""A line written to the room, carried out; and this room's own commands."""

import re
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.enums import Permission
from accounts.models import User
from core.errors import Refused
from core.text import fold
from incidents import commands, composer
from incidents.commands import Command
from incidents.enums import IncidentRole
from incidents.models import Incident
from incidents.selectors.audience import nameable

from . import roles
from .decisions import Why, add_decision
from .facts import Claim, add_fact
from .promises import Given, give_promise
from .running import change_severity
from .timeline import add_event, add_note, add_update
from .work import add_task


def write_line(incident: Incident, written: str, *, by: User, now: datetime) -> Command:
    """Do what a line says (see commands.py). Times of day are in the writer's zone.

    Refused for a command that does not exist, an empty text, and a name that fits nobody or
    several; Forbidden for a command beyond the writer's rights.
    """
    return commands.carry_out(incident, written, by=by, now=now)


def _note(incident: Incident, text: str, by: User, now: datetime) -> object:
    return add_note(incident.pk, by=by, text=text, now=now)


def _decision(incident: Incident, rest: str, by: User, now: datetime) -> object:
    """Read `/decision @who what because why`; owner and reason may be left out."""
    line = composer.addressed(rest) if rest.startswith("@") else composer.Line(rest)
    owner = composer.member(nameable(incident), line.who) if line.who else None
    text, *reason = re.split(r"\s+(?:because|fordi)\s+", line.text, maxsplit=1)
    why = Why(reason="".join(reason), owner=owner)
    return add_decision(incident.pk, by=by, text=text, why=why, now=now)


def _update(incident: Incident, text: str, by: User, now: datetime) -> object:
    return add_update(incident.pk, by=by, text=text, now=now)


def _event(incident: Incident, rest: str, by: User, now: datetime) -> object:
    text, at = composer.past(rest, zone=by.time_zone, now=now)
    return add_event(incident.pk, by=by, text=text, at=at, now=now)


def _task(incident: Incident, rest: str, by: User, now: datetime) -> object:
    line = composer.addressed(rest)
    owner = composer.member(nameable(incident), line.who) if line.who else None
    due_at = composer.next_time(line.at, zone=by.time_zone, now=now) if line.at else None
    return add_task(incident.pk, title=line.text, owner=owner, due_at=due_at, by=by, now=now)


def _fact(incident: Incident, rest: str, by: User, now: datetime) -> object:
    """Read `/fact what is claimed | who says so`; the source may be left out."""
    text, _bar, source = rest.partition("|")
    claim = Claim(text=text.strip(), source=source.strip())
    return add_fact(incident.pk, claim, by=by, now=now)


def _promise(incident: Incident, rest: str, by: User, now: datetime) -> object:
    """Read `/promise @who 16:00 what`; the time is in the incident's zone."""
    line = composer.addressed(rest)
    if line.at is None:
        raise Refused(_("Say by when: /promise 16:00 the next update."))
    owner = composer.member(nameable(incident), line.who) if line.who else None
    due_at = composer.next_time(line.at, zone=incident.brand.time_zone, now=now)
    return give_promise(incident.pk, Given(line.text, due_at, owner), by=by, now=now)


def _severity(incident: Incident, rest: str, by: User, now: datetime) -> object:
    level, _blank, reason = rest.partition(" ")
    digit = level.casefold().removeprefix("sev")
    if digit not in ("1", "2", "3", "4"):
        raise Refused(_("Write the severity from 1 to 4, then the reason."))
    return change_severity(incident.pk, int(digit), by=by, reason=reason, now=now)


def _role(incident: Incident, rest: str, by: User, now: datetime) -> object:
    before, at, after = rest.partition("@")
    line = composer.addressed(at + after)
    if not line.who:
        raise Refused(_("Write who takes it, such as @anna."))
    user = composer.member(nameable(incident), line.who)
    return roles.assign(incident.pk, _meant(before), user, by=by, note=line.text, now=now)


def _meant(name: str) -> IncidentRole:
    """Find a role by its code or by a word of its name, in the writer's language."""
    wanted = fold(name.strip())
    found = [role for role in IncidentRole if wanted and wanted in _called(role)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(str(role.label) for role in IncidentRole)
    raise Refused(_("Which role? There are: %(names)s.") % {"names": names})


def _called(role: IncidentRole) -> set[str]:
    label = fold(str(role.label))
    return {fold(role.value), label, *label.split()}


for _command in (
    Command(
        "note",
        ("note", "notat"),
        gettext_lazy("/note what you want to say"),
        gettext_lazy("Write to the room. A line without a command is a note."),
        _note,
        order=40,
    ),
    Command(
        "decision",
        ("decision", "beslutning"),
        gettext_lazy("/decision what we do because why"),
        gettext_lazy("Record a decision. It is not changed afterwards, only corrected."),
        _decision,
        order=10,
    ),
    Command(
        "update",
        ("update", "opdatering"),
        gettext_lazy("/update what is known now"),
        gettext_lazy("Write the internal update; the clock of the next one begins anew."),
        _update,
        order=30,
    ),
    Command(
        "task",
        ("task", "opgave"),
        gettext_lazy("/task @who 09:30 what"),
        gettext_lazy("Give a task to somebody, with a time of day."),
        _task,
        order=20,
    ),
    Command(
        "event",
        ("event", "begivenhed"),
        gettext_lazy("/event 08:40 what happened"),
        gettext_lazy("Enter afterwards what happened outside the desk, at its own time."),
        _event,
        order=50,
    ),
    Command(
        "fact",
        ("fact", "fakta", "faktum"),
        gettext_lazy("/fact what is claimed | who says so"),
        gettext_lazy("Put a claim on the ledger, unconfirmed until somebody verifies it."),
        _fact,
        order=55,
    ),
    Command(
        "promise",
        ("promise", "løfte"),
        gettext_lazy("/promise 16:00 what is promised"),
        gettext_lazy("Note what was promised, so that somebody keeps it in time."),
        _promise,
        order=56,
    ),
    Command(
        "severity",
        ("severity", "alvor"),
        gettext_lazy("/severity 1 the reason"),
        gettext_lazy("Raise or lower the severity; everybody concerned is told."),
        _severity,
        Permission.RUN_INCIDENT,
        order=60,
    ),
    Command(
        "role",
        ("role", "rolle"),
        gettext_lazy("/role spokesperson @who what they must know"),
        gettext_lazy("Give a role to somebody, with a note."),
        _role,
        Permission.RUN_INCIDENT,
        order=70,
    ),
):
    commands.register(_command)
