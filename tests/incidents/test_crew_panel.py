"""The war room's panels of roles, plan and tasks: seen, used, and closed to who may not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from incidents import services
from incidents.enums import IncidentRole, Origin, PlanState
from incidents.models import Incident
from incidents.models_plan import PlanVersion
from incidents.selectors.crew import seats
from incidents.selectors.roles import holder
from incidents.services.roles import assign
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import ShiftFactory
from tests.factories.plans import TASKS, content, published

SignedIn = Callable[[User], Client]


@pytest.fixture
def version(brand: Brand) -> PlanVersion:
    return published(brand)


@pytest.fixture
def incident(brand: Brand, alice: User, version: PlanVersion) -> Incident:
    now = database_now()
    opened = services.open_incident(
        brand, title="Oats", crisis_type="viral_backlash", severity=3, severity_reasons=[],
        origin=Origin.PERSON, by=alice, began_at=now, now=now,
    )  # fmt: skip
    return services.acknowledge(opened.pk, by=alice, now=now)


def page(client: Client, incident: Incident, name: str) -> str:
    return client.get(f"/i/{incident.reference}/{name}/").content.decode()


def test_a_role_that_the_plan_asks_for_and_nobody_holds_is_missing(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    missing = [s.role for s in seats(incident, alice, now=database_now()) if s.missing]
    assert missing == [IncidentRole.COMMS, IncidentRole.CARE, IncidentRole.SCRIBE]
    shown = page(signed_in(alice), incident, "roles")
    assert "3 missing" in shown
    assert "Nobody; not asked for at this severity" in shown


def test_a_role_is_given_in_one_step(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(alice), f"/i/{incident.reference}/roles/"
    data = {"role": "SCRIBE", "person": bob.pk, "note": "Log every call"}
    assert client.post(path, data, headers={"HX-Request": "true"}).status_code == 200
    assert holder(incident, IncidentRole.SCRIBE) == bob
    assert "Log every call" in page(client, incident, "roles")
    assert incident.tasks.get(key="always").owner == bob
    client.post(path, {"role": "LEAD", "person": bob.pk, "deputy": "1"})
    assert "Deputy: Bob Berg" in page(client, incident, "roles")
    client.post(path, {"role": "SCRIBE", "leave": "1"})
    assert holder(incident, IncidentRole.SCRIBE) is None


def test_who_is_on_duty_and_who_held_it_last_are_suggested(
    incident: Incident, brand: Brand, alice: User, bob: User
) -> None:
    now = database_now()
    dora = UserFactory.create(name="Dora Dahl")
    MembershipFactory.create(user=dora, brand=brand, role=Role.RESPONDER)
    past = services.open_incident(
        brand, title="Old", crisis_type="none", severity=4, severity_reasons=[],
        origin=Origin.PERSON, by=alice, began_at=now, now=now,
    )  # fmt: skip
    assign(past.pk, IncidentRole.SCRIBE, dora, by=alice, now=now)
    services.resolve(past.pk, by=alice, now=now)
    day = timedelta(days=1)
    ShiftFactory.create(brand=brand, user=bob, starts_at=now - day, ends_at=now + day)
    found = {
        s.role: [(h.user, h.why) for h in s.suggested] for s in seats(incident, alice, now=now)
    }
    assert found[IncidentRole.SCRIBE] == [(bob, "duty"), (dora, "last")]
    assert found[IncidentRole.COMMS] == [(bob, "duty")]


def test_hours_and_the_overdue_hand_over_are_shown(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    ago = database_now() - timedelta(hours=9)
    incident.holdings.update(since=ago, overdue_at=ago)
    shown = page(signed_in(alice), incident, "roles")
    assert "9 h in the role, 9 h in the incident" in shown
    assert "Hand-over overdue:" in shown


def test_the_plan_panel_scores_tells_what_to_say_and_offers_the_newer_version(
    incident: Incident, version: PlanVersion, alice: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(alice), f"/i/{incident.reference}/plan/"
    before = page(client, incident, "plan")
    assert "What would make this SEV1" in before
    assert "Do not say" in before
    assert "has been published" not in before
    newer = PlanVersion.objects.create(
        plan=version.plan, number=2, content=content(tasks=TASKS[1:]), state=PlanState.PUBLISHED,
        edited_at=version.edited_at, published_at=version.edited_at,
    )  # fmt: skip
    offered = page(client, incident, "plan")
    assert "Version 2 of this plan has been published." in offered
    assert "Task taken out: “Find the first post”." in offered
    client.post(path, {"adopt": newer.pk})
    incident.refresh_from_db()
    assert incident.plan["version"] == 2
    client.post(path, {"axis": "harm", "points": "2", "why": "A <b>child</b>"})
    scored = page(client, incident, "plan")
    assert "Alice Andersen: A &lt;b&gt;child&lt;/b&gt;" in scored
    refused = client.post(
        path, {"axis": "harm", "points": "2", "why": ""}, headers={"HX-Request": "true"}
    )
    assert refused.status_code == 422


def test_the_task_form_takes_gives_moves_and_finishes(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    client, task = signed_in(alice), incident.tasks.get(key="always")
    path = f"/i/{incident.reference}/tasks/{task.pk}/change/"
    client.post(path, {"do": "claim"})
    task.refresh_from_db()
    assert task.owner == alice
    client.post(path, {"do": "give", "owner": bob.pk})
    client.post(path, {"do": "move", "due": "14:30"})
    client.post(path, {"do": "finish", "note": "Found it"})
    task.refresh_from_db()
    assert (task.owner, task.note, task.done_by) == (bob, "Found it", alice)
    assert task.due_at.minute == 30
    wrong = client.post(path, {"do": "move", "due": "soon"}, headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    shown = client.get(f"/i/{incident.reference}/?part=tasks").content.decode()
    assert "Found it" in shown
    assert "for: Executive sponsor" not in shown


def test_strangers_see_none_of_it_and_observers_change_nothing(
    incident: Incident, brand: Brand, charlie: User, signed_in: SignedIn
) -> None:
    ole = UserFactory.create(name="Ole Olsen")
    MembershipFactory.create(user=ole, brand=brand, role=Role.OBSERVER)
    task = incident.tasks.get(key="always")
    paths = [
        f"/i/{incident.reference}/roles/",
        f"/i/{incident.reference}/plan/",
        f"/i/{incident.reference}/tasks/{task.pk}/change/",
    ]
    assert [signed_in(charlie).get(path).status_code for path in paths[:2]] == [404, 404]
    data = {"role": "SCRIBE", "person": ole.pk, "personal_data": "1", "do": "claim"}
    assert [signed_in(charlie).post(path, data).status_code for path in paths] == [404] * 3
    assert [signed_in(ole).get(path).status_code for path in paths[:2]] == [200, 200]
    assert [signed_in(ole).post(path, data).status_code for path in paths] == [403] * 3
    incident.refresh_from_db()
    assert holder(incident, IncidentRole.SCRIBE) is None
    assert not incident.personal_data


def test_a_stranger_cannot_be_seated(
    incident: Incident, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    path = f"/i/{incident.reference}/roles/"
    for person in (charlie.pk, "x", ""):
        data = {"role": "SCRIBE", "person": person}
        assert signed_in(alice).post(path, data).status_code == 404
    assert holder(incident, IncidentRole.SCRIBE) is None
