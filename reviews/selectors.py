"""What was learned from incidents."""

from django.db.models import Q, QuerySet

from accounts.models import User
from incidents.models import Incident

from .enums import FollowUpState
from .models import FollowUp, Lesson, Reckoning


def lessons(user: User, reference: str) -> QuerySet[Lesson]:
    """Return the lessons of an incident that `user` may see."""
    visible = Incident.objects.visible_to(user).filter(reference=reference)
    found = Lesson.objects.filter(incident__in=visible)
    return found.select_related("author", "incident")


def reckoning_of(incident: Incident) -> Reckoning | None:
    """What was worked out of an incident that the caller may see; None before it has ended."""
    return Reckoning.objects.filter(incident=incident, made_at__isnull=False).first()


def follow_ups(user: User, reference: str = "") -> QuerySet[FollowUp]:
    """Return the follow-ups of the incidents that `user` may see, or of one, the next due first."""
    visible = Incident.objects.visible_to(user)
    if reference:
        visible = visible.filter(reference=reference)
    found = FollowUp.objects.filter(incident__in=visible)
    return found.select_related("incident__brand", "owner", "settled_by").order_by("due_on", "pk")


def chosen_follow_ups(user: User, shown: str) -> QuerySet[FollowUp]:
    """Those of a tab of the list: `mine` and `open` ones, or `settled`, the latest first."""
    found = follow_ups(user)
    if shown == "settled":
        return found.exclude(state=FollowUpState.OPEN).order_by("-settled_at", "-pk")
    own = Q(owner=user) if shown == "mine" else Q()
    return found.filter(own, state=FollowUpState.OPEN)
