"""The Retry-After header: a number of seconds, or a date."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# However long somebody asks us to stay away: after a day it is worth a look.
LONGEST = 86_400.0


def seconds(header: str | None, *, now: datetime) -> float | None:
    """Return how long to wait, between 0 and LONGEST; None where the header does not say."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST)
