"""The engine's work for this room."""

from core.clock import database_now
from core.engine import loop

from .services import send_due


@loop("send", every=1)
def send() -> int:
    """Send the pages that are due, and those whose sender did not come back."""
    return send_due(database_now())
