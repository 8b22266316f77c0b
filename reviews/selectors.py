"""What was learned from incidents."""

from django.db.models import QuerySet

from accounts.models import User
from incidents.models import Incident

from .models import Lesson


def lessons(user: User, reference: str) -> QuerySet[Lesson]:
    """Return the lessons of an incident that `user` may see."""
    visible = Incident.objects.visible_to(user).filter(reference=reference)
    found = Lesson.objects.filter(incident__in=visible)
    return found.select_related("author", "incident")
