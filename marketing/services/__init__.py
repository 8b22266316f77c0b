"""Everything that changes the calendar and the pause."""

from .deciding import keep, keep_ahead, let_drop, undecide
from .outcome import settle
from .pausing import (
    Scope,
    Terms,
    end,
    press,
    press_by_policy,
    prolong,
    remind_due,
    take_over,
    tick,
)
from .posts import Planned, change, drop, exempt, plan

__all__ = [
    "Planned",
    "Scope",
    "Terms",
    "change",
    "drop",
    "end",
    "exempt",
    "keep",
    "keep_ahead",
    "let_drop",
    "plan",
    "press",
    "press_by_policy",
    "prolong",
    "remind_due",
    "settle",
    "take_over",
    "tick",
    "undecide",
]
