"""What this room hears of: nudges for what its loops would find by themselves."""

from core.engine import wake
from monitoring.events import detection_made


@detection_made.listener
def take_up_soon(*, detection_id: int) -> None:
    """The judge runs in the engine too: what it finds need not wait for the next look."""
    wake("take_up")
