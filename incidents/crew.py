"""How long people have been at it: hours in roles, in the incident, calls at night."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User

from .models import Call, Incident
from .models_plan import CrewCare
from .models_roles import RoleHolding

NIGHT_FROM, NIGHT_TO = 22, 7
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Limit:
    """How long a role may be held, and how long after that somebody else is called."""

    limit: timedelta
    grace: timedelta


USUAL = Limit(timedelta(hours=8), timedelta(minutes=30))


def limit_for(incident: Incident) -> Limit:
    """Return what the plan says, else the brand, else the usual."""
    care = incident.plan["content"]["care"] if incident.plan else {}
    limit, grace = care.get("limit"), care.get("grace")
    if limit is None or grace is None:
        brands = CrewCare.objects.filter(brand=incident.brand_id).first()
        limit = limit or (brands.limit_seconds if brands else USUAL.limit.total_seconds())
        grace = grace or (brands.grace_seconds if brands else USUAL.grace.total_seconds())
    return Limit(timedelta(seconds=limit), timedelta(seconds=grace))


@dataclass(frozen=True)
class Strain:
    """`worked`: seconds with at least one role in the incident; `nights`: calls this week."""

    worked: float = 0
    nights: int = 0


def strains(incident: Incident, *, now: datetime) -> dict[int, Strain]:
    """Return how much everybody who has or had a role has done: two queries."""
    end = incident.resolved_at or now
    spans: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    people: dict[int, User] = {}
    for row in incident.holdings.filter(is_deputy=False).select_related("user"):
        spans[row.user_id].append((row.since, min(row.until or end, end)))
        people[row.user_id] = row.user
    nights = night_calls(people.values(), now=now)
    return {pk: Strain(union(each), nights.get(pk, 0)) for pk, each in spans.items()}


def union(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """Return the seconds that any of the spans covers: two roles at once are one person's time."""
    total, reached = timedelta(0), None
    for start, end in sorted(spans):
        begin = start if reached is None or start > reached else reached
        if end > begin:
            total += end - begin
        reached = end if reached is None else max(reached, end)
    return total.total_seconds()


def night_calls(people: Iterable[User], *, now: datetime) -> dict[int, int]:
    """Return how often each was called between 22 and 7 o'clock where they live, in 7 days.

    Calls of all their brands count: it is one night's sleep. Only the number is shown.
    """
    zones = {user.pk: ZoneInfo(user.time_zone) for user in people}
    recent = Call.objects.filter(user__in=zones, fired_at__gt=now - WEEK, fired_at__lte=now)
    counts: dict[int, int] = defaultdict(int)
    for user_id, at in recent.values_list("user_id", "fired_at"):
        hour = at.astimezone(zones[user_id]).hour
        counts[user_id] += hour >= NIGHT_FROM or hour < NIGHT_TO
    return dict(counts)


def held_seconds(row: RoleHolding, incident: Incident, *, now: datetime) -> float:
    end = row.until or incident.resolved_at or now
    return max(0.0, (end - row.since).total_seconds())
