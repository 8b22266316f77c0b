"""Fire drills: a policy is tried on the people it would call, and says who answered how quickly."""

import logging
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core.errors import Conflict, Refused
from incidents.enums import EntryKind, Origin, Severity, State
from incidents.models import EscalationPolicy, Incident
from incidents.models_escalation import DrillAnswer, FireDrill
from monitoring.enums import CrisisType

from .copying import copied
from .notices import tell
from .timeline import append, lock, show

logger = logging.getLogger(__name__)
# Ended in one cycle.
MOST = 20
# However long its ladder, a drill is over by then.
LONGEST = timedelta(hours=2)
# After the first answer the others who were called have this long to say that it reached them.
GRACE = timedelta(minutes=5)


@transaction.atomic
def start_drill(
    policy: EscalationPolicy, *, severity: int = Severity.SEV1, by: User, now: datetime
) -> FireDrill:
    """Climb the policy's ladder for a test incident: it pages for real, marked as a test.

    The incident is in no list and no statistic. Conflict if the brand has a drill under way.
    """
    brand = Brand.objects.select_for_update(no_key=True).get(pk=policy.brand_id)
    if severity not in Severity.values:
        raise Refused(_("There is no such severity."))
    if brand.fire_drills.exclude(ends_at=None).exists():
        raise Conflict(_("A fire drill of this brand is under way."))
    drill = FireDrill.objects.create(
        brand=brand,
        policy=policy,
        policy_name=policy.name,
        started_by=by,
        started_at=now,
        ends_at=now + LONGEST,
    )
    drill.incident = _incident(drill, policy, severity=severity, by=by, now=now)
    drill.save(update_fields=["incident"])
    append(drill.incident, EntryKind.OPENED, actor=by, params={"code": "drill"}, now=now)
    audit.record("drill.started", actor=by, brand=brand, subject=policy.name, drill=drill.pk)
    return drill


def _incident(
    drill: FireDrill, policy: EscalationPolicy, *, severity: int, by: User, now: datetime
) -> Incident:
    made: Incident = Incident.with_drills.create(
        brand=drill.brand,
        # Not one of the year's numbers: those have no gaps.
        reference=f"TEST-{drill.pk}",
        given_title=policy.name,
        crisis_type=CrisisType.NONE,
        origin=Origin.DRILL,
        is_drill=True,
        severity=severity,
        opened_by=by,
        began_at=now,
        detected_at=now,
        policy=policy,
        policy_version=policy.version,
        ladder=copied(policy),
        ladder_rounds=policy.rounds,
        escalate_at=now,
    )
    return made


def note_answer(incident: Incident, *, by: User, now: datetime) -> None:
    """Note that a drill has reached somebody; once everybody who was called has said so, it ends.

    The incident is locked by the caller.
    """
    drill = FireDrill.objects.select_for_update(no_key=True).get(incident=incident)
    _answer, fresh = DrillAnswer.objects.get_or_create(drill=drill, user=by, defaults={"at": now})
    if not fresh or drill.ends_at is None:
        return
    answered = drill.answers.values("user")
    waiting = incident.calls.exclude(user__in=answered).exists()
    drill.ends_at = min(drill.ends_at, now + GRACE) if waiting else now
    drill.save(update_fields=["ends_at"])


@transaction.atomic
def stop_drill(drill: FireDrill, *, by: User, now: datetime) -> None:
    """End a drill before its time. Conflict if it is over."""
    locked = FireDrill.objects.select_for_update(no_key=True).get(pk=drill.pk)
    if locked.ends_at is None:
        raise Conflict(_("The fire drill is over."))
    locked.ends_at = now
    locked.save(update_fields=["ends_at"])
    audit.record("drill.stopped", actor=by, brand=drill.brand_id, subject=drill.policy_name)


def end_drills(now: datetime) -> int:
    """End the drills that are due; return how many. One that breaks keeps no other from ending."""
    due = FireDrill.objects.filter(ends_at__lte=now).order_by("ends_at")
    ended = 0
    for drill_id in due.values_list("pk", flat=True)[:MOST]:
        try:
            ended += _end(drill_id, now=now)
        except OperationalError:
            raise
        except Exception:
            logger.exception("The fire drill %s could not be ended", drill_id)
    return ended


@transaction.atomic
def _end(drill_id: int, *, now: datetime) -> bool:
    """Close the drill and its incident, the incident first as everywhere."""
    incident_id = FireDrill.objects.values_list("incident_id", flat=True).get(pk=drill_id)
    incident = lock(incident_id)
    drill = FireDrill.objects.select_for_update(no_key=True).get(pk=drill_id)
    if drill.ends_at is None or drill.ends_at > now:
        return False
    drill.ends_at, drill.ended_at = None, now
    drill.save(update_fields=["ends_at", "ended_at"])
    incident.state, incident.resolved_at, incident.escalate_at = State.RESOLVED, now, None
    incident.save(update_fields=["state", "resolved_at", "escalate_at"])
    append(incident, EntryKind.RESOLVED, params={"code": "drill"}, now=now)
    if drill.started_by:
        answered, called = drill.answers.count(), incident.calls.values("user").distinct().count()
        tell([drill.started_by], "drill_ended", incident=incident, key="ended", now=now,
             answered=answered, called=called)  # fmt: skip
    show(incident, ["head", "timeline", "ladder"])
    return True
