"""Brands and tokens over the API."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.enums import Role
from accounts.models import ApiToken, Brand, User
from accounts.services import issue_token, remove_member, revoke_token
from tests.factories.accounts import BrandFactory, MembershipFactory


def client_with(secret: str) -> Client:
    return Client(headers={"authorization": f"Bearer {secret}"})


@pytest.fixture
def api(alice: User) -> Client:
    return client_with(issue_token(alice, name="tests")[1])


def test_it_lists_the_callers_brands_with_the_callers_role(
    api: Client, brand: Brand, other_brand: Brand, charlie: User
) -> None:
    answer = api.get("/api/v1/brands/").json()
    assert [(row["name"], row["role"]) for row in answer["results"]] == [(brand.name, "LEAD")]
    theirs = client_with(issue_token(charlie, name="tests")[1]).get("/api/v1/brands/").json()
    assert [row["name"] for row in theirs["results"]] == [other_brand.name]


def test_a_strangers_brand_is_not_there(api: Client, brand: Brand, other_brand: Brand) -> None:
    assert api.get(f"/api/v1/brands/{brand.pk}/").json()["slug"] == brand.slug
    invisible = api.get(f"/api/v1/brands/{other_brand.pk}/")
    missing = api.get("/api/v1/brands/999999999999999999999/")
    assert invisible.status_code == missing.status_code == 404
    assert invisible.json() == missing.json()


def test_a_list_costs_the_same_queries_with_one_and_three_brands(
    api: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    api.get("/api/v1/brands/")  # notes the token's use
    with django_assert_num_queries(4):
        api.get("/api/v1/brands/")
    for _ in range(2):
        MembershipFactory.create(user=alice, brand=BrandFactory.create(), role=Role.OBSERVER)
    with django_assert_num_queries(4):
        assert len(api.get("/api/v1/brands/").json()["results"]) == 3


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_brands_are_only_read_here(api: Client, method: str) -> None:
    assert getattr(api, method)("/api/v1/brands/").status_code == 405


@pytest.mark.parametrize("header", ["Bearer", "Bearer nonsense", "Bearer a b", "bearer \xff"])
def test_a_bad_token_is_a_401(db: None, header: str) -> None:
    response = Client(headers={"authorization": header}).get("/api/v1/brands/")
    assert response.status_code == 401


def test_a_revoked_token_and_an_inactive_user_are_out_at_once(alice: User) -> None:
    token, secret = issue_token(alice, name="one")
    _, other = issue_token(alice, name="two")
    assert client_with(secret).get("/api/v1/brands/").status_code == 200
    revoke_token(alice, token_id=token.pk)
    assert client_with(secret).get("/api/v1/brands/").status_code == 401
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client_with(other).get("/api/v1/brands/").status_code == 401


def test_a_withdrawn_membership_counts_on_the_next_call(
    api: Client, alice: User, bob: User, brand: Brand
) -> None:
    assert api.get(f"/api/v1/brands/{brand.pk}/").status_code == 200
    remove_member(brand, user=alice, by=bob)
    assert api.get(f"/api/v1/brands/{brand.pk}/").status_code == 404


def test_only_the_digest_is_stored(alice: User) -> None:
    token, secret = issue_token(alice, name="tests")
    stored = ApiToken.objects.filter(pk=token.pk).values_list().get()
    assert token.digest in stored
    assert secret not in str(stored)


def test_use_is_noted_at_most_once_a_minute(alice: User) -> None:
    token, secret = issue_token(alice, name="tests")
    api = client_with(secret)
    api.get("/api/v1/brands/")
    token.refresh_from_db()
    first = token.used_at
    assert first is not None
    api.get("/api/v1/brands/")
    token.refresh_from_db()
    assert token.used_at == first
    ApiToken.objects.update(used_at=timezone.now() - timedelta(seconds=61))
    api.get("/api/v1/brands/")
    token.refresh_from_db()
    assert token.used_at is not None
    assert token.used_at > first


def test_a_browser_session_needs_its_csrf_token_for_changes(alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.get("/api/v1/brands/").status_code == 200
    assert browser.post("/api/v1/brands/").status_code == 403


def test_the_command_prints_a_token_that_works(alice: User) -> None:
    out = StringIO()
    call_command("token", "ALICE@example.org", name="ci", stdout=out)
    assert client_with(out.getvalue().strip()).get("/api/v1/brands/").status_code == 200
    assert alice.tokens.get().name == "ci"


@pytest.mark.parametrize("email", ["nobody@example.org", "alice@example.org"])
def test_the_command_refuses_who_could_not_use_it(alice: User, email: str) -> None:
    User.objects.update(is_active=False)
    with pytest.raises(CommandError):
        call_command("token", email)
    assert not ApiToken.objects.exists()
