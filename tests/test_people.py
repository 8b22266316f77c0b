"""The three people of the tests are to each other what every room's tests take them for."""

import socket
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import allowed


def test_alice_leads_bob_works_and_charlie_is_a_stranger(
    brand: Brand, alice: User, bob: User, charlie: User
) -> None:
    assert allowed(alice, Permission.APPROVE, brand)
    assert allowed(bob, Permission.DRAFT, brand)
    assert not allowed(bob, Permission.APPROVE, brand)
    assert not allowed(charlie, Permission.VIEW, brand)
    assert charlie.roles


def test_each_person_has_a_browser_of_their_own(
    signed_in: Callable[[User], Client], alice: User, bob: User
) -> None:
    assert signed_in(alice).session["_auth_user_id"] == str(alice.pk)
    assert signed_in(bob).session["_auth_user_id"] == str(bob.pk)


def test_no_test_calls_beyond_this_machine() -> None:
    with socket.socket() as line, pytest.raises(RuntimeError, match=r"wanted to call 192\.0\.2\.1"):
        line.connect(("192.0.2.1", 80))
