"""Climbing the ladder: a due rung becomes calls, notices and an entry, all in one transaction."""

import logging
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.selectors import members
from core.errors import Conflict
from incidents import escalation, selectors
from incidents.enums import EntryKind
from incidents.models import Call, Incident
from notifications.models import Urgency

from .notices import tell
from .timeline import append, lock, show

logger = logging.getLogger(__name__)


def fire_next(*, now: datetime) -> bool:
    """Fire the rung that has been due longest; False if none is due at `now`.

    One incident a transaction: an acknowledgement waits for one rung at most, and a process that
    is killed leaves nothing behind but a free lock. A rung that breaks is pushed away, so that it
    stops nobody else.
    """
    with transaction.atomic():
        due = Incident.objects.filter(escalate_at__lte=now).order_by("escalate_at")
        claimed = due.select_related("brand").select_for_update(
            of=("self",), no_key=True, skip_locked=True
        )
        incident = claimed.first()
        if incident is None:
            return False
        try:
            with transaction.atomic():
                _fire(incident, now=now)
        except Exception:
            logger.exception("The ladder of %s could not be climbed", incident.reference)
            _push_away(incident.pk, now=now)
        return True


def _fire(incident: Incident, *, now: datetime) -> None:
    ladder = escalation.steps(incident.ladder)
    roster, people = selectors.roster(incident.brand, at=now)
    climb = escalation.climb(
        ladder, rounds=incident.ladder_rounds, rung=incident.rung, roster=roster, now=now
    )
    called = [people[user] for user in climb.users]
    _call(incident, climb, called, now=now)
    _tell_silence(incident, climb, ladder, now=now)
    _tell_called(incident, climb, called, ladder=ladder, now=now)
    incident.rung, incident.escalate_failures = climb.rung + 1, 0
    # Asked for after somebody had answered ("escalate now"): this one rung, and no further.
    incident.escalate_at = climb.next_at if incident.is_called else None
    incident.save(update_fields=["rung", "escalate_at", "escalate_failures"])
    show(incident, ["ladder", "head", "timeline"], brand=True)


def _call(
    incident: Incident, climb: escalation.Climb, called: list[User], *, now: datetime
) -> None:
    due_at = incident.escalate_at or now
    Call.objects.bulk_create(
        Call(incident=incident, rung=climb.rung, user=user, due_at=due_at, fired_at=now)
        for user in called
    )
    kind = "nobody_answered" if climb.everyone else "paged"
    key = f"rung.{climb.rung}"
    tell(called, kind, incident=incident, key=key, now=now, urgency=Urgency.PAGE)


def _tell_silence(
    incident: Incident, climb: escalation.Climb, ladder: list[escalation.Step], *, now: datetime
) -> None:
    for rung in climb.passed:
        params = {"code": "nobody", "step": rung % len(ladder) + 1}
        append(incident, EntryKind.CALLED, params=params, now=now)


def _tell_called(
    incident: Incident,
    climb: escalation.Climb,
    called: list[User],
    *,
    ladder: list[escalation.Step],
    now: datetime,
) -> None:
    people = {"people": [str(user) for user in called]}
    if not climb.everyone:
        step = {"step": climb.rung % len(ladder) + 1, "round": climb.rung // len(ladder) + 1}
        append(incident, EntryKind.CALLED, params=step | people, now=now)
    elif climb.rung > len(ladder) * incident.ladder_rounds:
        append(incident, EntryKind.CALLED, params={"code": "everyone"} | people, now=now)
    else:
        code = "no_ladder" if not ladder else "unstaffed" if climb.passed else ""
        append(incident, EntryKind.EXHAUSTED, params={"code": code} | people, now=now)


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
            able = members(incident.brand, permission=Permission.RUN_INCIDENT)
            key = f"stopped.{entry.number}"
            urgency = Urgency.PAGE
            tell(able, "calling_stopped", incident=incident, key=key, now=now, urgency=urgency)
            show(incident, ["ladder", "head", "timeline"], brand=True)
    except Exception:
        logger.exception("That calling for %s has stopped could not be told", incident.reference)


@transaction.atomic
def escalate_now(incident_id: int, *, by: User, now: datetime) -> Incident:
    """Make the next rung due at once; also takes a stopped ladder up again.

    After an acknowledgement this calls one rung further, and no more by itself. Conflict if the
    incident is resolved.
    """
    incident = lock(incident_id)
    if not incident.is_open:
        raise Conflict(_("The incident is resolved: nobody is called any more."))
    incident.escalate_at, incident.escalate_failures = now, 0
    incident.save(update_fields=["escalate_at", "escalate_failures"])
    append(incident, EntryKind.CALLED, actor=by, params={"code": "now"}, now=now)
    audit.record("incident.escalated", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["ladder", "head", "timeline"])
    return incident
