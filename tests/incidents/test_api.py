"""Incidents over the API."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from incidents import services
from incidents.enums import State
from incidents.models import Incident
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

SignedIn = Callable[[User], Client]
START = "/api/v1/incidents/"


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand, reference="CD-2026-007")


def post(client: Client, path: str, data: dict | None = None):
    return client.post(path, data or {}, content_type="application/json")


def test_an_incident_is_listed_and_read(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    listed = client.get(START).json()["results"]
    read = client.get(f"{START}CD-2026-007/").json()
    assert listed == [read]
    assert (read["reference"], read["brand"], read["title"], read["state"]) == (
        "CD-2026-007",
        "fjordkaffe",
        "Plastic in the oats",
        "DETECTED",
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("shown=open", 1),
        ("shown=resolved", 0),
        ("brand=fjordkaffe", 1),
        ("brand=nordlys", 0),
        ("severity=2", 1),
        ("severity=1", 0),
        ("words=oats", 1),
    ],
)
def test_the_list_is_filtered(
    incident: Incident, alice: User, charlie: User, signed_in: SignedIn, query: str, found: int
) -> None:
    assert len(signed_in(alice).get(f"{START}?{query}").json()["results"]) == found


def test_a_filter_that_makes_no_sense_is_named(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    response = signed_in(alice).get(f"{START}?severity=9")
    assert response.status_code == 400
    assert "severity" in response.json()["errors"]


def test_an_incident_is_declared(brand: Brand, alice: User, signed_in: SignedIn) -> None:
    wanted = {"brand": "fjordkaffe", "title": "Glass", "severity": 1}
    response = post(signed_in(alice), START, wanted)
    assert response.status_code == 201
    incident = Incident.objects.get()
    assert response.json()["reference"] == incident.reference
    assert incident.opened_by == alice


def test_acknowledging_twice_is_a_conflict_in_words(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    path = f"{START}{incident.reference}/acknowledge/"
    first = post(signed_in(bob), path)
    assert (first.status_code, first.json()["acknowledged_by"]) == (200, "bob@example.org")
    second = post(signed_in(alice), path)
    assert second.status_code == 409
    assert "Bob Berg" in second.json()["detail"]


def test_a_move_that_is_not_allowed_is_refused(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(alice), f"{START}{incident.reference}/state/"
    assert post(client, path, {"state": "MONITORING"}).status_code == 422
    assert post(client, path, {"state": "RESOLVED"}).json()["state"] == State.RESOLVED


def test_the_log_is_written_and_read_page_by_page(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(alice), f"{START}{incident.reference}/timeline/"
    response = post(client, path, {"kind": "DECISION", "text": "We withdraw it"})
    assert response.status_code == 201
    services.acknowledge(incident.pk, by=alice, now=NOON)
    page = client.get(f"{path}?page_size=1").json()
    assert [entry["number"] for entry in page["results"]] == [2]
    rest = client.get(page["next"]).json()["results"]
    assert [(entry["kind"], entry["words"], entry["actor"]) for entry in rest] == [
        ("DECISION", "We withdraw it", "alice@example.org")
    ]


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "x", "kind": "RESOLVED"}])
def test_a_line_that_makes_no_sense_is_refused(
    incident: Incident, alice: User, signed_in: SignedIn, body: dict
) -> None:
    path = f"{START}{incident.reference}/timeline/"
    assert post(signed_in(alice), path, body).status_code == 400
    assert not incident.entries.exists()


def test_a_stranger_finds_nothing(
    incident: Incident, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    one = f"{START}{incident.reference}/"
    assert signed_in(alice).get(one).status_code == 200
    client = signed_in(charlie)
    assert client.get(START).json()["results"] == []
    assert [client.get(path).status_code for path in (one, f"{one}timeline/")] == [404, 404]
    writes = [
        post(client, f"{one}acknowledge/"),
        post(client, f"{one}state/", {"state": "RESOLVED"}),
        post(client, f"{one}timeline/", {"text": "Hi"}),
        post(client, START, {"brand": "fjordkaffe", "title": "Hi", "severity": 1}),
    ]
    assert [response.status_code for response in writes] == [404] * 4


def test_an_observer_reads_only(incident: Incident, brand: Brand, signed_in: SignedIn) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    client, one = signed_in(observer), f"{START}{incident.reference}/"
    assert client.get(one).status_code == 200
    writes = [
        post(client, f"{one}acknowledge/"),
        post(client, f"{one}state/", {"state": "RESOLVED"}),
        post(client, f"{one}timeline/", {"text": "Hi"}),
        post(client, START, {"brand": "fjordkaffe", "title": "Hi", "severity": 1}),
    ]
    assert [response.status_code for response in writes] == [403] * 4


def test_it_is_described() -> None:
    from drf_spectacular.generators import SchemaGenerator

    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert {path for path in paths if "incidents" in path} >= {
        START,
        f"{START}{{reference}}/",
        f"{START}{{reference}}/acknowledge/",
        f"{START}{{reference}}/state/",
        f"{START}{{reference}}/timeline/",
    }
