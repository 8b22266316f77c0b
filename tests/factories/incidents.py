"""Incidents, policies and detections for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.models import Brand
from incidents.enums import Origin, Severity, Target
from incidents.models import EscalationPolicy, EscalationStep, Incident, Shift, Task
from monitoring.enums import DetectionKind
from monitoring.models import Detection

from .accounts import BrandFactory, UserFactory

NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


class PolicyFactory(DjangoModelFactory):
    """A brand's default policy, without steps."""

    class Meta:
        model = EscalationPolicy

    brand = factory.SubFactory(BrandFactory)
    name = "Ordinary hours"
    is_default = True
    rounds = 2


class StepFactory(DjangoModelFactory):
    """Calls whoever is on call, then waits three minutes."""

    class Meta:
        model = EscalationStep

    policy = factory.SubFactory(PolicyFactory)
    position = factory.Sequence(lambda number: number)
    target = Target.ON_CALL
    wait_seconds = 180


class ShiftFactory(DjangoModelFactory):
    """Twelve hours around NOON."""

    class Meta:
        model = Shift

    brand = factory.SubFactory(BrandFactory)
    user = factory.SubFactory(UserFactory)
    starts_at = NOON - timedelta(hours=6)
    ends_at = NOON + timedelta(hours=6)


class IncidentFactory(DjangoModelFactory):
    """Detected at NOON; nobody is being called, because nothing is due."""

    class Meta:
        model = Incident

    brand = factory.SubFactory(BrandFactory)
    reference = factory.Sequence(lambda number: f"CD-2026-{number + 100}")
    given_title = "Plastic in the oats"
    origin = Origin.PERSON
    severity = Severity.SEV2
    began_at = NOON - timedelta(minutes=5)
    detected_at = NOON


class TaskFactory(DjangoModelFactory):
    class Meta:
        model = Task

    incident = factory.SubFactory(IncidentFactory)
    title = factory.Sequence(lambda number: f"Task {number}")
    created_at = NOON


class DetectionFactory(DjangoModelFactory):
    """Sixty mentions where ten were expected at most, most of them negative: SEV2."""

    class Meta:
        model = Detection

    brand = factory.SubFactory(BrandFactory)
    kind = DetectionKind.VOLUME
    started_at = NOON - timedelta(minutes=5)
    detected_at = NOON
    value = 60
    expected_low = 2
    expected_high = 10
    score = 9
    negative_share = 0.7


def on_the_ladder(brand: Brand, *users: Any, wait: int = 180) -> EscalationPolicy:
    """Make the brand's default policy, which calls these people one after the other."""
    policy: EscalationPolicy = PolicyFactory.create(brand=brand)
    for position, user in enumerate(users, start=1):
        StepFactory.create(
            policy=policy, position=position, target=Target.USER, user=user, wait_seconds=wait
        )
    return policy
