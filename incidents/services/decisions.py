"""Decisions: who decided what, and why. Never changed; a correction is another decision."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.models import Incident, TimelineEntry
from incidents.models_facts import Decision
from incidents.selectors import insiders

from .timeline import lock_current, readable, say, show

LONGEST = 2000


@dataclass(frozen=True)
class Why:
    """Why it was decided, what was rejected, who answers for it (who writes it, if None), and the
    number of the decision whose place it takes."""

    reason: str = ""
    rejected: str = ""
    owner: User | None = None
    corrects: int | None = None


@transaction.atomic
def add_decision(
    incident_id: int,
    *,
    by: User,
    text: str,
    why: Why | None = None,
    facts: dict[str, Any] | None = None,
    now: datetime,
) -> TimelineEntry:
    """Record a decision under the next number, in the log too; return its entry.

    `facts` is of a decision that a room above words: the code of its sentence (entries.register)
    and what it tells; `text` is then what stands where nobody reads.

    Refused for an owner who cannot see the incident; a correction needs a reason. Conflict if the
    decision was corrected already. Decision.DoesNotExist for a number that is not there.
    """
    why = why or Why()
    incident = lock_current(incident_id)
    if why.owner and not insiders(incident).filter(pk=why.owner.pk).exists():
        raise Refused(_("%(name)s is not a member of the brand.") % {"name": why.owner})
    corrected = _corrected(incident, why) if why.corrects else None
    last = incident.decisions.values_list("number", flat=True).first() or 0
    params = {**(facts or {}), "number": last + 1, "reason": _short(why.reason)}
    if corrected:
        params["corrects"] = corrected.number
    entry = say(incident.pk, EntryKind.DECISION, by=by, text=text, params=params, now=now)
    Decision.objects.create(
        incident=incident,
        number=last + 1,
        entry=entry,
        text=readable(text),
        reason=_short(why.reason),
        rejected=_short(why.rejected),
        owner=why.owner or by,
        by=by,
        decided_at=now,
        corrects=corrected,
    )
    audit.record("incident.decided", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["decisions"])
    return entry


def _corrected(incident: Incident, why: Why) -> Decision:
    if not why.reason.strip():
        raise Refused(_("Say why the decision is corrected."))
    found: Decision = incident.decisions.get(number=why.corrects or 0)
    if Decision.objects.filter(corrects=found).exists():
        raise Conflict(_("That decision was corrected already: correct the newer one."))
    return found


def _short(text: str) -> str:
    said = clean(text).strip()
    if len(said) > LONGEST:
        raise Refused(_("A reason has at most %(most)d characters.") % {"most": LONGEST})
    return said
