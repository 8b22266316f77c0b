"""The engine's work for this room."""

from datetime import timedelta

from core.clock import database_now
from core.engine import audit, loop
from core.timers import timer

from .models import Delivery, Provider, ReplyInbox
from .services import probe_due
from .services.circuits import down_for
from .services.lanes import Lanes

_LANES = Lanes()
# A provider may fail for so long before the operator's log says so.
SILENT = timedelta(minutes=1)

timer(Delivery, "send_at")
timer(Provider, "probe_at")
timer(ReplyInbox, "read_at")


@loop("send", every=1, urgent=True)
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
