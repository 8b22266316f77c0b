"""A line written to the room, carried out: a note, a decision, an update or a task."""

import re
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from core.text import fold
from incidents import composer
from incidents.enums import EntryKind
from incidents.models import Incident
from incidents.selectors import insiders

from .decisions import Why, add_decision
from .facts import Claim, add_fact
from .promises import Given, give_promise
from .timeline import add_note, add_update
from .work import add_task

_SAY = {
    EntryKind.NOTE: add_note,
    EntryKind.UPDATE: add_update,
}


def write_line(incident: Incident, written: str, *, by: User, now: datetime) -> composer.Line:
    """Do what a line says (see composer.py). Times of day are in the writer's zone.

    Refused for a command that does not exist, an empty text, and a name that fits nobody or
    several.
    """
    line = composer.parse(written)
    if line.kind in _SAY:
        _SAY[line.kind](incident.pk, by=by, text=line.text, now=now)
        return line
    if line.kind == EntryKind.DECISION:
        text, why = _decided(incident, line.text)
        add_decision(incident.pk, by=by, text=text, why=why, now=now)
        return line
    if line.kind == EntryKind.FACT:
        add_fact(incident.pk, _claim(line.text), by=by, now=now)
        return line
    owner = _member(incident, line.who) if line.who else None
    if line.kind == EntryKind.PROMISE:
        give_promise(incident.pk, _given(incident, line, owner, now), by=by, now=now)
        return line
    due_at = composer.next_time(line.at, zone=by.time_zone, now=now) if line.at else None
    add_task(incident.pk, title=line.text, owner=owner, due_at=due_at, by=by, now=now)
    return line


def _member(incident: Incident, who: str) -> User:
    """Find the member that `@who` means: by whole name, first name, initials or e-mail."""
    wanted = fold(who)
    found = [user for user in insiders(incident) if wanted in _calls(user)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(_("Nobody here is called @%(who)s.") % {"who": who})
    names = ", ".join(str(user) for user in found)
    raise Refused(_("@%(who)s fits several people: %(names)s.") % {"who": who, "names": names})


def _calls(user: User) -> set[str]:
    words = user.name.split()
    local = user.email.partition("@")[0]
    return {fold(each) for each in ("".join(words), *words[:1], user.initials, local, user.email)}


def _decided(incident: Incident, written: str) -> tuple[str, Why]:
    """Read `/decision @who what because why`; owner and reason may be left out."""
    owner = None
    if named := re.match(r"@(\S{1,60})\s+(.*)", written, re.DOTALL):
        owner, written = _member(incident, named[1]), named[2]
    text, *reason = re.split(r"\s+(?:because|fordi)\s+", written, maxsplit=1)
    return text, Why(reason="".join(reason), owner=owner)


def _given(incident: Incident, line: composer.Line, owner: User | None, now: datetime) -> Given:
    """Read `/promise @who 16:00 what`; the time is in the incident's zone."""
    if line.at is None:
        raise Refused(_("Say by when: /promise 16:00 the next update."))
    due_at = composer.next_time(line.at, zone=incident.brand.time_zone, now=now)
    return Given(line.text, due_at, owner)


def _claim(written: str) -> Claim:
    """Read `/fact what is claimed | who says so`; the source may be left out."""
    text, _bar, source = written.partition("|")
    return Claim(text=text.strip(), source=source.strip())
