"""What this room hears of: nudges for what its loops would find by themselves."""

from core import live
from core.engine import wake
from monitoring.events import detection_made
from notifications.events import page_settled, page_unreached
from notifications.services import subject_of


@detection_made.listener
def take_up_soon(*, detection_id: int) -> None:
    """The judge runs in the engine too: what it finds need not wait for the next look."""
    wake("take_up")


@page_unreached.listener
def go_on_soon(*, notice_id: int) -> None:
    """The sender runs in the engine too."""
    wake("unreached")


@page_settled.listener
def show_delivery(*, notice_id: int) -> None:
    """The ladder shows what became of each call."""
    group = subject_of(notice_id)
    if group.startswith("incident."):
        live.publish(group, "ladder")
