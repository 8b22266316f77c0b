"""Cases whose beginning is known: rooms above register where they keep them.

A rehearsal holds what a rule would have called against them.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from .rehearsing import Known

Finder = Callable[[int, datetime, datetime], Iterable[Known]]
_FINDERS: list[Finder] = []


def known_by(finder: Finder) -> Finder:
    """Register `finder(brand_id, since, until)`; usable as a decorator."""
    _FINDERS.append(finder)
    return finder


def of_brand(brand_id: int, *, since: datetime, until: datetime) -> list[Known]:
    """The cases that began in this span, the earliest first."""
    found = [case for finder in _FINDERS for case in finder(brand_id, since, until)]
    return sorted(found, key=lambda case: case.began_at)
