"""The engine's loops of this room."""

from datetime import timedelta

from core.clock import database_now
from core.engine import audit, loop

from .enums import PostState
from .models import ScheduledPost
from .sending import OUTBOX
from .services import feeding, remind_due

OVERDUE = timedelta(seconds=60)


@loop("scheduled", every=1, urgent=True)
def scheduled() -> int:
    """Send the calendar's own posts that are due, and settle what was left under way."""
    return OUTBOX.cycle()


@loop("marketing", every=5)
def marketing() -> int:
    """Remind of pauses whose planned end has come. Ends none."""
    return remind_due(now=database_now())


@loop("calendars", every=10)
def calendars() -> int:
    """Ask the calendars of outside tools for what they plan."""
    return int(feeding.poll_next(now=database_now()))


@audit("scheduled")
def overdue() -> list[str]:
    """Posts that should have been claimed by now."""
    late = ScheduledPost.objects.filter(
        state=PostState.QUEUED, send_at__lt=database_now() - OVERDUE
    ).count()
    return [f"{late} scheduled posts have been due for over a minute"] if late else []
