"""Plans, roles and tasks over the API, and what is closed to whom."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from incidents import services
from incidents.enums import Origin
from incidents.models import Incident
from incidents.models_plan import CrisisPlan
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.plans import published

As = Callable[[User], APIClient]


@pytest.fixture
def calling() -> As:
    def call(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return call


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    published(brand)
    now = database_now()
    return services.open_incident(
        brand, title="Oats", crisis_type="viral_backlash", severity=2, severity_reasons=[],
        origin=Origin.PERSON, by=alice, began_at=now, now=now,
    )  # fmt: skip


def test_a_plan_is_begun_written_and_published(brand: Brand, alice: User, calling: As) -> None:
    client = calling(alice)
    made = client.post("/api/v1/plans/", {"brand": brand.slug, "kind": "outage"}, format="json")
    assert made.status_code == 201
    path = f"/api/v1/plans/{made.data['id']}/"
    draft = client.get(f"{path}versions/").data[0]
    section = {
        "section": "messages",
        "values": {"never": ["Soon"]},
        "base": draft["bases"]["messages"],
    }
    written = client.patch(path, section, format="json")
    assert written.data["content"]["never"] == ["Soon"]
    assert written.data["content"]["messages"] == draft["content"]["messages"]
    assert (
        client.patch(path, section | {"values": {"never": ["Late"]}}, format="json").status_code
        == 409
    )
    published_one = client.post(f"{path}publish/", {"note": "First"}, format="json")
    assert (published_one.data["number"], published_one.data["state"]) == (1, "PUBLISHED")
    assert client.post(f"{path}publish/", {}, format="json").status_code == 422
    assert client.post(f"{path}review/").data["reviewed_by"] == alice.email
    listed = client.get("/api/v1/plans/").data
    assert [(row["kind"], row["version"], row["has_draft"]) for row in listed] == [
        ("outage", 1, False)
    ]
    twice = client.post("/api/v1/plans/", {"brand": brand.slug, "kind": "outage"}, format="json")
    assert twice.status_code == 409


def test_roles_are_read_given_and_left(
    incident: Incident, alice: User, bob: User, calling: As
) -> None:
    client, path = calling(alice), f"/api/v1/incidents/{incident.reference}/roles/"
    given = {"role": "SCRIBE", "person": bob.email, "note": "Log it"}
    rows = {row["role"]: row for row in client.post(path, given, format="json").data}
    assert (rows["SCRIBE"]["holder"], rows["SCRIBE"]["note"]) == (bob.email, "Log it")
    assert rows["COMMS"]["missing"]
    client.post(path, {"role": "SCRIBE"}, format="json")
    rows = {row["role"]: row for row in client.get(path).data}
    assert rows["SCRIBE"]["holder"] is None


def test_tasks_are_claimed_given_moved_finished_and_reopened(
    incident: Incident, alice: User, bob: User, calling: As
) -> None:
    path = f"/api/v1/incidents/{incident.reference}/tasks/"
    tasks = {row["title"]: row for row in calling(alice).get(path).data}
    one = f"{path}{tasks['Find the first post']['id']}/"
    assert calling(bob).post(f"{one}claim/").data["owner"] == bob.email
    assert calling(alice).post(f"{one}claim/").status_code == 409
    change = {"owner": alice.email, "due_at": "2030-01-01T10:00:00Z", "done": True, "note": "Kept"}
    done = calling(alice).patch(one, change, format="json").data
    assert (done["owner"], done["note"], done["done_by"]) == (alice.email, "Kept", alice.email)
    again = calling(alice).patch(one, {"done": False, "owner": ""}, format="json").data
    assert (again["done_at"], again["owner"]) == (None, None)
    added = calling(bob).post(path, {"title": "More", "owner": alice.email}, format="json")
    assert added.status_code == 201


def test_the_incidents_plan_its_scores_and_what_makes_it_sev1(
    incident: Incident, alice: User, calling: As
) -> None:
    client, path = calling(alice), f"/api/v1/incidents/{incident.reference}/"
    shown = client.get(f"{path}plan/").data
    assert shown["plan"]["version"] == 1
    assert shown["targets"]["respond"] == 3600
    assert shown["to_sev1"]
    scored = client.post(
        f"{path}scores/", {"axis": "harm", "points": 2, "why": "A child"}, format="json"
    ).data
    assert {row["axis"]: row["points"] for row in scored["axes"]}["harm"] == 2
    changed = client.patch(f"{path}plan/", {"personal_data": True}, format="json").data
    assert changed["personal_data"]
    assert incident.tasks.filter(key="data").exists()


def test_strangers_get_404_and_observers_403(
    incident: Incident, brand: Brand, bob: User, charlie: User, calling: As
) -> None:
    ole = UserFactory.create(name="Ole Olsen")
    MembershipFactory.create(user=ole, brand=brand, role=Role.OBSERVER)
    plan, task = CrisisPlan.objects.get(), incident.tasks.get(key="always")
    start = f"/api/v1/incidents/{incident.reference}"
    reads = [f"{start}/roles/", f"{start}/tasks/", f"{start}/plan/", f"/api/v1/plans/{plan.pk}/",
             f"/api/v1/plans/{plan.pk}/versions/"]  # fmt: skip
    writes = [
        ("post", f"{start}/roles/"), ("post", f"{start}/tasks/"), ("post", f"{start}/scores/"),
        ("patch", f"{start}/plan/"), ("patch", f"{start}/tasks/{task.pk}/"),
        ("post", f"{start}/tasks/{task.pk}/claim/"), ("patch", f"/api/v1/plans/{plan.pk}/"),
        ("post", f"/api/v1/plans/{plan.pk}/publish/"), ("post", f"/api/v1/plans/{plan.pk}/review/"),
    ]  # fmt: skip
    assert {calling(ole).get(path).status_code for path in reads} == {200}
    assert {calling(charlie).get(path).status_code for path in reads} == {404}
    assert calling(charlie).get("/api/v1/plans/").data == []
    for user, status in ((ole, 403), (charlie, 404)):
        found = {path: getattr(calling(user), verb)(path, {}, format="json").status_code
                 for verb, path in writes}  # fmt: skip
        assert set(found.values()) == {status}, found
    body = {"brand": brand.slug, "kind": "rumour"}
    assert calling(bob).post("/api/v1/plans/", body, format="json").status_code == 403
    assert calling(charlie).post("/api/v1/plans/", body, format="json").status_code == 404
