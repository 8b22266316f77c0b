"""The engine's loops of this room."""

from datetime import timedelta

from core.clock import database_now
from core.engine import audit, loop
from core.timers import timer

from .models import Reckoning
from .services import enrol_ended, reckon_next
from .services.reckoning import MOST_FAILURES

OVERDUE = timedelta(minutes=5)

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
