"""What people do with an incident while it runs. Each locks it, checks, writes, announces."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from incidents import events, selectors, states
from incidents.entries import seconds_between
from incidents.enums import Closing, EntryKind, IncidentRole, Posts, Severity, State, Statement
from incidents.models import Incident
from incidents.selectors import insiders
from incidents.severity import due_times
from notifications.services import call_off

from .care import resume
from .drills import note_answer
from .escalation import stir
from .notices import subject_of, tell
from .plan_tasks import add_due
from .roles import Given, seat
from .silence import Word, follow, heard
from .timeline import append, lock, lock_current, readable, show
from .triage import accept_and_call, dismiss, leave_triage


@transaction.atomic
def acknowledge(incident_id: int, *, by: User, now: datetime) -> Incident:
    """Answer the call: from the commit on nobody else is called.

    The engine fires under the same lock, so either its call was made before, or never. Conflict if
    somebody else was quicker.
    """
    # A page of before a merging, or a link in a mail, answers where the incident goes on.
    incident = lock_current(incident_id)
    if incident.is_drill:
        note_answer(incident, by=by, now=now)
    if incident.acknowledged_at and incident.is_drill:
        return incident
    if incident.acknowledged_at:
        raise Conflict(_said_by(incident))
    if incident.state == State.TRIAGE:
        leave_triage(incident, State.ACKNOWLEDGED, now=now)
    answer(incident, by=by, now=now)
    incident.state = State.ACKNOWLEDGED
    incident.save(update_fields=["state"])
    _tell_called(incident, by=by, now=now)
    audit.record(
        "incident.acknowledged", actor=by, brand=incident.brand, subject=incident.reference
    )
    show(incident, ["head", "timeline", "ladder"], brand=True)
    return incident


def _said_by(incident: Incident) -> str:
    if incident.acknowledged_by is None:
        return _("It has already been acknowledged.")
    return _("%(name)s has already acknowledged.") % {"name": incident.acknowledged_by}


def answer(incident: Incident, *, by: User, now: datetime) -> None:
    """Stop the calls of a locked incident and note who answered; who answers first leads."""
    incident.acknowledged_at, incident.acknowledged_by = now, by
    incident.escalate_at, incident.escalate_failures = None, 0
    incident.save(
        update_fields=["acknowledged_at", "acknowledged_by", "escalate_at", "escalate_failures"]
    )
    if incident.lead is None:
        seat(incident, Given(IncidentRole.LEAD, by, by, now))
    call_off(subject_of(incident))
    after = seconds_between(incident.detected_at, now)
    append(incident, EntryKind.ACKNOWLEDGED, actor=by, params={"after": after}, now=now)


def _tell_called(incident: Incident, *, by: User, now: datetime) -> None:
    """Let those who were called know that they need not answer any more."""
    called = User.objects.filter(pk__in=incident.calls.values("user")).exclude(pk=by.pk)
    tell(called, "acknowledged", incident=incident, key="acknowledged", now=now, actor=str(by))


@transaction.atomic
def change_state(
    incident_id: int, state: str, *, by: User, reason: str = "", now: datetime
) -> Incident:
    """Move along `states.MOVES`; the same state again changes nothing.

    Acknowledging, resolving and opening again go through their own services. Refused for a move
    that is not allowed.
    """
    if state not in State.values:
        raise Refused(_("There is no such status."))
    incident = lock(incident_id)
    if incident.state == state:
        return incident
    if not states.may_move(incident.state, state):
        raise Refused(_not_allowed(incident.state, state))
    if deed := _own_way(incident.state, state):
        return deed(incident_id, by=by, reason=reason, now=now)
    back = (incident.state, state) in states.BACK
    why = _reason(reason) if back or reason.strip() else ""
    _move(incident, state, by=by, why=why, now=now)
    audit.record(
        "incident.state", actor=by, brand=incident.brand, subject=incident.reference, after=state
    )
    show(incident, ["head", "timeline"], brand=True)
    return incident


def _own_way(before: str, after: str) -> Callable[..., Incident] | None:
    """Return the service that a move belongs to which is more than a move."""
    if before == State.TRIAGE and after == State.RESOLVED:
        return dismiss
    if before == State.TRIAGE and after == State.DETECTED:
        return lambda pk, *, by, reason, now: accept_and_call(pk, by=by, now=now)
    if after == State.RESOLVED:
        return lambda pk, *, by, reason, now: resolve(pk, by=by, now=now)
    if before == State.RESOLVED:
        return reopen
    if after == State.ACKNOWLEDGED:
        return lambda pk, *, by, reason, now: acknowledge(pk, by=by, now=now)
    return None


def _not_allowed(before: str, after: str) -> str:
    return _("An incident cannot go from %(before)s to %(after)s.") % {
        "before": State(before).label,
        "after": State(after).label,
    }


def _move(incident: Incident, state: str, *, by: User, why: str, now: datetime) -> None:
    params = {"before": incident.state, "after": state}
    incident.state = state
    incident.save(update_fields=["state"])
    append(incident, EntryKind.STATE, actor=by, params=params, text=why, now=now)


@dataclass(frozen=True)
class Ending:
    """What is asked when an incident is resolved; empty where nobody answered."""

    statement: Statement | str = ""
    posts: Posts | str = ""
    review_owner: User | None = None

    @property
    def facts(self) -> dict[str, str]:
        facts = {"statement": str(self.statement), "posts": str(self.posts)}
        facts["review"] = str(self.review_owner or "")
        return {name: value for name, value in facts.items() if value}


@transaction.atomic
def resolve(incident_id: int, *, by: User, ending: Ending | None = None, now: datetime) -> Incident:
    """Close the incident: clocks and calls stop. Conflict if it is closed already.

    Refused for a suspicion, which is dismissed, and a review owner who cannot see the incident.
    """
    ending = ending or Ending()
    incident = lock(incident_id)
    _refuse_end(incident, ending)
    if not incident.acknowledged_at:
        answer(incident, by=by, now=now)
    call_off(subject_of(incident))
    incident.state, incident.resolved_at, incident.update_by = State.RESOLVED, now, None
    incident.escalate_at, incident.closed_as = None, Closing.RESOLVED
    incident.review_owner = ending.review_owner
    incident.save(
        update_fields=[
            "state",
            "resolved_at",
            "update_by",
            "escalate_at",
            "closed_as",
            "review_owner",
        ]
    )
    follow(incident, now=now)
    append(incident, EntryKind.RESOLVED, actor=by, params=ending.facts, now=now)
    if ending.review_owner and ending.review_owner != by:
        key = f"review.{incident.entries_count}"
        owner = [ending.review_owner]
        tell(owner, "review", incident=incident, key=key, now=now, actor=str(by))
    others = [incident.lead] if incident.lead and incident.lead != by else []
    key = f"resolved.{incident.entries_count}"
    tell(others, "resolved", incident=incident, key=key, now=now, actor=str(by))
    audit.record("incident.resolved", actor=by, brand=incident.brand, subject=incident.reference)
    events.incident_resolved.announce(incident_id=incident.pk)
    show(incident, ["head", "timeline", "ladder", "tasks"], brand=True)
    return incident


def _refuse_end(incident: Incident, ending: Ending) -> None:
    if not incident.is_open:
        raise Conflict(_("The incident is already resolved."))
    if incident.state == State.TRIAGE:
        raise Refused(_("It is a suspicion: dismiss it with a reason, or accept it."))
    owner = ending.review_owner
    if owner and not insiders(incident).filter(pk=owner.pk).exists():
        raise Refused(_("%(name)s cannot see this incident.") % {"name": owner})


@transaction.atomic
def reopen(incident_id: int, *, by: User, reason: str, now: datetime) -> Incident:
    """Take a resolved incident up again, with a reason. Conflict if it is not resolved."""
    why = _reason(reason)
    incident = lock(incident_id)
    if incident.is_open:
        raise Conflict(_("The incident is not resolved."))
    if incident.merged_into_id:
        raise Conflict(_("It was merged into another incident. Take the merging back instead."))
    resolved_at = incident.resolved_at or now
    incident.state, incident.resolved_at, incident.closed_as = State.RESPONDING, None, ""
    if not incident.acknowledged_at:
        # A suspicion that was dismissed: whoever takes it up again is at it.
        answer(incident, by=by, now=now)
    incident.update_by = due_times(incident.severity, since=now, plan=incident.plan)[1]
    incident.save(update_fields=["state", "resolved_at", "closed_as", "update_by"])
    resume(incident, since=resolved_at, now=now)
    add_due(incident, now=now)
    follow(incident, now=now)
    append(incident, EntryKind.STATE, actor=by, params={"code": "reopened"}, text=why, now=now)
    audit.record("incident.reopened", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["head", "timeline", "ladder", "tasks"], brand=True)
    return incident


def _reason(text: str) -> str:
    if not text.strip():
        raise Refused(_("Give a reason."))
    return readable(text)


@transaction.atomic
def change_severity(
    incident_id: int, level: int, *, by: User, reason: str, now: datetime
) -> Incident:
    """Raise or lower the severity, with a reason; the clocks follow. The same does nothing."""
    why = _reason(reason)
    if level not in Severity.values:
        raise Refused(_("There is no such severity."))
    incident = lock(incident_id)
    if incident.severity == level:
        return incident
    before = incident.severity
    reasons = [{"code": "person", "name": str(by)}]
    set_severity(incident, Severity(level), reasons=reasons, now=now)
    params = {"before": before, "after": level}
    append(incident, EntryKind.SEVERITY, actor=by, params=params, text=why, now=now)
    key = f"severity.{incident.entries_count}"
    told = selectors.told_of_severity(incident, by=by)
    tell(told, "severity", incident=incident, key=key, now=now, actor=str(by))
    add_due(incident, now=now)
    audit.record(
        "incident.severity",
        actor=by,
        brand=incident.brand,
        subject=incident.reference,
        before=before,
        after=level,
    )
    show(incident, ["head", "timeline", "ladder", "tasks", "roles", "plan"], brand=True)
    return incident


def set_severity(
    incident: Incident, level: Severity, *, reasons: list[dict[str, Any]], now: datetime
) -> None:
    """The first response is due from detection on, the next internal update from now on."""
    incident.severity, incident.severity_reasons = level, reasons
    if not incident.responded_at:
        due = due_times(level, since=incident.detected_at, plan=incident.plan)
        incident.respond_by = due[0]
    if incident.is_open:
        incident.update_by = due_times(level, since=now, plan=incident.plan)[1]
    incident.save(update_fields=["severity", "severity_reasons", "respond_by", "update_by"])
    stir(incident, now=now)
    follow(incident, now=now)


def raise_severity(
    incident: Incident,
    level: Severity,
    *,
    reasons: list[dict[str, Any]],
    now: datetime,
    code: str = "raised",
) -> bool:
    """Raise a locked incident's severity for a new signal; False if it stays.

    What a person has set is never overruled: whoever lowered it knew something.
    """
    by_person = incident.entries.filter(kind=EntryKind.SEVERITY, actor__isnull=False).exists()
    if level >= incident.severity or by_person:
        return False
    params = {"code": code, "before": incident.severity, "after": level}
    set_severity(incident, level, reasons=reasons, now=now)
    append(incident, EntryKind.SEVERITY, params=params, now=now)
    add_due(incident, now=now)
    return True


@transaction.atomic
def take_lead(incident_id: int, *, by: User, now: datetime) -> Incident:
    """Make `by` the lead; again by the same person changes nothing."""
    incident = lock(incident_id)
    if incident.lead == by:
        return incident
    seat(incident, Given(IncidentRole.LEAD, by, by, now))
    append(incident, EntryKind.LEAD, actor=by, now=now)
    audit.record("incident.lead", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["head", "timeline", "roles"], brand=True)
    return incident


@transaction.atomic
def rename(incident_id: int, title: str, *, by: User, now: datetime) -> Incident:
    """Give the incident a title of its own. Refused if it is empty or too long."""
    named = readable(title)
    if len(named) > 200:
        raise Refused(_("A title has at most 200 characters."))
    incident = lock(incident_id)
    incident.given_title = named
    incident.save(update_fields=["given_title"])
    params = {"code": "titled", "title": named}
    append(incident, EntryKind.STATE, actor=by, params=params, now=now)
    audit.record("incident.titled", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["head", "timeline"], brand=True)
    return incident


@transaction.atomic
def summarise(incident_id: int, text: str, *, by: User, now: datetime) -> Incident:
    """Write what is known: the review begins with it. Refused if too long; empty removes it."""
    said = readable(text) if text.strip() else ""
    incident = lock(incident_id)
    if incident.summary == said:
        return incident
    incident.summary = said
    incident.save(update_fields=["summary"])
    append(incident, EntryKind.STATE, actor=by, params={"code": "summarised"}, now=now)
    audit.record("incident.summary", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["head", "timeline"])
    return incident


@transaction.atomic
def mark_responded(
    incident_id: int,
    *,
    at: datetime,
    channel: str = "",
    text: str = "",
    url: str = "",
    key: str = "",
) -> None:
    """Note a word to the public on a channel (a network's code), and when the first one was.

    The same `key` again changes nothing. Without a channel only the first word's time is noted.
    """
    incident = lock_current(incident_id)
    first = incident.responded_at
    if channel:
        heard(incident, Word(channel, at, text=text, url=url, key=key), now=at)
    if first and first <= at:
        return
    incident.responded_at = at
    incident.save(update_fields=["responded_at"])
    follow(incident, now=at)
    show(incident, ["head"], brand=True)
