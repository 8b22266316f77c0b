"""The 72 hours of a breach of personal data: clock, notice, phases, telling those affected.

The texts stay with who may see them; the timeline tells that something was done, never what.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums import EntryKind, IncidentRole
from incidents.enums_record import BreachField, BreachState, BreachStep, Section, Telling, TimerKind
from incidents.models import Incident
from incidents.models_breach import WITHIN, Breach, BreachEvent, BreachText
from incidents.models_promises import Timer
from incidents.selectors import breach as selectors
from incidents.selectors.head import situation
from incidents.selectors.roles import holder
from notifications.models import Urgency

from .duties import answering, handles
from .notices import tell
from .plan_running import concern
from .timeline import append, lock, lock_current, show

LONGEST = 4000
AHEAD = timedelta(minutes=1)
# When lead and legal are told how much is left: hours after the awareness.
MARKS = tuple(timedelta(hours=hours) for hours in (48, 66, 72))
# From this mark on it is a page.
PAGES = 1


@dataclass(frozen=True)
class Text:
    """New words for one field; `seen` is the number of the version that was edited."""

    field: str
    text: str
    seen: int


@dataclass(frozen=True)
class Notified:
    """A notice that went out: when, and the reference that the authority gave."""

    at: datetime
    reference: str
    note: str = ""


@transaction.atomic
def start_breach(
    incident_id: int, aware_at: datetime, *, reason: str, by: User, now: datetime
) -> Breach:
    """Start the clock from when the company became aware. Conflict if it runs already.

    The fields begin with what the head and the verified facts say.
    """
    incident = lock_current(incident_id)
    if Breach.objects.filter(incident=incident).exists():
        raise Conflict(_("The clock runs already."))
    why = _needed(reason, _("Say how and when we became aware of it."))
    _past(aware_at, now)
    breach = Breach.objects.create(incident=incident, aware_at=aware_at)
    _note(breach, BreachStep.STARTED, by=by, reason=why, happened_at=aware_at, now=now)
    _fill(breach, by=by, now=now)
    _wind(breach, now=now)
    _write(breach, "started", by=by, now=now)
    concern(incident, True, by=by, now=now)
    return breach


def _fill(breach: Breach, *, by: User, now: datetime) -> None:
    """Begin the notice with what is known, so that it and the statement say the same."""
    head = situation(breach.incident)
    told = {part.section: part.text for part in head.parts}
    cited = " ".join(f"[F{fact.number}]" for fact in head.known)
    legal = holder(breach.incident, IncidentRole.LEGAL)
    first = {
        BreachField.NATURE: f"{told[Section.HAPPENED]} {cited}".strip(),
        BreachField.CONSEQUENCES: told[Section.EFFECT],
        BreachField.MEASURES: told[Section.DOING],
        BreachField.CONTACT: f"{legal}, {legal.email}" if legal else "",
    }
    BreachText.objects.bulk_create(
        BreachText(breach=breach, field=field, number=1, text=text, at=now, by=by)
        for field, text in first.items()
        if text
    )


@transaction.atomic
def set_aware(
    incident_id: int, aware_at: datetime, *, reason: str, by: User, now: datetime
) -> Breach:
    """Put the moment of awareness right, with a reason; the clock follows."""
    breach = _locked(incident_id)
    why = _needed(reason)
    _past(aware_at, now)
    breach.aware_at = aware_at
    breach.save(update_fields=["aware_at"])
    _note(breach, BreachStep.AWARE, by=by, reason=why, happened_at=aware_at, now=now)
    _wind(breach, now=now)
    _write(breach, "aware", by=by, now=now)
    return breach


@transaction.atomic
def write_field(incident_id: int, text: Text, *, by: User, now: datetime) -> BreachText | None:
    """Write a field as its next version; None if it says the same. Conflict as for the head."""
    if text.field not in BreachField.values:
        raise Refused(_("There is no such part."))
    said = clean(text.text).strip()
    if len(said) > LONGEST:
        raise Refused(_("At most %(most)d characters fit here.") % {"most": LONGEST})
    breach = _locked(incident_id)
    last = breach.texts.filter(field=text.field).select_related("by").first()
    if (last.text if last else "") == said:
        return None
    if (last.number if last else 0) != text.seen:
        who = (last and last.by) or _("Somebody")
        raise Conflict(
            _("%(name)s wrote this while you did. Put the two together and save again.")
            % {"name": who}
        )
    version = BreachText.objects.create(
        breach=breach, field=text.field, number=text.seen + 1, text=said, at=now, by=by
    )
    _audit(breach, "written", by=by, field=text.field)
    show(breach.incident, ["breach"])
    return version


@transaction.atomic
def cite(incident_id: int, field: str, fact: int, *, by: User, now: datetime) -> None:
    """Add a fact to a field. Fact.DoesNotExist for a number that is not there."""
    breach = _locked(incident_id)
    breach.incident.facts.get(number=fact)
    last = breach.texts.filter(field=field).first()
    written = f"{last.text if last else ''} [F{fact}]".strip()
    write_field(incident_id, Text(field, written, last.number if last else 0), by=by, now=now)


@transaction.atomic
def notify_authority(
    incident_id: int, notified: Notified, *, by: User, now: datetime
) -> BreachEvent:
    """Record that a notice went out, with the authority's reference; may come in phases.

    What it said then is kept. Refused when it is late and says no reasons (art. 33(1)).
    """
    breach = _locked(incident_id)
    reference = _needed(notified.reference, _("Give the authority's reference."))
    _past(notified.at, now)
    if notified.at > breach.due_at and not selectors.texts(breach).get(BreachField.DELAY):
        raise Refused(_("It is later than 72 hours: write the reasons for the delay first."))
    breach.state = BreachState.NOTIFIED
    breach.save(update_fields=["state"])
    said = {field: text.text for field, text in selectors.texts(breach).items()}
    event = _note(
        breach, BreachStep.NOTIFIED, by=by, reason=clean(notified.note).strip(),
        happened_at=notified.at, reference=reference[:120], said=said, now=now,
    )  # fmt: skip
    _stop(breach)
    _write(breach, "notified", by=by, now=now)
    return event


@transaction.atomic
def waive_notice(incident_id: int, *, reason: str, by: User, now: datetime) -> Breach:
    """Record that no notice is needed, and why: a risk to people is unlikely (art. 33(1))."""
    breach = _locked(incident_id)
    if breach.state == BreachState.NOTIFIED:
        raise Conflict(_("The authority has been notified."))
    return _move(breach, BreachState.NOT_NEEDED, BreachStep.NOT_NEEDED, reason, by=by, now=now)


@transaction.atomic
def take_up_again(incident_id: int, *, reason: str, by: User, now: datetime) -> Breach:
    """A notice is needed after all: the clock goes on from when it began."""
    breach = _locked(incident_id)
    if breach.state != BreachState.NOT_NEEDED:
        raise Conflict(_("The notice is in work already, or has gone out."))
    return _move(breach, BreachState.OPEN, BreachStep.REOPENED, reason, by=by, now=now)


def _move(
    breach: Breach, state: BreachState, step: BreachStep, reason: str, *, by: User, now: datetime
) -> Breach:
    why = _needed(reason)
    breach.state = state
    breach.save(update_fields=["state"])
    _note(breach, step, by=by, reason=why, happened_at=now, now=now)
    if state == BreachState.OPEN:
        _wind(breach, now=now)
    else:
        _stop(breach)
    _write(breach, step.lower(), by=by, now=now)
    return breach


@transaction.atomic
def decide_telling(
    incident_id: int, telling: str, *, reason: str, by: User, now: datetime
) -> Breach:
    """Record whether those affected must be told, or were, and why or how (art. 34)."""
    if telling not in Telling.values:
        raise Refused(_("There is no such status."))
    breach = _locked(incident_id)
    why = _needed(reason, _("Say why, or how they were told."))
    breach.telling = telling
    breach.save(update_fields=["telling"])
    said = {"telling": telling}
    _note(breach, BreachStep.TELLING, by=by, reason=why, happened_at=now, said=said, now=now)
    _write(breach, "telling", by=by, now=now)
    return breach


@transaction.atomic
def record_export(incident_id: int, *, by: User, now: datetime) -> None:
    """Note who made the document."""
    breach = _locked(incident_id)
    _note(breach, BreachStep.EXPORTED, by=by, reason="", happened_at=now, now=now)
    _audit(breach, "exported", by=by)


# Common ground


def _locked(incident_id: int) -> Breach:
    incident = lock(incident_id)
    breach = Breach.objects.get(incident=incident)
    breach.incident = incident
    return breach


def _needed(text: str, otherwise: str = "") -> str:
    said = clean(text).strip()[:LONGEST]
    if not said:
        raise Refused(otherwise or _("Give a reason."))
    return said


def _past(moment: datetime, now: datetime) -> None:
    if moment > now + AHEAD:
        raise Refused(_("That time has not come yet."))


def _note(
    breach: Breach, step: BreachStep, *, by: User, happened_at: datetime, now: datetime, **what: Any
) -> BreachEvent:
    return BreachEvent.objects.create(
        breach=breach, step=step, by=by, at=now, happened_at=happened_at, **what
    )


def _write(breach: Breach, code: str, *, by: User, now: datetime) -> None:
    append(breach.incident, EntryKind.BREACH, actor=by, params={"code": code}, now=now)
    _audit(breach, code, by=by)
    show(breach.incident, ["breach", "head", "timeline"])


def _audit(breach: Breach, what: str, *, by: User, **detail: Any) -> None:
    incident = breach.incident
    action = f"breach.{what}"
    audit.record(action, actor=by, brand=incident.brand, subject=incident.reference, **detail)


# By the engine


def _wind(breach: Breach, *, now: datetime) -> None:
    """Set the next mark; a mark that has passed is not told for the past."""
    passed = [mark for mark in MARKS if breach.aware_at + mark <= now]
    stage = min(len(passed), len(MARKS) - 1)
    values = {
        "since": breach.aware_at,
        "stage": stage,
        "failures": 0,
        "due_at": breach.aware_at + MARKS[stage] if breach.state == BreachState.OPEN else None,
    }
    Timer.objects.update_or_create(
        incident=breach.incident, kind=TimerKind.BREACH, promise=None, defaults=values
    )


def _stop(breach: Breach) -> None:
    Timer.objects.filter(incident=breach.incident, kind=TimerKind.BREACH).update(due_at=None)


@handles(TimerKind.BREACH)
def hours_run(incident: Incident, timer: Timer, now: datetime) -> None:
    """Tell lead and legal what is left of the 72 hours; also after the incident is resolved."""
    breach = Breach.objects.filter(incident=incident, state=BreachState.OPEN).first()
    if breach is None:
        timer.due_at = None
        return
    passed = sum(breach.aware_at + mark <= now for mark in MARKS)
    stage = max(timer.stage, passed - 1)
    people = answering(incident, IncidentRole.LEGAL, now=now)
    tell(
        [person for person in people if selectors.may_see(person, incident)],
        "breach_over" if now >= breach.aware_at + WITHIN else "breach_hours",
        incident=incident,
        key=f"breach.{breach.aware_at.timestamp():.0f}.{stage}",
        urgency=Urgency.PAGE if stage >= PAGES else Urgency.NEWS,
        now=now,
        due_at=breach.due_at.isoformat(),
    )
    timer.stage = stage + 1
    timer.due_at = breach.aware_at + MARKS[stage + 1] if stage + 1 < len(MARKS) else None
    show(incident, ["breach"])
