"""What stands in a line written to the room: people behind an @, times of day, days."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from core.text import fold

_WHO = re.compile(r"@(\S{1,60})\s*(.*)", re.DOTALL)
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?:\s+(.*)|$)", re.DOTALL)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)\s+(.*)", re.DOTALL)
# In running text: not within an address such as ann@example.org.
_NAMED = re.compile(r"(?<![\w@/])@(\w[\w.+-]*(?:@[\w.-]+\w)?)")


@dataclass(frozen=True)
class Line:
    """`who` is what stood behind the @, `at` a time of day in the writer's zone."""

    text: str
    who: str = ""
    at: time | None = None


def addressed(rest: str) -> Line:
    """Read `@who 09:30 what`: person and time may come in either order before the text."""
    who, at = "", None
    for _turn in range(2):
        if not who and (person := _WHO.fullmatch(rest)):
            who, rest = person[1], person[2]
        elif at is None and (clock := _TIME.fullmatch(rest)):
            at, rest = time(int(clock[1]), int(clock[2])), clock[3] or ""
    return Line(rest, who, at)


def past(rest: str, *, zone: str, now: datetime) -> tuple[str, datetime]:
    """Read `[2026-11-22] 08:40 what`: the text and the moment, the last such one before now.

    Refused without a time, for a day that does not exist, and for a moment still to come.
    """
    day, line = _day(rest)
    clock = _TIME.fullmatch(line)
    if clock is None:
        raise Refused(_("Begin with the time it happened, such as 08:40 or 2026-11-22 08:40."))
    at = time(int(clock[1]), int(clock[2]))
    here = now.astimezone(ZoneInfo(zone))
    moment = _on(day or here.date(), at, here)
    if moment > now and day is None:
        moment = _on(here.date() - timedelta(days=1), at, here)
    if moment > now:
        raise Refused(_("That is still to come. Write a task for it."))
    return clock[3] or "", moment


def _day(rest: str) -> tuple[date | None, str]:
    found = _DAY.fullmatch(rest)
    if found is None:
        return None, rest
    try:
        return date.fromisoformat(found[1]), found[2]
    except ValueError:
        raise Refused(_("There is no day %(day)s.") % {"day": found[1]}) from None


def next_time(at: time, *, zone: str, now: datetime) -> datetime:
    """Return when it is next `at` o'clock in `zone`: today if still to come, else tomorrow."""
    here = now.astimezone(ZoneInfo(zone))
    today = _on(here.date(), at, here)
    return today if today > now else _on(here.date() + timedelta(days=1), at, here)


def _on(day: date, at: time, here: datetime) -> datetime:
    return datetime.combine(day, at, tzinfo=here.tzinfo)


def member(people: Iterable[User], who: str) -> User:
    """Find whom `@who` means: by whole name, first name, initials or e-mail address.

    Refused for nobody, and for several, with their names.
    """
    found = fitting(people, who)
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(_("Nobody here is called @%(who)s.") % {"who": who})
    raise Refused(_several(who, found))


def _several(who: str, found: list[User]) -> str:
    """Name each of them in a way that fits nobody else."""
    names = ", ".join(f"{user} (@{user.email})" for user in found)
    return _("@%(who)s fits several people: %(names)s.") % {"who": who, "names": names}


def fitting(people: Iterable[User], who: str) -> list[User]:
    wanted = fold(who)
    return [user for user in people if wanted in _calls(user)]


def named(people: list[User], text: str) -> dict[str, User]:
    """Return whom a text names, by the @word as it stands there.

    A word that fits nobody is text, such as the name of an account. Refused if it fits several.
    """
    found: dict[str, User] = {}
    for word in dict.fromkeys(match[1].rstrip(".-") for match in _NAMED.finditer(text)):
        fits = fitting(people, word)
        if len(fits) > 1:
            raise Refused(_several(word, fits))
        if fits:
            found[word] = fits[0]
    return found


def handle(user: User) -> str:
    """How somebody is written behind an @: their name in one word."""
    return "".join(user.name.split()) or user.email


def _calls(user: User) -> set[str]:
    words = user.name.split()
    local = user.email.partition("@")[0]
    return {fold(each) for each in ("".join(words), *words[:1], user.initials, local, user.email)}
