"""Rotas for tests."""

from datetime import datetime, timedelta
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Brand, User
from incidents import rotation
from incidents.enums_rota import TurnUnit
from incidents.models_rota import Absence, Override, Rota, RotaVersion
from incidents.rotation import Hours, Line, Plan
from incidents.services import calendar_feeds, hand_over, swaps
from incidents.services.covers import Part

from .accounts import BrandFactory
from .incidents import NOON

BEGAN = NOON - timedelta(days=365)


class RotaFactory(DjangoModelFactory):
    """Without a version: nobody is on duty."""

    class Meta:
        model = Rota

    brand = factory.SubFactory(BrandFactory)
    name = factory.Sequence(lambda number: f"Rota {number}")
    created_at = BEGAN
    told_until = NOON


def line_of(*users: User, **given: Any) -> Line:
    """Weekly turns from Monday 16 November 2026 at 08:00, which NOON is in the first of."""
    made: dict[str, Any] = {
        "key": 1, "name": "First line", "people": tuple(user.pk for user in users), "every": 1,
        "unit": TurnUnit.WEEK, "starts": datetime(2026, 11, 16, 8),
    }  # fmt: skip
    return Line(**(made | given))


def plan_of(*lines: Line, **given: Any) -> Plan:
    return Plan(**({"zone": "Europe/Copenhagen", "lines": lines} | given))


def rota_of(brand: Brand, *lines: Line, since: datetime = BEGAN, **given: Any) -> Rota:
    """Make a rota that has these lines since a year before NOON; other values are the plan's."""
    rota: Rota = RotaFactory.create(brand=brand)
    version(rota, plan_of(*lines, **given), since)
    return rota


def version(rota: Rota, plan: Plan, since: datetime, until: datetime | None = None) -> RotaVersion:
    return RotaVersion.objects.create(
        rota=rota, valid_from=since, valid_until=until, plan=rotation.write(plan), made_at=since
    )


def cover(rota: Rota, user: User, start: datetime, hours: float, line: int = 1) -> Override:
    return Override.objects.create(
        rota=rota, line=line, user=user, starts_at=start,
        ends_at=start + timedelta(hours=hours), made_at=start,
    )  # fmt: skip


def away(user: User, start: datetime, hours: float) -> Absence:
    return Absence.objects.create(
        user=user, starts_at=start, ends_at=start + timedelta(hours=hours), made_at=start
    )


def on_duty(brand: Brand, karen: User, bob: User) -> dict[str, int]:
    """Make a rota with a cover, an absence, a note and somebody who asks for cover.

    Return the ids that its pages take, by their names.
    """
    now = timezone.now()
    days = (Hours(frozenset(range(5)), 480, 1320),)
    rota = rota_of(
        brand,
        line_of(karen, starts=now.replace(tzinfo=None) - timedelta(weeks=2), name="Første linje"),
        line_of(bob, key=2, name="Anden linje", hours=days, starts=datetime(2026, 1, 5, 8)),
        since=now - timedelta(weeks=1), fallback=karen.pk, calendar="DK",
    )  # fmt: skip
    Rota.objects.filter(pk=rota.pk).update(name="Døgnvagt")
    cover(rota, bob, now + timedelta(days=1), 3)
    away(karen, now + timedelta(days=3), 24)
    hand_over.write_hand_over(rota.pk, text="Hold øje med forummet", by=bob, now=now)
    part = Part(1, now + timedelta(hours=1), now + timedelta(hours=2))
    swaps.ask(rota.pk, part, by=karen, note="Tandlæge", now=now)
    calendar_feeds.add_feed(karen, now=now)
    return {f"incidents:{page}": rota.pk for page in ("rota", "rota_edit", "ask_cover")}
