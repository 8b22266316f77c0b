"""Working an ended incident out: what changed after each publication, and how it was handled.

The sweep finds incidents that ended, so that no nudge is needed; what is worked out is only read
from elsewhere and written as one row, so that a kill costs the work and nothing else.
"""

import logging
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef

from incidents.enums import Closing, State
from incidents.models import Incident
from reviews.handling import handling
from reviews.models import Reckoning
from reviews.moments import WHOLE, moments

logger = logging.getLogger(__name__)
# Incidents that ended before this are left as they are.
BACK = timedelta(days=366)
MOST = 50
# One that breaks is tried again so often, later and later, and then left to people.
MOST_FAILURES = 5
WAIT = timedelta(minutes=2)


def enrol_ended(now: datetime) -> int:
    """Have what ended worked out, also what ended anew; return how many incidents are new to it."""
    same = Reckoning.objects.filter(incident=OuterRef("pk"), resolved_at=OuterRef("resolved_at"))
    ended = Incident.objects.filter(
        state=State.RESOLVED, resolved_at__gte=now - BACK, merged_into=None
    ).exclude(closed_as__in=(Closing.MERGED, Closing.DISMISSED))
    found = ended.exclude(Exists(same)).order_by("resolved_at")[:MOST]
    rows = [
        Reckoning(incident=each, resolved_at=each.resolved_at, due_at=now)
        for each in found
        if each.resolved_at
    ]
    Reckoning.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["incident"],
        update_fields=["resolved_at", "due_at", "failures"],
    )
    return len(rows)


@transaction.atomic
def reckon_next(now: datetime) -> bool:
    """Work out the incident that has waited longest; False if none is due.

    One that breaks keeps no other from being worked out.
    """
    due = Reckoning.objects.filter(due_at__lte=now).order_by("due_at").select_related("incident")
    row = due.select_for_update(of=("self",), skip_locked=True).first()
    if row is None:
        return False
    try:
        with transaction.atomic():
            row.figures = figures(row.incident, now=now)
    except OperationalError:
        raise
    except Exception:
        logger.exception("The review of %s could not be worked out", row.incident.reference)
        row.failures += 1
        parked = row.failures >= MOST_FAILURES
        row.due_at = None if parked else now + WAIT * 2**row.failures
    else:
        row.failures, row.made_at, row.due_at = 0, now, _again(row, now)
    row.save(update_fields=["figures", "failures", "made_at", "due_at"])
    return True


def figures(incident: Incident, *, now: datetime) -> dict[str, object]:
    """Return all that is worked out, as it is stored."""
    return {"moments": moments(incident, now=now), "handling": handling(incident, now=now)}


def _again(row: Reckoning, now: datetime) -> datetime | None:
    """When the time after the last publication will be known whole; None if it is."""
    told = row.figures["moments"]
    if not told:
        return None
    whole = datetime.fromisoformat(told[-1]["at"]) + WHOLE
    return whole if whole > now else None
