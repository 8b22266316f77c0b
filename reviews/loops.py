"""The engine's loops of this room."""

from datetime import timedelta

from core.clock import database_now
from core.engine import audit, loop
from core.timers import timer

from .models import FollowUp, Reckoning
from .services import enrol_ended, reckon_next, remind_next
from .services.reckoning import MOST_FAILURES

OVERDUE = timedelta(minutes=5)
MOST = 50

timer(Reckoning, "due_at")


@loop("reviews", every=5)
def reckon() -> int:
    """Work out what ended: what changed after each publication, and how it was handled."""
    now = database_now()
    enrol_ended(now)
    return int(reckon_next(now))


@audit("reviews")
def overdue() -> list[str]:
    """Reviews that should have been worked out five minutes ago, and those that cannot be."""
    late = Reckoning.objects.filter(due_at__lt=database_now() - OVERDUE).count()
    stuck = Reckoning.objects.filter(failures__gte=MOST_FAILURES, due_at=None).count()
    found = [f"{late} reviews wait to be worked out"] if late else []
    return found + ([f"{stuck} reviews cannot be worked out"] if stuck else [])


# A day is agreed by the clock on the wall: no timer that a clock set back would move.
@loop("follow_ups", every=30, outward=True)
def remind() -> int:
    """Tell of follow-ups that are nearly due, due, and late."""
    for told in range(MOST):
        if not remind_next(database_now()):
            return told
    return MOST


@audit("follow_ups")
def untold() -> list[str]:
    """Follow-ups of which nobody was told in time."""
    late = FollowUp.objects.filter(remind_at__lt=database_now() - OVERDUE).count()
    return [f"{late} follow-ups wait for their reminder"] if late else []
