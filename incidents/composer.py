"""What a line written to the room means: `/decision`, `/update`, `/task @who 09:30 …` or a note."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from core.errors import Refused

from .enums import EntryKind

# The commands in both languages of the product.
COMMANDS: dict[str, EntryKind] = {
    "decision": EntryKind.DECISION,
    "beslutning": EntryKind.DECISION,
    "update": EntryKind.UPDATE,
    "opdatering": EntryKind.UPDATE,
    "task": EntryKind.TASK,
    "opgave": EntryKind.TASK,
    "note": EntryKind.NOTE,
    "notat": EntryKind.NOTE,
    "fact": EntryKind.FACT,
    "fakta": EntryKind.FACT,
    "faktum": EntryKind.FACT,
    "promise": EntryKind.PROMISE,
    "løfte": EntryKind.PROMISE,
}
_COMMAND = re.compile(r"/(\w+)\s*(.*)", re.DOTALL)
_WHO = re.compile(r"@(\S{1,60})\s*(.*)", re.DOTALL)
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:\s+(.*)|$)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """`who` is what stood behind the @, `at` a time of day in the writer's zone; tasks only."""

    kind: EntryKind
    text: str
    who: str = ""
    at: time | None = None


def parse(written: str) -> Line:
    """Read a line; Refused for a command that does not exist."""
    line = written.strip()
    command = _COMMAND.fullmatch(line)
    if command is None:
        return Line(EntryKind.NOTE, line)
    kind = COMMANDS.get(command[1].casefold())
    if kind is None:
        raise Refused(
            _("There is no /%(command)s. Write /decision, /update, /task, /fact or /promise.")
            % {"command": command[1]}
        )
    timed = kind in (EntryKind.TASK, EntryKind.PROMISE)
    return _task(kind, command[2]) if timed else Line(kind, command[2])


def _task(kind: EntryKind, rest: str) -> Line:
    """Person and time may come in either order before the title."""
    who, at = "", None
    for _turn in range(2):
        if not who and (person := _WHO.fullmatch(rest)):
            who, rest = person[1], person[2]
        elif at is None and (clock := _TIME.fullmatch(rest)):
            at, rest = time(int(clock[1]), int(clock[2])), clock[3] or ""
    return Line(kind, rest, who, at)


def next_time(at: time, *, zone: str, now: datetime) -> datetime:
    """Return when it is next `at` o'clock in `zone`: today if still to come, else tomorrow."""
    here = now.astimezone(ZoneInfo(zone))
    today = _on(here.date(), at, here)
    return today if today > now else _on(here.date() + timedelta(days=1), at, here)


def _on(day: date, at: time, here: datetime) -> datetime:
    return datetime.combine(day, at, tzinfo=here.tzinfo)
