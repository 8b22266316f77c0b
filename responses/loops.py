"""The engine's loop of this room."""

from functools import cache

from core.engine import loop

from .publishing import Outbox


@cache
def _outbox() -> Outbox:
    """Made by the engine's first cycle: no other process needs its threads."""
    return Outbox()


@loop("publish", every=1)
def publish() -> int:
    """Publish what is approved and due, and settle what was left under way."""
    return _outbox().cycle()
