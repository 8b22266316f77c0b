"""Settings: who is on call, and who is called in which order."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from core.errors import Refused
from incidents import services
from incidents.models import EscalationPolicy, Shift
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, PolicyFactory, ShiftFactory, on_the_ladder

SignedIn = Callable[[User], Client]


@pytest.fixture
def boss(brand: Brand) -> User:
    user = UserFactory.create(name="Dora Dahl")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


def test_a_new_default_replaces_the_old_one(brand: Brand, boss: User, bob: User) -> None:
    old = on_the_ladder(brand, bob)
    step = {"target": "ON_CALL", "user": None, "role": "", "wait": 60}
    services.save_policy(brand, name="New", rounds=1, is_default=True, steps=[step], by=boss)
    old.refresh_from_db()
    assert not old.is_default


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"steps": []}, "one to 20 steps"),
        ({"rounds": 0}, "run through one to 10 times"),
        ({"name": " "}, "name"),
        ({"steps": [{"target": "USER", "user": None, "role": "", "wait": 60}]}, "Step 1"),
        ({"steps": [{"target": "ROLE", "user": None, "role": "OBSERVER", "wait": 60}]}, "role"),
        ({"steps": [{"target": "ON_CALL", "user": None, "role": "", "wait": -1}]}, "wait"),
    ],
)
def test_a_policy_that_could_call_nobody_is_refused(
    brand: Brand, boss: User, changed: dict, words: str
) -> None:
    step = {"target": "ON_CALL", "user": None, "role": "", "wait": 60}
    wanted = {"name": "New", "rounds": 1, "is_default": False, "steps": [step]}
    with pytest.raises(Refused, match=words):
        services.save_policy(brand, **(wanted | changed), by=boss)
    assert not EscalationPolicy.objects.exists()


def test_a_stranger_is_not_put_on_a_ladder_or_on_call(
    brand: Brand, boss: User, charlie: User
) -> None:
    step = {"target": "USER", "user": charlie, "role": "", "wait": 60}
    with pytest.raises(Refused):
        services.save_policy(brand, name="x", rounds=1, is_default=False, steps=[step], by=boss)
    with pytest.raises(Refused):
        services.add_shift(
            brand, user=charlie, starts_at=NOON, ends_at=database_now(), by=boss, now=NOON
        )


def test_a_shift_is_planned_in_the_brands_hours(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    Brand.objects.filter(pk=brand.pk).update(time_zone="Europe/Copenhagen")
    data = {"user": bob.pk, "starts_at": "2030-07-01T08:00", "ends_at": "2030-07-01T20:00"}
    response = signed_in(boss).post(f"/settings/on-call/?brand={brand.slug}", data)
    assert response.status_code == 302
    shift = Shift.objects.get()
    assert (shift.starts_at.hour, shift.ends_at.hour) == (6, 18)


def test_a_shift_that_ends_before_it_starts_is_refused_in_words(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    data = {"user": bob.pk, "starts_at": "2030-07-01T08:00", "ends_at": "2030-07-01T07:00"}
    response = signed_in(boss).post(f"/settings/on-call/?brand={brand.slug}", data)
    assert "A shift ends after it starts." in response.content.decode()
    assert not Shift.objects.exists()


def test_who_is_on_call_now_is_shown(
    brand: Brand, bob: User, charlie: User, other_brand: Brand, signed_in: SignedIn
) -> None:
    now = database_now()
    for user, where in ((bob, brand), (charlie, other_brand)):
        ShiftFactory.create(
            brand=where, user=user, starts_at=now.replace(year=2020), ends_at=now.replace(year=2040)
        )
    page = signed_in(bob).get("/settings/on-call/").content.decode()
    assert "Bob Berg" in page
    assert "Charlie" not in page
    assert "Plan an extra duty" not in page


def test_only_who_manages_the_brand_changes_anything(
    brand: Brand, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    policy = PolicyFactory.create(brand=brand)
    shift = ShiftFactory.create(brand=brand, user=bob)
    paths = [
        f"/settings/policies/new/{brand.slug}/",
        f"/settings/policies/{policy.pk}/",
        f"/settings/policies/{policy.pk}/delete/",
        f"/settings/on-call/{shift.pk}/remove/",
        f"/settings/on-call/?brand={brand.slug}",
    ]
    assert [signed_in(alice).post(path).status_code for path in paths] == [403] * 5
    assert [signed_in(charlie).post(path).status_code for path in paths] == [404] * 5
    assert Shift.objects.exists()
    assert EscalationPolicy.objects.exists()


def test_a_shift_and_a_policy_are_taken_away(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    policy = on_the_ladder(brand, bob)
    now = database_now()
    day = timedelta(days=1)
    past, running, coming = (
        ShiftFactory.create(brand=brand, user=bob, starts_at=now + start, ends_at=now + start + day)
        for start in (-2 * day, -day / 2, day)
    )
    client = signed_in(boss)
    client.post(f"/settings/policies/{policy.pk}/delete/")
    for shift in (past, running, coming):
        client.post(f"/settings/on-call/{shift.pk}/remove/")
    assert not EscalationPolicy.objects.exists()
    # What has been stays as it was: a duty that runs ends now.
    assert set(Shift.objects.all()) == {past, running}
    running.refresh_from_db()
    assert now <= running.ends_at <= database_now()
    past.refresh_from_db()
    assert past.ends_at == now - day
