"""What was learned from earlier incidents, beside those that a new one reminds of.

Imported by the AppConfig.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from incidents.precedents import lessons

from .models import Lesson

MOST = 3


@lessons
def learned(incident_ids: Sequence[int]) -> Mapping[int, list[str]]:
    """The first lessons of each of these incidents."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = Lesson.objects.filter(incident__in=incident_ids).order_by("pk")
    for pk, text in rows.values_list("incident", "text"):
        if len(found[pk]) < MOST:
            found[pk].append(text)
    return found
