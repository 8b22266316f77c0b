"""The one thing of a draft's check that stops it: facts that do not stand."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from core.text import clean
from incidents.citing import cited
from incidents.enums import EntryKind
from incidents.models import Incident
from incidents.models_facts import Fact
from incidents.selectors.facts import standing, unverified
from responses.models import Draft

from .telling import tell

LONGEST_REASON = 500


@dataclass(frozen=True)
class Leaning:
    """What a text stands on that does not stand: facts, and numbers that no fact has."""

    unsure: list[Fact] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.unsure or self.unknown)

    @property
    def names(self) -> str:
        """The citations, "F3, F9"."""
        numbers = sorted([fact.number for fact in self.unsure] + self.unknown)
        return ", ".join(f"F{number}" for number in numbers)


def leaning(incident: Incident, text: str) -> Leaning:
    """Return the cited facts that are not verified, are withdrawn, disputed or do not exist."""
    numbers = cited(text)
    if not numbers:
        return Leaning()
    unknown = sorted(numbers - standing(incident.pk, numbers).keys())
    return Leaning(unverified(incident, numbers), unknown)


def refuse_leaning(draft: Draft, text: str, *, reason: str, by: User, now: datetime) -> None:
    """Refused while the text leans on facts that do not stand, unless a reason is given.

    The reason is kept on the timeline. Expects the draft's lock.
    """
    found = leaning(draft.incident, text)
    if not found:
        return
    said = clean(reason).strip()[:LONGEST_REASON]
    if not said:
        raise Refused(
            _("It stands on facts that are not verified: %(facts)s. Have them verified, take them"
              " out, or give the reason why it goes out all the same.")
            % {"facts": found.names}
        )  # fmt: skip
    tell(draft, EntryKind.DRAFT, "leaning", actor=by, now=now, facts=found.names, reason=said)
