"""How often a plan would have applied, what its matrix would have said, and when it was drilled."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from accounts.services import issue_token
from incidents.enums import Closing, PlanKind, Severity, State
from incidents.models import Incident
from incidents.models_escalation import FireDrill
from incidents.models_plan import PlanVersion
from incidents.selectors.plan_practice import Practice, practice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory, on_the_ladder
from tests.factories.plans import content, published

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SignedIn = Callable[[User], Client]


@pytest.fixture
def version(brand: Brand) -> PlanVersion:
    return published(brand)


def past(brand: Brand, *, days: int = 1, **more: Any) -> Incident:
    kept = {"crisis_type": "viral_backlash", "state": State.RESOLVED, "severity": 3}
    at = {"detected_at": NOON - days * DAY, "began_at": NOON - days * DAY}
    return IncidentFactory.create(brand=brand, **{**kept, **at, **more})


def asked(version: PlanVersion, user: User, **changed: Any) -> Practice:
    return practice(version.plan, content(**changed), user, now=NOON)


def test_incidents_of_its_kind_in_ninety_days_count(
    brand: Brand, other_brand: Brand, alice: User, version: PlanVersion
) -> None:
    past(brand)
    past(brand, days=89)
    past(brand, days=91)
    past(brand, crisis_type="data_breach")
    past(brand, closed_as=Closing.DISMISSED)
    past(brand, closed_as=Closing.MERGED)
    past(brand, state=State.TRIAGE)
    past(brand, is_drill=True)
    past(brand, is_private=True)
    past(other_brand)
    assert asked(version, alice).applied == 2


def test_a_plan_of_an_own_kind_counts_what_ran_on_it(brand: Brand, alice: User) -> None:
    version = published(brand, PlanKind.OWN)
    past(brand, crisis_type="none")
    past(brand, crisis_type="none", plan={"id": version.plan_id, "version": 1})
    assert asked(version, alice).applied == 1


def test_tasks_are_counted_by_their_conditions(
    brand: Brand, alice: User, version: PlanVersion
) -> None:
    past(brand, severity=1)
    past(brand, severity=3)
    past(brand, severity=3, personal_data=True)
    assert asked(version, alice).tasks == {"always": 3, "grave": 1, "data": 1, "last": 3}


def test_the_matrix_is_held_against_the_figures_of_then(
    brand: Brand, alice: User, version: PlanVersion
) -> None:
    """The same incident by two matrices; what a person scored stands in both."""
    matrix = content()["matrix"]
    scores = {"reach": {"points": 0, "figure": 5000}, "speed": {"points": 0, "figure": None}}
    past(brand, severity=4, scores=scores)
    judged = {"harm": {"points": 2, "by": "Alice", "why": "Somebody is hurt"}}
    past(brand, severity=4, scores=judged)
    lax = matrix | {"levels": {"1": 9, "2": 8, "3": 7}, "floor": 4}
    lax["harm"] = {"kinds": {}, "guide": ["", ""]}
    found = asked(version, alice, matrix=lax)
    assert (found.severities, found.differing) == ([(Severity.SEV4, 2)], 0)
    strict = lax | {"reach": [1000, 2000], "levels": {"1": 4, "2": 2, "3": 1}}
    found = asked(version, alice, matrix=strict)
    assert (found.severities, found.differing) == ([(Severity.SEV2, 2)], 2)


def test_the_last_drill_is_of_the_policy_that_the_plan_would_use(
    brand: Brand, alice: User, version: PlanVersion
) -> None:
    assert asked(version, alice).policy is None
    policy = on_the_ladder(brand, alice)
    assert (asked(version, alice).policy, asked(version, alice).drill) == (policy, None)
    for ago in (3, 1):
        FireDrill.objects.create(
            brand=brand, policy=policy, policy_name="P", started_at=NOON - ago * DAY
        )
    drill = asked(version, alice).drill
    assert drill
    assert drill.started_at == NOON - DAY


def test_the_pages_tell_it_to_writers_and_readers_with_the_same_queries(
    brand: Brand, alice: User, version: PlanVersion, signed_in: SignedIn
) -> None:
    policy, now = on_the_ladder(brand, alice), timezone.now()
    reader = UserFactory.create()
    MembershipFactory.create(user=reader, brand=brand, role=Role.OBSERVER)
    address = f"/plans/{version.plan_id}/?tab=tasks"
    html = signed_in(alice).get(address).content.decode()
    assert "never drilled" in html
    assert "It would not have applied." in html
    FireDrill.objects.create(brand=brand, policy=policy, policy_name="P", started_at=now)
    past(brand, detected_at=now - DAY, severity=1)
    for user in (alice, reader):
        client = signed_in(user)
        client.get(address)
        with CaptureQueriesContext(connection) as one:
            html = client.get(address).content.decode()
        assert "It would have applied once." in html
        assert "last drilled" in html
        assert html.count("Would have come once in 90 days") == 3
        assert html.count("Would not have come in 90 days") == 1
    for _each in range(5):
        past(brand, detected_at=now - DAY)
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(one)


def test_the_api_tells_it_and_strangers_nothing(
    brand: Brand, alice: User, charlie: User, version: PlanVersion
) -> None:
    past(brand, detected_at=timezone.now() - DAY, severity=2)
    path = f"/api/v1/plans/{version.plan_id}/practice/"

    def get(user: User) -> Any:
        _token, secret = issue_token(user, name="test")
        return Client().get(path, headers={"authorization": f"Bearer {secret}"})

    found = get(alice).json()
    assert (found["applied"], found["tasks"]["grave"], found["last_drilled_at"]) == (1, 1, None)
    assert get(charlie).status_code == 404
