"""A suspicion, before it is an incident: looked at by somebody, calling nobody.

It is accepted by a person, by its time running out, or by a signal that is graver than the brand
lets wait; or it is dismissed with a reason.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core.errors import Conflict
from incidents import events, selectors
from incidents.enums import Closing, EntryKind, Severity, State
from incidents.models import Incident
from incidents.models_cases import IncidentSettings
from incidents.severity import due_times

from .notices import tell
from .plan_tasks import add_due
from .silence import follow
from .timeline import append, lock, readable, show

logger = logging.getLogger(__name__)
MINUTES = 30


def triage_end(brand: Brand, level: int, *, now: datetime) -> datetime | None:
    """Return until when a detection of this severity waits in triage; None if it calls at once."""
    settings = IncidentSettings.objects.filter(brand=brand).first()
    if settings is None or settings.triage_from is None or level < settings.triage_from:
        return None
    return now + timedelta(minutes=settings.triage_minutes)


def suspicion_end(brand: Brand, *, now: datetime) -> datetime:
    """Return until when a person's suspicion waits in triage."""
    minutes = IncidentSettings.objects.filter(brand=brand).values_list("triage_minutes", flat=True)
    return now + timedelta(minutes=minutes.first() or MINUTES)


def in_triage(until: datetime | None) -> dict[str, Any]:
    """Return the columns of an incident that opens in triage: no calls and no clocks yet."""
    if until is None:
        return {}
    stopped = dict.fromkeys(("escalate_at", "respond_by", "update_by"))
    return {"state": State.TRIAGE, "triage_until": until, **stopped}


def tell_suspicion(incident: Incident, *, now: datetime) -> None:
    """Let whoever is on call know that there is something to look at: news, not a call."""
    here, people = selectors.roster(incident.brand, at=now)
    on_call = [people[pk] for pk in sorted(here.on_call & people.keys())]
    until = incident.triage_until.isoformat() if incident.triage_until else ""
    tell(on_call, "suspicion", incident=incident, key="suspicion", now=now, until_at=until)


def outgrown(incident: Incident) -> bool:
    """Whether an incident in triage has become graver than what its brand lets wait."""
    if incident.state != State.TRIAGE:
        return False
    settings = IncidentSettings.objects.filter(brand=incident.brand_id).first()
    waits = settings.triage_from if settings and settings.triage_from else Severity.SEV3
    return incident.severity < waits


def begin(
    incident: Incident, *, by: User | None = None, code: str = "grown", now: datetime
) -> None:
    """Make a locked suspicion an incident: the next call is due now, and its clocks run."""
    leave_triage(incident, State.DETECTED, now=now)
    incident.escalate_at, incident.escalate_failures = now, 0
    incident.save(update_fields=["escalate_at", "escalate_failures"])
    append(incident, EntryKind.STATE, actor=by, params={"code": code}, now=now)


def leave_triage(incident: Incident, state: State, *, now: datetime) -> None:
    """The clocks begin: the public has waited since the detection, the company since now."""
    incident.state, incident.triage_until = state, None
    plan = incident.plan
    incident.respond_by = due_times(incident.severity, since=incident.detected_at, plan=plan)[0]
    incident.update_by = due_times(incident.severity, since=now, plan=plan)[1]
    incident.save(update_fields=["state", "triage_until", "respond_by", "update_by"])
    follow(incident, now=now)
    add_due(incident, now=now)


@transaction.atomic
def accept_and_call(incident_id: int, *, by: User, now: datetime) -> Incident:
    """Take a suspicion for an incident and have its ladder climbed. Conflict if it was judged.

    Who is at it themselves acknowledges instead.
    """
    incident = _lock_suspicion(incident_id)
    begin(incident, by=by, code="accepted", now=now)
    audit.record("incident.accepted", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["head", "timeline", "ladder"], brand=True)
    return incident


@transaction.atomic
def dismiss(incident_id: int, *, by: User, reason: str, now: datetime) -> Incident:
    """Judge a suspicion to be nothing, with a reason. Conflict if it was judged already."""
    why = readable(reason)
    incident = _lock_suspicion(incident_id)
    incident.state, incident.closed_as = State.RESOLVED, Closing.DISMISSED
    incident.resolved_at, incident.triage_until = now, None
    incident.save(update_fields=["state", "closed_as", "resolved_at", "triage_until"])
    params = {"code": "dismissed"}
    append(incident, EntryKind.RESOLVED, actor=by, params=params, text=why, now=now)
    audit.record("incident.dismissed", actor=by, brand=incident.brand, subject=incident.reference)
    events.incident_resolved.announce(incident_id=incident.pk)
    show(incident, ["head", "timeline", "ladder", "tasks"], brand=True)
    return incident


def _lock_suspicion(incident_id: int) -> Incident:
    incident = lock(incident_id)
    if incident.state != State.TRIAGE:
        raise Conflict(_("It is not in triage any more: somebody has judged it."))
    return incident


def accept_next_due(*, now: datetime) -> bool:
    """Accept the suspicion whose time ran out first; False if none did. Nobody has to remember."""
    with transaction.atomic():
        due = Incident.objects.filter(triage_until__lte=now, state=State.TRIAGE)
        claimed = due.order_by("triage_until").select_related("brand")
        incident = claimed.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
        if incident is None:
            return False
        try:
            with transaction.atomic():
                begin(incident, code="unjudged", now=now)
                show(incident, ["head", "timeline", "ladder"], brand=True)
        except OperationalError:
            # The database's trouble is not this row's: the next cycle tries again at once.
            raise
        except Exception:
            # Its plan or its clocks may be broken: people are called all the same.
            logger.exception("The suspicion %s could not be accepted", incident.reference)
            bare = {"state": State.DETECTED, "triage_until": None, "escalate_at": now}
            Incident.objects.filter(pk=incident.pk).update(**bare)
        return True


@transaction.atomic
def set_triage(
    brand: Brand, *, triage_from: int | None, triage_minutes: int, by: User
) -> IncidentSettings:
    """Say what goes through triage, and for how long. Running incidents are left as they are."""
    settings, _made = IncidentSettings.objects.update_or_create(
        brand=brand, defaults={"triage_from": triage_from, "triage_minutes": triage_minutes}
    )
    facts = {"severity": triage_from, "minutes": triage_minutes}
    audit.record("brand.triage", actor=by, brand=brand, subject=brand.name, **facts)
    return settings
