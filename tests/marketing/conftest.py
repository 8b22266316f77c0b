"""A brand with an account, whose calendar bob plans and alice pauses."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from incidents.models import Incident
from marketing import services
from marketing.models import Pause, ScheduledPost
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory
from tests.factories.marketing import PostFactory

Press = Callable[..., Pause]


@pytest.fixture
def account(brand: Brand) -> ConnectedAccount:
    return AccountFactory.create(brand=brand, name="@fjordkaffe", config={"world": "test"})


@pytest.fixture
def due(account: ConnectedAccount, bob: User) -> ScheduledPost:
    """A post whose time has come this second."""
    return PostFactory.create(account=account, author=bob, text="Kaffe, som den skal smage.")


@pytest.fixture
def ahead(account: ConnectedAccount, bob: User) -> ScheduledPost:
    """A post of tomorrow."""
    return PostFactory.create(account=account, author=bob, at=later(24 * 60))


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    return IncidentFactory.create(
        brand=brand, reference="CD-2026-014", lead=alice, given_title="Plastik i kaffen",
        crisis_type="product_safety",
    )  # fmt: skip


@pytest.fixture
def olga(brand: Brand) -> User:
    """An observer of the brand: sees everything and changes nothing."""
    user = UserFactory.create(email="olga@example.org", name="Olga Observer")
    MembershipFactory.create(user=user, brand=brand, role=Role.OBSERVER)
    return user


@pytest.fixture
def press(brand: Brand, alice: User) -> Press:
    """Alice pauses the brand."""

    def pressed(reason: str = "Plastik i kaffen", **more: object) -> Pause:
        planned_end = more.pop("planned_end", None)
        gap = more.pop("gap", 30)
        terms = services.Terms(reason, planned_end, gap)
        scope = services.Scope(**{
            name: more.pop(name, ()) for name in ("networks", "countries", "exempt_tags")
        })  # fmt: skip
        return services.press(brand, terms, by=alice, now=timezone.now(), scope=scope, **more)

    return pressed


def later(minutes: float) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)
