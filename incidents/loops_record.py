"""The engine's loop over the record's timers. Imported by the AppConfig."""

from datetime import timedelta

from django.db.models import Q

from core.clock import database_now
from core.engine import audit, loop
from core.timers import timer

from .enums_record import TimerKind
from .models_promises import Timer
from .services import duties

# Incidents worked on in one cycle, so that a cycle stays bounded.
MOST = 50
GRACE = timedelta(seconds=5)

# A promise names a time, and the law counts its hours on the wall: those stay.
timer(Timer, "since", "due_at", only=~Q(kind__in=[TimerKind.PROMISE, TimerKind.BREACH]))


@loop("duties", every=0.5, outward=True)
def fire_duties() -> int:
    """Remind of promises, of silence, of a head that grows old, of 72 hours that run out."""
    for fired in range(MOST):
        if not duties.fire_next_duty(now=database_now()):
            return fired
    return MOST


@audit("record")
def overdue() -> list[str]:
    """Timers that are five seconds late, and those that broke and were parked."""
    late = Timer.objects.filter(due_at__lt=database_now() - GRACE).select_related("incident")
    parked = Timer.objects.filter(due_at=None, failures__gte=duties.MOST_FAILURES)
    found = [f"{timer.incident.reference}: {timer.kind} is overdue" for timer in late[:20]]
    parked = parked.select_related("incident")
    return found + [f"{timer.incident.reference}: {timer.kind} broke" for timer in parked[:20]]
