"""How a deadline looks: the words and the shape change with the colour."""

from dataclasses import dataclass
from datetime import datetime

from . import formats

SOON, NEARLY = 0.25, 0.10


@dataclass(frozen=True)
class Deadline:
    """`used` is the share of the span that is gone, 0 to 1; without a start it is 0 or 1.

    `look` is a class of .clock, `fill` a colour for {% meter %}.
    """

    look: str
    icon: str
    late: bool
    text: str
    used: float
    fill: str


def judge(due: datetime, *, now: datetime, start: datetime | None = None) -> Deadline:
    """Say how a deadline stands. Without a `start` it only ever turns late, not amber or red."""
    left = (due - now).total_seconds()
    span = (due - start).total_seconds() if start else 0
    share = left / span if span > 0 else (1.0 if left > 0 else 0.0)
    text = formats.countdown(left)
    used = min(1.0, max(0.0, 1 - share))
    if left < 0:
        return Deadline("clock-late", "alert-octagon", True, text, 1.0, "red")
    if share < NEARLY:
        return Deadline("clock-red", "alarm", False, text, used, "red")
    if share < SOON:
        return Deadline("clock-amber", "alarm", False, text, used, "amber")
    return Deadline("", "", False, text, used, "slate")
