"""The demo's company is prepared: somebody is on duty at any hour, and every kind has its plan."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.enums import Role
from accounts.models import Brand, User
from crisisdesk.demo.duty import plan_duty
from crisisdesk.demo.people import CARE, DUTY, LEAD
from crisisdesk.demo.prepared import prepare
from incidents import selectors
from incidents.enums import PlanKind, PlanState
from incidents.models_plan import CrisisPlan
from tests.factories.accounts import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Copenhagen")


@pytest.fixture
def people(brand: Brand) -> dict[str, User]:
    roles = {LEAD: Role.ADMINISTRATOR, DUTY: Role.RESPONDER, CARE: Role.RESPONDER}
    found = {each.email: UserFactory.create(email=each.email, name=each.name) for each in roles}
    for each, role in roles.items():
        MembershipFactory.create(brand=brand, user=found[each.email], role=role)
    return found


@pytest.mark.parametrize("hour", [(23, 7), (23, 8), (29, 23)])
def test_the_first_in_the_line_is_on_duty_whenever_the_demo_is_loaded(
    brand: Brand, people: dict[str, User], hour: tuple[int, int]
) -> None:
    now = datetime(2026, 11, *hour, tzinfo=ZONE)
    plan_duty(brand, people, now=now)
    roster, _people = selectors.roster(brand, at=now)
    assert roster.on_call == {people[DUTY.email].pk}


def test_every_kind_of_crisis_has_a_plan_that_incidents_run_on(
    brand: Brand, people: dict[str, User]
) -> None:
    prepare(brand, people[LEAD.email], now=datetime(2026, 11, 23, 12, tzinfo=ZONE))
    published = CrisisPlan.objects.filter(brand=brand, versions__state=PlanState.PUBLISHED)
    assert set(published.values_list("kind", flat=True)) == set(PlanKind) - {PlanKind.OWN}
    steps = brand.policies.get().steps.all()
    assert [(step.target, step.line) for step in steps] == [
        ("ON_CALL", 1),
        ("ON_CALL", 2),
        ("USER", 1),
    ]
