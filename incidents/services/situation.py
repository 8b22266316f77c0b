"""The head of an incident: what happened, its effect, what we do. Kept current, nothing lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums import EntryKind, IncidentRole, Severity, State
from incidents.enums_record import Section, TimerKind
from incidents.models import Incident
from incidents.models_facts import SituationVersion
from incidents.models_promises import Timer

from .duties import answering, handles, wind
from .notices import tell
from .timeline import append, lock, lock_current, show

LONGEST = 2000
# From when on a head is old: the people who read it only have this page.
AGES: dict[Severity, timedelta] = {
    Severity.SEV1: timedelta(minutes=30),
    Severity.SEV2: timedelta(hours=1),
    Severity.SEV3: timedelta(hours=4),
    Severity.SEV4: timedelta(hours=24),
}


@dataclass(frozen=True)
class Writing:
    """New words for one part of the head; `seen` is the number of the version that was edited."""

    section: str
    text: str
    seen: int


@transaction.atomic
def write_situation(
    incident_id: int, writing: Writing, *, by: User, now: datetime
) -> SituationVersion | None:
    """Write a part of the head as its next version; None if it says the same.

    Conflict, with who wrote, if there is a newer version than the one that was edited: what this
    person wrote is theirs to merge, and what stands stays.
    """
    if writing.section not in Section.values:
        raise Refused(_("There is no such part."))
    said = clean(writing.text).strip()
    if len(said) > LONGEST:
        raise Refused(_("At most %(most)d characters: the head is read at a glance.")
                      % {"most": LONGEST})  # fmt: skip
    incident = lock_current(incident_id)
    last = incident.situation.filter(section=writing.section).select_related("by").first()
    if last and last.text == said:
        return None
    if (last.number if last else 0) != writing.seen:
        raise Conflict(_written(last))
    version = SituationVersion.objects.create(
        incident=incident,
        section=writing.section,
        number=writing.seen + 1,
        text=said,
        at=now,
        by=by,
    )
    params = {"code": "written", "section": writing.section}
    append(incident, EntryKind.SITUATION, actor=by, params=params, text=said, now=now)
    audit.record("situation.written", actor=by, brand=incident.brand, subject=incident.reference)
    _renewed(incident, now=now)
    return version


def _written(last: SituationVersion | None) -> str:
    who = (last and last.by) or _("Somebody")
    return _("%(name)s wrote this while you did. Put the two together and save again.") % {
        "name": who
    }


@transaction.atomic
def confirm_situation(incident_id: int, *, by: User, now: datetime) -> None:
    """Say that the head still holds: its clock begins anew."""
    incident = lock(incident_id)
    append(incident, EntryKind.SITUATION, actor=by, params={"code": "confirmed"}, now=now)
    audit.record("situation.confirmed", actor=by, brand=incident.brand, subject=incident.reference)
    _renewed(incident, now=now)


def _renewed(incident: Incident, *, now: datetime) -> None:
    follow_age(incident, since=now, now=now)
    show(incident, ["situation", "timeline"])


def follow_age(incident: Incident, *, since: datetime | None = None, now: datetime) -> None:
    """Set when the head of a locked incident is old, by its severity and state.

    Without `since` it goes on counting from where it began.
    """
    if since is None:
        timer = incident.timers.filter(kind=TimerKind.SITUATION).first()
        since = timer.since if timer else incident.detected_at
    age = AGES[Severity(incident.severity)]
    running = incident.is_open and incident.state != State.TRIAGE and not incident.is_drill
    wind(incident, TimerKind.SITUATION, since=since, every=age if running else None, now=now)


@handles(TimerKind.SITUATION)
def old(incident: Incident, timer: Timer, now: datetime) -> None:
    """Remind whoever keeps the head, once a period, until it is written or confirmed."""
    if not incident.is_open:
        timer.due_at = None
        return
    tell(
        answering(incident, IncidentRole.SCRIBE, now=now),
        "head_old",
        incident=incident,
        key=f"head.{timer.since.timestamp():.0f}.{timer.stage}",
        now=now,
        held=round((now - timer.since).total_seconds()),
    )
    timer.stage += 1
    timer.due_at = now + AGES[Severity(incident.severity)]
    show(incident, ["situation"])
