"""The incident's record over the API."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from incidents.models import Incident
from incidents.services.facts import Claim, add_fact
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

SignedIn = Callable[[User], Client]
START = "/api/v1/incidents/CD-2026-007/"
JSON = {"content_type": "application/json"}


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand, reference="CD-2026-007")


@pytest.fixture
def observer(brand: Brand) -> User:
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.OBSERVER)
    return user


def test_facts_are_added_changed_and_read_with_their_history(
    incident: Incident, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    made = client.post(f"{START}facts/", {"text": "The lid breaks"}, **JSON)
    assert made.status_code == 201
    assert (made.json()["number"], made.json()["owner"]) == (1, "bob@example.org")
    change = {"version": 1, "status": "VERIFIED", "source": "The lab"}
    assert client.patch(f"{START}facts/1/", change, **JSON).json()["version"] == 2
    assert client.patch(f"{START}facts/1/", change, **JSON).status_code == 409
    taken_back = {"version": 2, "status": "WITHDRAWN"}
    assert client.patch(f"{START}facts/1/", taken_back, **JSON).status_code == 422
    read = client.get(f"{START}facts/1/").json()
    assert [each["status"] for each in read["changes"]] == ["VERIFIED", "UNCONFIRMED"]
    assert [each["text"] for each in client.get(f"{START}facts/").json()] == ["The lid breaks"]


def test_an_owner_must_be_a_member(
    incident: Incident, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    wanted = {"text": "It is so", "owner": alice.email}
    assert client.post(f"{START}facts/", wanted, **JSON).json()["owner"] == alice.email
    refused = client.post(f"{START}facts/", wanted | {"owner": charlie.email}, **JSON)
    assert refused.status_code == 400


def test_the_record_is_not_there_for_a_stranger_and_not_written_by_an_observer(
    incident: Incident, bob: User, charlie: User, observer: User, signed_in: SignedIn
) -> None:
    add_fact(incident.pk, Claim("Secret"), by=bob, now=NOON)
    assert signed_in(observer).get(f"{START}facts/").json()[0]["text"] == "Secret"
    for path in ("facts/", "facts/1/"):
        assert signed_in(charlie).get(f"{START}{path}").status_code == 404
    assert signed_in(observer).post(f"{START}facts/", {"text": "x"}, **JSON).status_code == 403
    change = {"version": 1, "text": "x"}
    assert signed_in(observer).patch(f"{START}facts/1/", change, **JSON).status_code == 403
    assert signed_in(bob).get(f"{START}facts/2/").status_code == 404
