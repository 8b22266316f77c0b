"""Care for the crew: whoever has held a role too long is told, then somebody else is asked.

The machine never leaves a role empty and never takes it from anybody: it tells the holder and the
lead at the limit; when the grace is over it flags the role in the log and calls the deputy, or
whoever is on call, to take over. People hand over.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from core.errors import Refused
from incidents import selectors
from incidents.crew import Limit, limit_for
from incidents.enums import EntryKind, IncidentRole
from incidents.models import Incident
from incidents.models_plan import CrewCare
from incidents.models_roles import RoleHolding
from incidents.selectors import insiders
from notifications.models import Urgency

from .notices import tell
from .timeline import append, show

logger = logging.getLogger(__name__)
BATCH = 50
AGAIN = timedelta(minutes=5)
# Whoever stands by is not worn out by it.
UNLIMITED = (IncidentRole.SPONSOR,)


def begin(row: RoleHolding, incident: Incident, *, now: datetime) -> None:
    """Start the clock of a holding that begins; deputies and the sponsor have none."""
    if row.is_deputy or row.role in UNLIMITED:
        return
    limit = limit_for(incident)
    row.limit_seconds = int(limit.limit.total_seconds())
    row.care_at = now + limit.limit


def resume(incident: Incident, *, since: datetime, now: datetime) -> None:
    """Begin the roles of a locked incident anew that was resolved at `since` and is opened again.

    The time between was nobody's work.
    """
    for row in list(incident.holdings.filter(until=None)):
        row.until, row.care_at = max(since, row.since), None
        row.save(update_fields=["until", "care_at"])
        fresh = RoleHolding(
            incident=incident, role=row.role, is_deputy=row.is_deputy, user_id=row.user_id,
            since=now, given_by_id=row.given_by_id,
        )  # fmt: skip
        begin(fresh, incident, now=now)
        fresh.save()


def care_due(*, now: datetime) -> int:
    """Tell of the roles that have been held too long; return how many were looked at.

    The incident is locked, as for every entry; one that somebody holds is left for the next cycle.
    """
    waiting = RoleHolding.objects.filter(care_at__lte=now).order_by("care_at")
    found = waiting.values_list("pk", "incident_id")[:BATCH]
    return sum(_care(pk, incident_id, now=now) for pk, incident_id in found)


def _care(holding_id: int, incident_id: int, *, now: datetime) -> bool:
    with transaction.atomic():
        free = Incident.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        incident = free.select_related("brand", "lead").filter(pk=incident_id).first()
        if incident is None:
            return False
        due = incident.holdings.filter(pk=holding_id, care_at__lte=now, until=None)
        row = due.select_related("user").first()
        if row is None:
            return False
        try:
            with transaction.atomic():
                _look_after(incident, row, now=now)
        except OperationalError:
            # The database's trouble is not this row's: the next cycle tries again at once.
            raise
        except Exception:
            logger.exception("Role %s could not be looked after", holding_id)
            RoleHolding.objects.filter(pk=holding_id).update(care_at=now + AGAIN)
        return True


def _look_after(incident: Incident, row: RoleHolding, *, now: datetime) -> None:
    if not incident.is_open:
        row.care_at = None
    elif row.told_at is None:
        _tell_limit(incident, row, limit_for(incident), now=now)
    else:
        _tell_overdue(incident, row, now=now)
    row.save(update_fields=["care_at", "told_at", "overdue_at"])


def _facts(row: RoleHolding, now: datetime) -> dict[str, Any]:
    held = int((now - row.since).total_seconds())
    return {"role": row.role, "name": str(row.user), "held": held}


def _tell_limit(incident: Incident, row: RoleHolding, limit: Limit, *, now: datetime) -> None:
    row.told_at, row.care_at = now, now + limit.grace
    facts = _facts(row, now)
    tell([row.user], "hand_over", incident=incident, key=f"care.{row.pk}", now=now, **facts)
    if incident.lead and incident.lead_id != row.user_id:
        key = f"care.{row.pk}.lead"
        tell([incident.lead], "hand_over_of", incident=incident, key=key, now=now, **facts)
    show(incident, ["roles"])


def _tell_overdue(incident: Incident, row: RoleHolding, *, now: datetime) -> None:
    """Flag the role and call somebody fresh; the holder goes on until a person hands over."""
    row.overdue_at, row.care_at = now, None
    called = _fresh(incident, row, now=now)
    facts = _facts(row, now)
    params = facts | {"code": "overdue", "people": [str(user) for user in called]}
    append(incident, EntryKind.ROLE, params=params, now=now)
    tell(
        called, "take_over", incident=incident, key=f"care.{row.pk}.over", now=now,
        urgency=Urgency.PAGE, **facts,
    )  # fmt: skip
    show(incident, ["roles", "timeline"])


def _fresh(incident: Incident, row: RoleHolding, *, now: datetime) -> list[User]:
    """The deputy; else who is on call; else everyone who may run the incident."""
    deputy = incident.holdings.filter(role=row.role, is_deputy=True, until=None)
    found = [held.user for held in deputy.select_related("user")]
    if not found:
        here, people = selectors.roster(incident.brand, at=now)
        found = [people[pk] for pk in sorted(here.on_call & people.keys())]
    inside = insiders(incident).exclude(pk=row.user_id)
    others = list(inside.filter(pk__in=[user.pk for user in found]))
    able = insiders(incident, permission=Permission.RUN_INCIDENT)
    return others or list(able.exclude(pk=row.user_id))


@transaction.atomic
def set_care(brand: Brand, *, limit: int, grace: int, by: User) -> CrewCare:
    """Set how long (seconds) somebody may hold a role in the brand's incidents.

    Holds for roles taken from now on. Refused for what is no working day or no grace.
    """
    if not 3600 <= limit <= 24 * 3600:
        raise Refused(_("The limit is between one hour and a day."))
    if not 60 <= grace <= 4 * 3600:
        raise Refused(_("The grace is between one minute and four hours."))
    row, _new = CrewCare.objects.update_or_create(
        brand=brand, defaults={"limit_seconds": limit, "grace_seconds": grace}
    )
    audit.record("brand.care", actor=by, brand=brand, limit=limit, grace=grace)
    return row
