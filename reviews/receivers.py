"""What this room hears of: a nudge for what its loop would find by itself."""

from core.engine import wake
from incidents.events import incident_resolved


@incident_resolved.listener
def reckon_soon(*, incident_id: int) -> None:
    """Only where the engine ends it; else the loop looks every five seconds."""
    wake("reviews")
