"""The engine's work for this room."""

from datetime import datetime, timedelta

from core.clock import database_now
from core.engine import audit, loop
from core.home import ending
from core.timers import timer

from .enums import DeliveryState
from .models import Delivery, Notice, Provider, ReplyInbox
from .services import probe_due
from .services.circuits import down_for
from .services.lanes import Lanes

_LANES = Lanes()
# A provider may fail for so long before the operator's log says so.
SILENT = timedelta(minutes=1)
# What nobody has tried to send, or to take up, by then.
GRACE = timedelta(seconds=30)

timer(Delivery, "send_at")
timer(Provider, "probe_at")
timer(ReplyInbox, "read_at")


@loop("send", every=1, urgent=True, outward=True)
def send() -> int:
    """Send what is due, and that whose sender did not come back."""
    return _LANES.run()


@loop("probe", every=5)
def probe() -> int:
    """Knock at the doors of providers that are down."""
    return probe_due(database_now())


@audit("providers")
def providers() -> list[str]:
    """Who should carry notices and has not for a minute."""
    return down_for(database_now(), SILENT)


@audit("notices")
def overdue() -> list[str]:
    """Messages half a minute past due, and calls that reached nobody and went no further."""
    before = database_now() - GRACE
    unsent = Delivery.objects.due(before).count()
    stuck = Notice.objects.filter(unreached_at__lt=before, unreached_handled_at=None).count()
    found = [f"{unsent} messages to people are overdue"] if unsent else []
    return found + ([f"{stuck} calls that reached nobody go no further"] if stuck else [])


@ending
def forget_what_waited(now: datetime) -> None:
    """What waited in a restored copy has gone out, or is old: it stays in the app."""
    waiting = Delivery.objects.filter(state=DeliveryState.QUEUED)
    waiting.update(state=DeliveryState.CANCELLED, send_at=None, claim="")
