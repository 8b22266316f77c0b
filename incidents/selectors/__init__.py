"""What is read about incidents, scoped to who asks."""

from .drills import drills
from .duty import on_call, on_call_for
from .ladder import ladder
from .log import Wanted, matching, pinned, timeline, with_history
from .lookup import (
    Filters,
    by_reference,
    closed_of_brand,
    get_incident,
    listing,
    open_of_brand,
    with_mention,
)
from .people import insiders, memberships, outsiders, proposed, sealed, told_of_severity
from .rota import coming_shifts, late, roster
from .situation import foreseen, reachable, situation, turns

__all__ = [
    "Filters",
    "Wanted",
    "by_reference",
    "closed_of_brand",
    "coming_shifts",
    "drills",
    "foreseen",
    "get_incident",
    "insiders",
    "ladder",
    "late",
    "listing",
    "matching",
    "memberships",
    "on_call",
    "on_call_for",
    "open_of_brand",
    "outsiders",
    "pinned",
    "proposed",
    "reachable",
    "roster",
    "sealed",
    "situation",
    "timeline",
    "told_of_severity",
    "turns",
    "with_history",
    "with_mention",
]
