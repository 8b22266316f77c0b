"""Climbing the ladder: a due rung becomes calls, notices and an entry, all in one transaction."""

import logging
from datetime import datetime

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from core.errors import Conflict, Refused
from incidents import escalation, selectors
from incidents.enums import EntryKind, State
from incidents.models import Incident
from incidents.models_escalation import FireDrill
from notifications.models import Urgency
from notifications.services import call_off

from . import firing
from .notices import subject_of, tell
from .timeline import append, lock, show
from .triage import accept_and_call

logger = logging.getLogger(__name__)


def fire_next(*, now: datetime) -> bool:
    """Fire the rung that has been due longest; False if none is due at `now`.

    One incident a transaction: an acknowledgement waits for one rung at most, and a process that
    is killed leaves nothing behind but a free lock. A rung that breaks is pushed away, so that it
    stops nobody else.
    """
    with transaction.atomic():
        due = Incident.with_drills.filter(escalate_at__lte=now).order_by("escalate_at")
        claimed = due.select_related("brand").select_for_update(
            of=("self",), no_key=True, skip_locked=True
        )
        incident = claimed.first()
        if incident is None:
            return False
        try:
            with transaction.atomic():
                _fire(incident, now=now)
        except OperationalError:
            # The database's trouble is not this ladder's: the next cycle tries again at once.
            raise
        except Exception:
            logger.exception("The ladder of %s could not be climbed", incident.reference)
            _push_away(incident.pk, now=now)
        return True


def _fire(incident: Incident, *, now: datetime) -> None:
    ladder = escalation.steps(incident.ladder)
    at, people = selectors.situation(incident, ladder, now=now, holding_turns=True)
    climb = escalation.climb(ladder, rounds=incident.ladder_rounds, rung=incident.rung, at=at)
    if climb.resting:
        _rest(incident, climb, now=now)
        return
    if climb.everyone and incident.state == State.TRIAGE:
        # What its policy does about a suspicion is done; it waits to be judged.
        incident.escalate_at = None
        incident.save(update_fields=["escalate_at"])
        return
    firing.carry_out(firing.Firing(incident, climb, ladder, people, now))
    incident.rung, incident.escalate_failures, incident.resting_since = climb.rung + 1, 0, None
    incident.escalate_at = _next(incident, climb, now=now)
    incident.save(update_fields=["rung", "escalate_at", "escalate_failures", "resting_since"])
    show(incident, ["ladder", "head", "timeline"], brand=True)


def _next(incident: Incident, climb: escalation.Climb, *, now: datetime) -> datetime | None:
    """When the next rung is due. A drill ends with one call to everyone."""
    if incident.is_drill and climb.everyone:
        FireDrill.objects.filter(incident=incident).update(ends_at=climb.next_at)
        return None
    if incident.is_called or incident.state == State.TRIAGE:
        return climb.next_at
    # Asked for after somebody had answered ("escalate now"): up to the next people, no further.
    return now if climb.step and not climb.step.calls else None


def _rest(incident: Incident, climb: escalation.Climb, *, now: datetime) -> None:
    """Leave the ladder where it is until its conditions may hold; the first time, tell quietly."""
    fresh = incident.resting_since is None
    incident.resting_since = incident.resting_since or now
    incident.escalate_at, incident.escalate_failures = climb.next_at, 0
    if not incident.is_called and incident.state != State.TRIAGE:
        incident.escalate_at = None
    incident.save(update_fields=["escalate_at", "escalate_failures", "resting_since"])
    if fresh:
        entry = append(incident, EntryKind.CALLED, params={"code": "resting"}, now=now)
        able = selectors.insiders(incident, permission=Permission.RUN_INCIDENT)
        tell(able, "resting", incident=incident, key=f"resting.{entry.number}", now=now)
    show(incident, ["ladder", "timeline"] if fresh else ["ladder"], brand=fresh)


