"""The engine's loops of this room."""

from core.engine import loop

from .publishing import OUTBOX
from .services import forgetting


@loop("quotes", every=5)
def forget_gone() -> int:
    """Empty what drafts quote of mentions that have been taken away since."""
    forgetting.forget_gone()
    return 0


@loop("publish", every=1, urgent=True)
def publish() -> int:
    """Publish what is approved and due, and settle what was left under way."""
    return OUTBOX.cycle()
