"""Slash commands of the war room: whoever knows how to do a thing registers how it is written.

`register(Command("fact", ("fact", "fakta"), form, tells, function))`, in a module that is imported
when the room starts. `run` gets the incident, the rest of the line, who wrote it and when; it
refuses by raising core.errors.Refused, and then the line stays in the field. A line without a
command is a note.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed, require
from core.errors import Refused

from .models import Incident

Run = Callable[[Incident, str, User, datetime], object]
_COMMAND = re.compile(r"/(\w*)\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """`words` in every language of the product; `form` begins with the one of the reader.

    `form` (lazy) is how the line is written, "/task @who 09:30 what"; `tells` what it does.
    """

    name: str
    words: tuple[str, ...]
    form: Any
    tells: Any
    run: Run
    permission: Permission = Permission.WRITE_TIMELINE
    order: int = 100

    @property
    def first(self) -> str:
        """The command itself, as readers of the active language write it."""
        return str(self.form).split(" ", 1)[0]


COMMANDS: dict[str, Command] = {}


def register(command: Command) -> None:
    """Add a command. ValueError if one of its words is taken."""
    taken = [word for word in command.words if word in COMMANDS]
    if taken:
        raise ValueError(f"/{taken[0]} is registered twice.")
    COMMANDS.update(dict.fromkeys(command.words, command))


def offered(user: User, incident: Incident) -> list[Command]:
    """Return each command that `user` may give in this incident, in the order of the list."""
    each = {command.name: command for command in COMMANDS.values()}
    mine = [one for one in each.values() if allowed(user, one.permission, incident.brand_id)]
    return sorted(mine, key=lambda one: (one.order, one.name))


def split(written: str) -> tuple[str, str]:
    """Return (word of the command, the rest); ("", all of it) for an ordinary line."""
    line = written.strip()
    found = _COMMAND.fullmatch(line)
    return (found[1].casefold(), found[2]) if found else ("", line)


def carry_out(incident: Incident, written: str, *, by: User, now: datetime) -> Command:
    """Do what the line says. Refused, with what to write instead, if that cannot be done."""
    word, rest = split(written)
    if not word and written.strip().startswith("/"):
        raise Refused(
            _("Write a command after the stroke: %(list)s.") % {"list": _list(by, incident)}
        )
    command = COMMANDS.get(word or "note")
    if command is None:
        raise Refused(
            _("There is no /%(command)s. There are: %(list)s.")
            % {"command": word, "list": _list(by, incident)}
        )
    require(by, command.permission, incident.brand_id)
    if not rest.strip():
        raise Refused(
            _("Something is missing. Write it like this: %(form)s") % {"form": command.form}
        )
    command.run(incident, rest, by, now)
    return command


def _list(user: User, incident: Incident) -> str:
    return ", ".join(command.first for command in offered(user, incident))
