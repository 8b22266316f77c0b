"""What this room hears of: nudges for what its loops would find by themselves."""

from core.engine import wake
from monitoring.events import detection_made
from notifications.events import page_unreached


@detection_made.listener
def take_up_soon(*, detection_id: int) -> None:
    """The judge runs in the engine too: what it finds need not wait for the next look."""
    wake("take_up")


@page_unreached.listener
def go_on_soon(*, notice_id: int) -> None:
    """The sender runs in the engine too."""
    wake("unreached")
