"""Fire drills and what they showed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import User
from incidents.models_escalation import FireDrill
from incidents.selectors.means import Means, means_of_calls


def drills(user: User) -> QuerySet[FireDrill]:
    """Return the drills of a person's brands, the latest first."""
    found: QuerySet[FireDrill] = FireDrill.objects.visible_to(user)
    return found.select_related("brand", "incident", "started_by")


@dataclass(frozen=True)
class Reached:
    """One person of a drill: when and by which means they were called, and when they answered."""

    user: User
    step: int | None
    called_at: datetime
    times: int
    means: list[Means]
    answered_at: datetime | None

    @property
    def took(self) -> timedelta | None:
        return self.answered_at - self.called_at if self.answered_at else None


def report(drill: FireDrill) -> list[Reached]:
    """Return who was called, in the order in which they were; four queries."""
    if drill.incident is None:
        return []
    answers = dict(drill.answers.values_list("user_id", "at"))
    places = dict(drill.incident.fired_steps.values_list("rung", "place"))
    calls = list(drill.incident.calls.select_related("user").order_by("fired_at", "pk"))
    means = means_of_calls(calls)
    rows: list[Reached] = []
    for user_id in dict.fromkeys(call.user_id for call in calls):
        own = [call for call in calls if call.user_id == user_id]
        first = own[0]
        place = places.get(first.rung)
        rows.append(
            Reached(
                first.user,
                None if place is None else place + 1,
                first.fired_at,
                len(own),
                means.get(first.pk, []),
                answers.get(user_id),
            )
        )
    return rows
