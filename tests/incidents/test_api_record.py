"""The incident's record over the API."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
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
    for path in ("facts/", "facts/1/", "promises/", "public-words/", "decisions/", "situation/"):
        assert signed_in(charlie).get(f"{START}{path}").status_code == 404
    assert signed_in(observer).post(f"{START}facts/", {"text": "x"}, **JSON).status_code == 403
    change = {"version": 1, "text": "x"}
    assert signed_in(observer).patch(f"{START}facts/1/", change, **JSON).status_code == 403
    for path, wanted in (
        ("public-words/", {"channel": "press"}),
        ("decisions/", {"text": "x"}),
        ("promises/", {"text": "x", "due_at": "2099-01-01T00:00:00Z"}),
    ):
        assert signed_in(charlie).post(f"{START}{path}", wanted, **JSON).status_code == 404
        assert signed_in(observer).post(f"{START}{path}", wanted, **JSON).status_code == 403
    assert signed_in(bob).get(f"{START}facts/2/").status_code == 404


def test_promises_are_given_moved_and_settled(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    due = database_now() + timedelta(hours=4)
    wanted = {"text": "The next update", "due_at": due.isoformat(), "owner": alice.email}
    assert client.post(f"{START}promises/", wanted, **JSON).json()["owner"] == alice.email
    both = {"version": 1, "state": "KEPT", "due_at": due.isoformat()}
    assert client.patch(f"{START}promises/1/", both, **JSON).status_code == 400
    later = (due + timedelta(hours=1)).isoformat()
    moved = {"version": 1, "due_at": later, "reason": "The lab"}
    assert client.patch(f"{START}promises/1/", moved, **JSON).json()["version"] == 2
    kept = {"version": 2, "state": "KEPT"}
    assert client.patch(f"{START}promises/1/", kept, **JSON).json()["state"] == "KEPT"
    assert client.patch(f"{START}promises/1/", kept, **JSON).status_code == 409
    assert client.patch(f"{START}promises/2/", kept, **JSON).status_code == 404
    (read,) = client.get(f"{START}promises/").json()
    assert [each["reason"] for each in read["changes"]] == ["", "The lab", ""]


def test_a_public_word_winds_the_clock(incident: Incident, bob: User, signed_in: SignedIn) -> None:
    client = signed_in(bob)
    said = client.post(f"{START}public-words/", {"channel": "press", "text": "Sorry"}, **JSON)
    assert said.status_code == 201
    read = client.get(f"{START}public-words/").json()
    assert read["since"] == said.json()["at"]
    assert [each["channel"] for each in read["channels"]] == ["press"]
    assert read["words"][0]["by"] == "bob@example.org"


def test_decisions_are_taken_and_corrected(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    wanted = {"text": "Recall it", "reason": "Children", "owner": alice.email}
    assert client.post(f"{START}decisions/", wanted, **JSON).json()["owner"] == alice.email
    corrected = {"text": "Recall all", "reason": "More", "corrects": 1}
    assert client.post(f"{START}decisions/", corrected, **JSON).json()["corrects"] == 1
    assert client.post(f"{START}decisions/", corrected, **JSON).status_code == 409
    assert client.post(f"{START}decisions/", wanted | {"corrects": 9}, **JSON).status_code == 404
    assert [each["number"] for each in client.get(f"{START}decisions/").json()] == [2, 1]


def test_the_head_is_written_and_read(
    incident: Incident, bob: User, observer: User, signed_in: SignedIn
) -> None:
    client = signed_in(bob)
    wanted = {"section": "EFFECT", "text": "Shops call", "version": 0}
    written = client.put(f"{START}situation/", wanted, **JSON).json()
    assert written["parts"][1] == {"section": "EFFECT", "text": "Shops call", "version": 1}
    changed = wanted | {"text": "Shops close"}
    assert client.put(f"{START}situation/", changed, **JSON).status_code == 409
    assert signed_in(observer).put(f"{START}situation/", changed, **JSON).status_code == 403
    assert client.get(f"{START}situation/").json() == written


def test_a_breach_is_started_written_and_notified_by_who_may(
    incident: Incident, bob: User, charlie: User, observer: User, signed_in: SignedIn
) -> None:
    client, here = signed_in(bob), f"{START}breach/"
    assert client.get(here).status_code == 404
    aware = (database_now() - timedelta(hours=2)).isoformat()
    start = {"aware_at": aware, "reason": "The host called"}
    assert client.post(here, start, **JSON).status_code == 201
    assert client.post(here, start, **JSON).status_code == 409
    text = {"do": "write", "field": "NATURE", "text": "A list leaked"}
    assert "NATURE" not in client.patch(here, text, **JSON).json()["missing"]
    assert client.patch(here, text | {"text": "Other"}, **JSON).status_code == 409
    assert client.patch(here, {"do": "notify", "reference": "1"}, **JSON).status_code == 400
    sent = {"do": "notify", "at": aware, "reference": "2026-431-0001"}
    read = client.patch(here, sent, **JSON).json()
    assert (read["state"], read["events"][0]["reference"]) == ("NOTIFIED", "2026-431-0001")
    assert client.get(here).json() == read
    for method in ("get", "post", "patch"):
        assert getattr(signed_in(charlie), method)(here, **JSON).status_code == 404
        assert getattr(signed_in(observer), method)(here, **JSON).status_code == 403
