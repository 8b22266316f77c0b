"""What is read about incidents, scoped to who asks."""

from .lookup import by_reference, get_incident, listing, open_of_brand, timeline
from .rota import current_shifts, late, roster

__all__ = [
    "by_reference",
    "current_shifts",
    "get_incident",
    "late",
    "listing",
    "open_of_brand",
    "roster",
    "timeline",
]
