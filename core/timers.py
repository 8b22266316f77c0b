"""Columns that say when something is due, and end up an hour ahead when the clock is set back.

A room registers each of its own beside its loops. What was agreed by the clock on the wall (a
promise to the public, a task's deadline, a turn of duty) is no such column: it stays.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Model, Q

TIMERS: list["Timer"] = []


@dataclass(frozen=True)
class Timer:
    """Rows of `model` for which `only` holds are due at `column`."""

    model: type[Model]
    column: str
    only: Q

    def move(self, back: timedelta, *, now: datetime) -> None:
        """Bring what lies ahead as much nearer; what is due already stays due."""
        ahead = self.model._base_manager.filter(self.only, **{f"{self.column}__gt": now})
        ahead.update(**{self.column: F(self.column) - back})


def timer(model: type[Model], *columns: str, only: Q | None = None) -> None:
    """Register columns that count from when they were set: waits, leases, pauses."""
    TIMERS.extend(Timer(model, column, only or Q()) for column in columns)


def move_all(back: timedelta, *, now: datetime) -> None:
    """Move every room's timers by as much as the clock was set back."""
    for each in TIMERS:
        each.move(back, now=now)
