"""What was learned from incidents."""

from django.db.models import QuerySet

from accounts.models import User
from incidents.models import Incident

from .models import Lesson, Reckoning


def lessons(user: User, reference: str) -> QuerySet[Lesson]:
    """Return the lessons of an incident that `user` may see."""
    visible = Incident.objects.visible_to(user).filter(reference=reference)
    found = Lesson.objects.filter(incident__in=visible)
    return found.select_related("author", "incident")


def reckoning_of(incident: Incident) -> Reckoning | None:
    """What was worked out of an incident that the caller may see; None before it has ended."""
    return Reckoning.objects.filter(incident=incident, made_at__isnull=False).first()