def stir(incident: Incident, *, now: datetime) -> None:
    """Have a ladder that rests looked at at once: what its conditions ask about has changed.

    The incident is locked and saved by this.
    """
    if incident.resting_since and incident.escalate_at:
        incident.escalate_at = now
        incident.save(update_fields=["escalate_at"])


def _push_away(incident_id: int, *, now: datetime) -> None:
    """Try a broken rung again later, a few times; then stop, say so on the page and to everyone."""
    incident = lock(incident_id)
    incident.escalate_failures += 1
    parked = incident.escalate_failures >= escalation.MOST_FAILURES
    incident.escalate_at = None if parked else now + escalation.RETRY_AFTER
    incident.save(update_fields=["escalate_failures", "escalate_at"])
    if parked:
        _tell_parked(incident, now=now)


def _tell_parked(incident: Incident, *, now: datetime) -> None:
    """Whatever broke the rung may break this too: then the row stays parked all the same."""
    try:
        with transaction.atomic():
            params = {"code": "broken", "failures": incident.escalate_failures}
            entry = append(incident, EntryKind.EXHAUSTED, params=params, now=now)
            able = selectors.insiders(incident, permission=Permission.RUN_INCIDENT)
            key = f"stopped.{entry.number}"
            urgency = Urgency.PAGE
            tell(able, "calling_stopped", incident=incident, key=key, now=now, urgency=urgency)
            show(incident, ["ladder", "head", "timeline"], brand=True)
    except Exception:
        logger.exception("That calling for %s has stopped could not be told", incident.reference)


@transaction.atomic
def escalate_now(incident_id: int, *, by: User, step: int | None = None, now: datetime) -> Incident:
    """Make the next rung due at once, or the next one of the `step` with that number (from 1).

    Also takes a stopped ladder up again. After an acknowledgement this calls the next people, and
    no more by itself. Conflict if the incident is resolved, Refused if the ladder has no such step
    ahead of it.
    """
    incident = lock(incident_id)
    if not incident.is_open:
        raise Conflict(_("The incident is resolved: nobody is called any more."))
    if incident.state == State.TRIAGE:
        return accept_and_call(incident_id, by=by, now=now)
    params: dict[str, object] = {"code": "now"}
    if step is not None:
        incident.rung = _rung_of(incident, step)
        params = {"code": "skipped", "step": step}
    incident.escalate_at, incident.escalate_failures = now, 0
    incident.save(update_fields=["rung", "escalate_at", "escalate_failures"])
    append(incident, EntryKind.CALLED, actor=by, params=params, now=now)
    audit.record("incident.escalated", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["ladder", "head", "timeline"])
    return incident


def _rung_of(incident: Incident, step: int) -> int:
    """The next rung of a step; what lies between is passed over."""
    try:
        ladder = escalation.steps(incident.ladder)
    except (KeyError, TypeError, ValueError):
        raise Refused(_("The ladder cannot be read. Phone someone yourself.")) from None
    rung = escalation.rung_of(ladder, step - 1, rounds=incident.ladder_rounds, after=incident.rung)
    if rung is None:
        raise Refused(_("The ladder does not come to step %(step)d any more.") % {"step": step})
    return rung


@transaction.atomic
def say_awake(incident_id: int, *, by: User, now: datetime) -> Incident:
    """Let the room know that somebody who was called is up and on the way; once a person.

    Calling goes on: being awake is not having it. Conflict if nobody is being called any more.
    """
    incident = lock(incident_id)
    if not incident.is_called:
        raise Conflict(_("Somebody has answered already."))
    said = incident.entries.filter(kind=EntryKind.CALLED, actor=by, params__code="awake")
    if said.exists():
        return incident
    append(incident, EntryKind.CALLED, actor=by, params={"code": "awake"}, now=now)
    call_off(subject_of(incident), user=by)
    show(incident, ["ladder", "head", "timeline"])
    return incident
