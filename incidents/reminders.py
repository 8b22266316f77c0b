"""When a task is told of: once before it is due, once when it is late."""

from datetime import datetime, timedelta

# Before the time it is due: a quarter of an hour, or half of a shorter time.
LEAD = timedelta(minutes=15)
BEFORE, LATE = 0, 1


def first(due_at: datetime | None, *, created_at: datetime) -> datetime | None:
    """Return when a task that is made, or given another time, is told of first."""
    if due_at is None:
        return None
    lead = min(LEAD, max(due_at - created_at, timedelta(0)) / 2)
    return due_at - lead


def after(reminded: int, due_at: datetime) -> datetime | None:
    """Return when it is told of again after so many times; None when all is said."""
    return due_at if reminded <= LATE else None
