"""Who still may hear: judged for many sockets at once, by the rules of a page's own sign-in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import Brand, Membership, User
from core.standing import SIGNED_OUT, WITHDRAWN, Claim, judge
from tests.factories.accounts import MembershipFactory

SignIn = Callable[[User], Client]


@pytest.fixture
def claim(brand: Brand, signed_in: SignIn) -> Callable[[User], Claim]:
    """A person let into the brand's group."""
    return lambda user: Claim(
        signed_in(user).cookies["sessionid"].value, user.pk, (f"brand.{brand.pk}",)
    )


Let = Callable[[User], Claim]


def test_each_claim_gets_its_own_verdict(alice: User, bob: User, charlie: User, claim: Let) -> None:
    nobody = Claim("no-such-session", alice.pk)
    claims = [claim(alice), claim(charlie), nobody, claim(bob)]
    assert judge(claims) == [0, WITHDRAWN, SIGNED_OUT, 0]


def test_a_session_that_is_another_persons_by_now_ends_the_socket(
    alice: User, bob: User, claim: Let
) -> None:
    held = claim(alice)
    assert judge([Claim(held.session, bob.pk, held.groups)]) == [SIGNED_OUT]


def test_a_new_password_an_expired_session_and_a_deactivated_person_end_the_socket(
    alice: User, bob: User, claim: Let
) -> None:
    changed, expired = claim(alice), claim(bob)
    assert judge([changed, expired]) == [0, 0]
    alice.set_password("another correct horse battery")
    alice.save()
    Session.objects.filter(pk=expired.session).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    assert judge([changed, expired]) == [SIGNED_OUT, SIGNED_OUT]
    again = claim(bob)
    assert judge([again]) == [0]
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert judge([again]) == [SIGNED_OUT]


def test_a_withdrawn_membership_is_seen_at_the_next_judgement(bob: User, claim: Let) -> None:
    held = claim(bob)
    assert judge([held]) == [0]
    Membership.objects.filter(user=bob).delete()
    assert judge([held]) == [WITHDRAWN]


@pytest.mark.parametrize("people", [1, 3])
def test_the_number_of_people_costs_no_queries(
    brand: Brand, claim: Let, people: int, django_assert_num_queries: Callable
) -> None:
    claims = [claim(MembershipFactory.create(brand=brand).user) for _ in range(people)]
    with django_assert_num_queries(3):
        assert judge(claims) == [0] * people
