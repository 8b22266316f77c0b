"""The database's clock may be set wrong: what was due in five minutes is still due in five.

Every second the engine notes the time in a row that only goes up. A clock that stands before it has
been set back: then all timers that lie ahead go back by as much, once. A clock that ran away while
the engine's own went on as ever has been set forward: that is told, and no timer is put off, since
a machine that slept looks alike, and a call too soon is better than one too late.
"""

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from core.clock import database_now
from core.engine import audit, loop
from core.models import LoopBeat
from core.timers import move_all, timer

# A row of LoopBeat that is not a loop: `beat_at` is the latest time seen, `error` when the clock
# was last set and by how many seconds, negative for back.
NAME = "clock.mark"
# Less is the ordinary slewing of a clock.
LEAST = timedelta(seconds=2)
# For so long it is told aloud that the clock was set.
TOLD_FOR = timedelta(minutes=10)
# Goes on in a machine that sleeps, where there is such a one.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# Else a loop that dies in this moment would seem to beat for as long.
timer(LoopBeat, "beat_at", only=~Q(name=NAME))


class Watch:
    """Compares the database's clock with what it said a second ago, and with this process's own."""

    def __init__(self) -> None:
        # Our own time before it was asked, and what it said.
        self._before: tuple[float, datetime] | None = None

    def look(self) -> timedelta | None:
        """Note the time; return by how much the clock was set since, negative for back."""
        LoopBeat.objects.get_or_create(name=NAME, defaults={"beat_at": database_now(), "every": 1})
        with transaction.atomic():
            mark = LoopBeat.objects.select_for_update().get(name=NAME)
            asked = time.clock_gettime(_STEADY)
            # Read under the lock: what another engine has noted is not later than this.
            now = database_now()
            forward = self._ran_away(now)
            self._before = asked, now
            jump = now - mark.beat_at if mark.beat_at - now >= LEAST else forward
            if jump and jump < timedelta():
                move_all(-jump, now=now)
            mark.beat_at = now
            if jump:
                mark.error = f"{now.isoformat()} {jump.total_seconds():.0f}"
            mark.save(update_fields=["beat_at", "error"])
        return jump

    def _ran_away(self, now: datetime) -> timedelta | None:
        """By how much it went further than we did; an answer that was slow to come is no jump."""
        if self._before is None:
            return None
        ours, theirs = self._before
        took = timedelta(seconds=time.clock_gettime(_STEADY) - ours)
        forward = now - theirs - took
        return forward if forward >= LEAST else None


_WATCH = Watch()


@loop("clock", every=1)
def clock() -> int:
    """Note the time, so that a clock that is set back silences nobody."""
    _WATCH.look()
    return 0


@audit("clock")
def wrong() -> list[str]:
    """A database clock that was set within the last ten minutes, or is not this machine's."""
    return [*_set_lately(database_now()), *_apart()]


def _set_lately(now: datetime) -> list[str]:
    said = LoopBeat.objects.filter(name=NAME).exclude(error="").values_list("error", flat=True)
    for words in said:
        at, seconds = words.split()
        if abs(now - datetime.fromisoformat(at)) >= TOLD_FOR:
            continue
        if int(seconds) < 0:
            back = seconds.removeprefix("-")
            return [f"The database's clock was set back by {back} s; calls were moved with it."]
        return [f"The database's clock was set forward by {seconds} s: calls may come early."]
    return []


def _apart() -> list[str]:
    began = time.time()
    now = database_now().timestamp()
    # It was read somewhen between asking and having the answer.
    apart = max(began - now, now - time.time())
    if apart < LEAST.total_seconds():
        return []
    return [f"The database's clock and this machine's are {apart:.0f} s apart."]
