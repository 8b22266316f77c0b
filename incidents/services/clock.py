"""The database's clock may be set back: then what was due in five minutes is still due in five.

Every second the engine notes the time in a row that only goes up. A clock that stands before it
has been set back; all timers of this room's that lie ahead go back by as much, once.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from core.clock import database_now
from core.models import LoopBeat
from incidents.models import Incident
from incidents.models_escalation import CallState, FireDrill, WebhookCall

# A row of LoopBeat that is not a loop: `beat_at` is the latest time seen, `error` when and by how
# many seconds it was last set back.
NAME = "clock.mark"
# Less is the ordinary slewing of a clock.
LEAST = timedelta(seconds=2)
# For so long it is told aloud that the clock was set back.
TOLD_FOR = timedelta(minutes=10)


def watch_clock() -> timedelta | None:
    """Note the time; if the clock was set back, move the timers and return by how much."""
    LoopBeat.objects.get_or_create(name=NAME, defaults={"beat_at": database_now(), "every": 1})
    with transaction.atomic():
        mark = LoopBeat.objects.select_for_update().get(name=NAME)
        # Read under the lock: what another engine has noted is not later than this.
        now = database_now()
        back = mark.beat_at - now
        mark.beat_at = now
        if back < LEAST:
            mark.save(update_fields=["beat_at"])
            return None
        _move_timers(back, now=now)
        mark.error = f"{now.isoformat()} {back.total_seconds():.0f}"
        mark.save(update_fields=["beat_at", "error"])
    return back


def _move_timers(back: timedelta, *, now: datetime) -> None:
    """What is due already stays due; what lies ahead keeps its distance."""
    Incident.with_drills.filter(escalate_at__gt=now).update(escalate_at=F("escalate_at") - back)
    FireDrill.objects.filter(ends_at__gt=now).update(ends_at=F("ends_at") - back)
    waiting = WebhookCall.objects.filter(state=CallState.QUEUED, send_at__gt=now)
    waiting.update(send_at=F("send_at") - back)


def set_back(now: datetime) -> list[str]:
    """Say, for the operator's log, that the clock was set back lately; an empty list if not."""
    said = LoopBeat.objects.filter(name=NAME).exclude(error="").values_list("error", flat=True)
    for words in said:
        at, seconds = words.split()
        if abs(now - datetime.fromisoformat(at)) < TOLD_FOR:
            return [f"The database's clock was set back by {seconds} s; calls were moved with it."]
    return []
