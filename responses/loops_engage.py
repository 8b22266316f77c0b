"""The engine's loops of the inbox."""

from datetime import timedelta

from core.clock import database_now
from core.engine import audit, loop
from core.timers import timer

from .answers import OUTBOX
from .models_engage import Answer, Conversation
from .services.engage import due, intake, leaving

timer(Conversation, "due_at", "claimed_until")
timer(Answer, "publish_at", "sending_since", "look_at")
GRACE = timedelta(seconds=30)
_looked = {"until": 0}


@loop("inbox", every=2)
def inbox() -> int:
    """Take into the inboxes of open incidents what is to be answered there."""
    now = database_now()
    intake.take_in(now=now)
    leaving.note_replies(now=now)
    return 0


@loop("inbox_gone", every=5)
def inbox_gone() -> int:
    """Take out of the inboxes what was taken away by whoever wrote it."""
    # Each engine goes round by itself: losing the place costs one round.
    _looked["until"] = leaving.sweep(now=database_now(), after=_looked["until"])
    return 0


@loop("replies_due", every=1, outward=True)
def replies_due() -> int:
    """Hand on the conversations that nobody answered in time."""
    return due.act_on_due(now=database_now())


@audit("replies_due")
def late_replies() -> list[str]:
    """Deadlines of replies that are half a minute late."""
    return due.late(now=database_now(), grace=GRACE)


@loop("answers", every=1, outward=True)
def answers() -> int:
    """Send the approved answers that are due, and settle what was left under way."""
    return OUTBOX.cycle()
