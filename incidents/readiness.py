"""Whether those on duty are ready for what may come: rooms above know, and register here.

A function is asked about people, a brand, a severity (None: any) and a moment, and returns its
warnings by person: that a certificate has run out, say. Nothing is shown while nobody registers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Brand, User
from notifications.messages import Words

from .enums import Severity


@dataclass(frozen=True)
class Warning:
    """Why somebody is not ready. `code` is for programs, `words` are translated for people."""

    code: str
    words: Words
    url: str = ""


Judge = Callable[[list[User], Brand, Severity | None, datetime], dict[int, list[Warning]]]
JUDGES: list[Judge] = []


def register(judge: Judge) -> Judge:
    """Have `judge(users, brand, severity, at)` asked; usable as a decorator."""
    JUDGES.append(judge)
    return judge


def unready(
    users: Iterable[User], brand: Brand, severity: Severity | None, at: datetime
) -> list[tuple[User, list[Warning]]]:
    """Return who is not ready, each with why, in the order given."""
    people = list(users)
    found = warnings(people, brand, severity, at)
    return [(user, found[user.pk]) for user in people if user.pk in found]


def warnings(
    users: Iterable[User], brand: Brand, severity: Severity | None, at: datetime
) -> dict[int, list[Warning]]:
    """Return every judge's warnings by the person's id; people who are ready are left out."""
    people = list(users)
    found: dict[int, list[Warning]] = defaultdict(list)
    for judge in JUDGES if people else ():
        for user, given in judge(people, brand, severity, at).items():
            found[user] += given
    return {user: given for user, given in found.items() if given}
