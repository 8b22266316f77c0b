"""The engine brings the ready-made cases up to their files."""

from core.clock import database_now
from core.engine import loop

from .cases import shipped


@loop("shipped_cases", every=600)
def shipped_cases() -> int:
    """Write what is new or changed; nothing, as long as the files are the same.

    Says that it did nothing, whatever it did: one cycle does all.
    """
    shipped.load(now=database_now())
    return 0
