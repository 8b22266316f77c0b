"""What the auditor finds is told by a way that does not use what may be broken.

It writes to those who administer, by itself: no engine, no outbox, no Redis, and with the addresses
that it read before, should the database be what is away. Open pages ask for the same by the row
that the auditor keeps.
"""

import logging
import time
from datetime import timedelta

from django.core.mail import EmailMessage
from django.db import Error, connection
from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.models import User
from accounts.reading import reading_as
from core.clock import database_now
from core.models import LoopBeat
from notifications.channels.email import configured

logger = logging.getLogger(__name__)

# What still lasts is written of again after so many seconds.
REPEAT = 1800.0
# An auditor that looks every ten seconds and has not for so long is itself what is wrong.
SILENT = timedelta(seconds=60)


class Alarm:
    """Writes once of each problem that two looks in a row have found, and again while it lasts."""

    def __init__(self) -> None:
        self._people: list[User] = []
        self._before: set[str] = set()
        self._told: dict[str, float] = {}

    def consider(self, found: dict[str, str]) -> int:
        """Take one look's problems, a sentence by kind; return to how many people was written."""
        self._read_people()
        lasting = {kind: words for kind, words in found.items() if kind in self._before}
        self._before = set(found)
        self._told = {kind: at for kind, at in self._told.items() if kind in found}
        now = time.monotonic()
        due = [kind for kind in lasting if now - self._told.get(kind, -REPEAT) >= REPEAT]
        if not due or not configured():
            return 0
        self._told |= dict.fromkeys(due, now)
        return sum(self._write(user, list(lasting.values())) for user in self._people)

    def _read_people(self) -> None:
        try:
            active = User.objects.filter(is_active=True)
            self._people = list(active.filter(memberships__role=Role.ADMINISTRATOR).distinct())
        except Error:
            # Those known from an earlier look are written to.
            connection.close()

    def _write(self, user: User, problems: list[str]) -> bool:
        try:
            with reading_as(user):
                subject = _("CrisisDesk: calls may be late")
                body = _(
                    "The desk's own check has found something wrong. Until it is mended, phone"
                    " whoever is on call yourself."
                )
            lines = "\n".join(f"- {problem}" for problem in problems)
            EmailMessage(subject, f"{body}\n\n{lines}\n", to=[user.email]).send()
        except Exception:
            logger.exception("The alarm could not be sent to user %s", user.pk)
            return False
        return True


def current() -> list[str]:
    """Return what the auditor found at its last look, and whether it still looks; one query."""
    beat = LoopBeat.objects.filter(name="auditor").first()
    if beat is None:
        return []
    age = database_now() - beat.beat_at
    if age > SILENT:
        return [f"The auditor itself has been silent for {age.total_seconds():.0f} s."]
    return [line for line in beat.error.splitlines() if line]
