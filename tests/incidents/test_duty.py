"""Who is on duty, as escalation asks: from rows, in two queries, however much has been."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from incidents import selectors, services
from incidents.enums_rota import How
from incidents.models import Incident
from incidents.rotation import Hours
from incidents.selectors import duty
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory, ShiftFactory
from tests.factories.rota import away, cover, line_of, plan_of, rota_of, version

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
NIGHTS = (Hours(frozenset(range(7)), 1200, 480),)


@pytest.fixture
def dora(brand: Brand) -> User:
    user = UserFactory.create(name="Dora Dahl")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


def test_the_first_line_stands_first_and_is_called_first(
    brand: Brand, alice: User, bob: User
) -> None:
    rota_of(brand, line_of(bob), line_of(alice, key=2, name="Second line"))
    assert duty.on_call(brand, NOON) == [bob, alice]
    assert selectors.roster(brand, at=NOON)[0].on_call == {bob.pk}


def test_the_second_line_is_called_while_the_first_rests(
    brand: Brand, alice: User, bob: User
) -> None:
    rota_of(brand, line_of(bob, hours=NIGHTS), line_of(alice, key=2))
    assert selectors.roster(brand, at=NOON)[0].on_call == {alice.pk}
    assert selectors.roster(brand, at=NOON + 10 * HOUR)[0].on_call == {bob.pk}


def test_each_rota_of_the_brand_and_extra_duties_are_called_together(
    brand: Brand, alice: User, bob: User, dora: User
) -> None:
    rota_of(brand, line_of(bob))
    rota_of(brand, line_of(alice))
    ShiftFactory.create(brand=brand, user=dora)
    assert selectors.roster(brand, at=NOON)[0].on_call == {alice.pk, bob.pk, dora.pk}
    assert set(duty.on_call(brand, NOON)) == {alice, bob, dora}


def test_a_cover_an_absence_and_the_fallback_are_read_from_their_rows(
    brand: Brand, alice: User, bob: User, dora: User
) -> None:
    rota = rota_of(brand, line_of(bob, alice), fallback=dora.pk)
    assert duty.on_call(brand, NOON) == [bob]
    away(bob, NOON, 2)
    assert duty.on_call(brand, NOON) == [alice]
    cover(rota, dora, NOON, 1)
    assert duty.on_call(brand, NOON) == [dora]
    assert duty.on_call(brand, NOON + HOUR) == [alice]
    assert duty.on_call(brand, NOON + 2 * HOUR) == [bob]
    away(alice, NOON, 9)
    away(bob, NOON + 3 * HOUR, 9)
    found = duty.duties_at([brand.pk], NOON + 4 * HOUR, duty.able_people([brand.pk]))
    assert [(each.user, each.how, each.number) for each in found] == [(dora, How.FALLBACK, 0)]


@pytest.mark.parametrize("gone", ["inactive", "observer", "left"])
def test_who_can_no_longer_answer_is_passed_over_and_the_next_is_called(
    brand: Brand, alice: User, bob: User, gone: str
) -> None:
    rota_of(brand, line_of(bob, alice))
    assert duty.on_call(brand, NOON) == [bob]
    if gone == "inactive":
        User.objects.filter(pk=bob.pk).update(is_active=False)
    elif gone == "observer":
        Membership.objects.filter(user=bob).update(role=Role.OBSERVER)
    else:
        Membership.objects.filter(user=bob).delete()
    assert duty.on_call(brand, NOON) == [alice]
    assert selectors.roster(brand, at=NOON)[0].on_call == {alice.pk}


def test_nobody_of_another_brand_is_on_duty_and_many_brands_are_read_at_once(
    brand: Brand, other_brand: Brand, bob: User, charlie: User
) -> None:
    rota_of(brand, line_of(bob, charlie))
    rota_of(other_brand, line_of(charlie))
    found = duty.on_call_for([brand.pk, other_brand.pk], NOON)
    assert found == {brand.pk: [bob], other_brand.pk: [charlie]}
    assert duty.on_call(brand, NOON + WEEK) == [bob]


def test_each_moment_is_read_from_the_version_of_that_time(
    brand: Brand, alice: User, bob: User
) -> None:
    rota = rota_of(brand, line_of(bob))
    rota.versions.update(valid_until=NOON)
    version(rota, plan_of(line_of(alice)), NOON, NOON + HOUR)
    assert duty.on_call(brand, NOON - timedelta(seconds=1)) == [bob]
    assert duty.on_call(brand, NOON) == [alice]
    assert duty.on_call(brand, NOON + HOUR) == []


def test_asking_costs_two_queries_whatever_there_is(
    brand: Brand,
    other_brand: Brand,
    alice: User,
    bob: User,
    django_assert_num_queries: Callable,
) -> None:
    def ask() -> None:
        with django_assert_num_queries(2):
            duty.on_call_for([brand.pk, other_brand.pk], NOON)
        with django_assert_num_queries(2):
            selectors.roster(brand, at=NOON)

    ask()
    for back in range(1, 6):
        rota = rota_of(brand, line_of(bob, alice), line_of(alice, key=2))
        cover(rota, alice, NOON - back * WEEK, 2)
        cover(rota, alice, NOON, 2)
        away(bob, NOON - back * WEEK, 2)
        ShiftFactory.create(brand=brand, user=alice)
    ask()


@pytest.mark.parametrize(
    "plan",
    [
        {"lines": "x"},
        {"zone": "Europe/Atlantis", "lines": []},
        {"zone": "UTC", "lines": [{"key": 1, "name": "x", "people": [1], "every": 0,
                                   "unit": "DAY", "starts": "2026-01-01T08:00"}]},
    ],
)  # fmt: skip
def test_a_rota_that_is_broken_keeps_nobody_else_from_being_called(
    brand: Brand, alice: User, bob: User, plan: dict
) -> None:
    broken = rota_of(brand, line_of(bob))
    rota_of(brand, line_of(alice))
    broken.versions.update(plan=plan)
    assert selectors.roster(brand, at=NOON)[0].on_call == {alice.pk}


def test_a_step_calls_the_first_line_then_the_second_and_in_a_gap_the_fallback(
    brand: Brand, alice: User, bob: User, dora: User
) -> None:
    days = (Hours(frozenset(range(7)), 480, 1200),)
    rota_of(brand, line_of(bob, hours=days), line_of(alice, key=2, hours=days), fallback=dora.pk)
    first = {"target": "ON_CALL", "wait": 60}
    ladder = [first, first | {"line": 2}]
    for now, called in ((NOON, [bob, alice]), (NOON + 10 * HOUR, [dora])):
        incident = IncidentFactory.create(
            brand=brand, ladder=ladder, ladder_rounds=1, escalate_at=now, severity=2
        )
        for minute in range(len(called)):
            assert services.fire_next(now=now + minute * timedelta(minutes=1))
        assert [call.user for call in incident.calls.order_by("rung")] == called
        Incident.objects.filter(pk=incident.pk).update(escalate_at=None)
