"""What is read about incidents, scoped to who asks."""

from .drills import drills
from .duty import on_call, on_call_for
from .ladder import ladder
from .lookup import (
    Filters,
    by_reference,
    closed_of_brand,
    get_incident,
    listing,
    open_of_brand,
    timeline,
    with_mention,
)
from .people import insiders, memberships, outsiders, proposed, sealed, told_of_severity
from .rota import coming_shifts, late, roster
from .situation import foreseen, reachable, situation, turns

__all__ = [
    "Filters",
    "by_reference",
    "closed_of_brand",
    "coming_shifts",
    "current_shifts",
    "drills",
    "foreseen",
    "get_incident",
    "insiders",
    "ladder",
    "late",
    "listing",
    "memberships",
    "on_call",
    "on_call_for",
    "open_of_brand",
    "outsiders",
    "proposed",
    "reachable",
    "roster",
    "sealed",
    "situation",
    "timeline",
    "told_of_severity",
    "turns",
    "with_mention",
]
