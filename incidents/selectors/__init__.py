"""What is read about incidents, scoped to who asks."""

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
from .rota import coming_shifts, current_shifts, late, roster
from .situation import foreseen, reachable, situation, turns

__all__ = [
    "Filters",
    "by_reference",
    "closed_of_brand",
    "coming_shifts",
    "current_shifts",
    "foreseen",
    "get_incident",
    "ladder",
    "late",
    "listing",
    "on_call",
    "on_call_for",
    "open_of_brand",
    "reachable",
    "roster",
    "situation",
    "timeline",
    "turns",
    "with_mention",
]
