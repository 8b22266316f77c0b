"""What holds incidents up: one thing each, the gravest, and the roles that nobody has taken."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Brand, User
from incidents import blocking, plan_shape, ready, services
from incidents.enums import IncidentRole, PlanKind, State
from incidents.models import Call, Incident
from incidents.services import roles
from responses.enums import DraftState
from tests.factories.incidents import NOON, IncidentFactory, TaskFactory
from tests.factories.responses import DraftFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HOUR = timedelta(hours=1)


def planned(brand: Brand, lead: User, **more: object) -> Incident:
    """A SEV1 that somebody leads and that runs on a plan which asks for six roles at SEV1."""
    content = plan_shape.checked(ready.plan(PlanKind.PRODUCT_SAFETY, "en").content)
    wanted = [role for role in IncidentRole if role != IncidentRole.SPONSOR]
    content["roles"] = [
        {"role": role.value, "from": 1 if role == IncidentRole.SCRIBE else 2, "duty": ""}
        for role in wanted
    ]
    plan = {"id": 1, "version": 1, "name": "P", "kind": "product_safety", "language": "en"}
    kept = {
        "state": State.ACKNOWLEDGED,
        "severity": 1,
        "lead": lead,
        "plan": {**plan, "content": content},
    }
    return IncidentFactory.create(brand=brand, **{**kept, **more})


def titles(*incidents: Incident, hours: int = 0) -> list[str]:
    found = blocking.blockers(incidents, now=NOON + hours * HOUR)
    return [found[each.pk].title for each in incidents if each.pk in found]


def test_roles_that_the_plan_asks_for_are_named_the_gravest_first(
    brand: Brand, alice: User, bob: User
) -> None:
    incident = planned(brand, alice)
    blocker = blocking.blocker(incident, now=NOON)
    assert blocker
    assert blocker.title == "There is no communications lead."
    assert blocker.detail == "Also missing: Spokesperson, Legal adviser, Customer care, Scribe."
    roles.assign(incident.pk, "COMMS", bob, by=alice, now=NOON)
    assert titles(incident) == ["There is no spokesperson."]
    for role in ("SPOKESPERSON", "LEGAL", "CARE", "SCRIBE"):
        roles.assign(incident.pk, role, bob, by=alice, now=NOON)
    assert titles(incident) == []
    roles.release(incident.pk, "SCRIBE", by=alice, now=NOON)
    assert titles(incident) == ["There is no scribe."]


def test_less_grave_incidents_ask_for_fewer_and_a_deputy_does_not_count(
    brand: Brand, alice: User, bob: User
) -> None:
    incident = planned(brand, alice, severity=2)
    for role in ("COMMS", "SPOKESPERSON", "LEGAL", "CARE"):
        roles.assign(incident.pk, role, bob, by=alice, now=NOON)
    assert titles(incident) == []
    roles.release(incident.pk, "LEGAL", by=alice, now=NOON)
    roles.assign(incident.pk, "LEGAL", bob, by=alice, is_deputy=True, now=NOON)
    assert titles(incident) == ["There is no legal adviser."]
    assert titles(planned(brand, alice, severity=3)) == []


def test_without_a_plan_a_lead_is_all_it_takes(brand: Brand, alice: User) -> None:
    incident = IncidentFactory.create(brand=brand, state=State.RESPONDING)
    assert titles(incident) == ["There is no incident lead."]
    Incident.objects.update(lead=alice)
    assert titles(Incident.objects.get(pk=incident.pk)) == []


def test_what_blocks_more_comes_first(brand: Brand, alice: User, bob: User) -> None:
    """Calls, then approvals, then a missing head, late tasks, then the other roles."""
    incident = planned(brand, alice, state=State.DETECTED, escalate_at=NOON + HOUR)
    services.add_task(incident.pk, title="Ring", owner=bob, by=alice, due_at=NOON, now=NOON)
    draft = DraftFactory.create(
        incident=incident, author=bob, title="Sorry", state=DraftState.SUBMITTED, submitted_at=NOON
    )
    assert titles(incident, hours=1) == ["Nobody has acknowledged yet."]
    incident = services.acknowledge(incident.pk, by=alice, now=NOON)
    assert titles(incident, hours=1) == ["A text waits for approval: Sorry"]
    draft.state = DraftState.APPROVED
    draft.save()
    assert titles(incident, hours=1) == ["There is no communications lead."]
    roles.assign(incident.pk, "COMMS", bob, by=alice, now=NOON)
    assert titles(incident, hours=1) == ["A task is late: Ring"]
    services.finish_task(incident.pk, incident.tasks.get().pk, by=bob, now=NOON)
    assert titles(incident, hours=1) == ["There is no spokesperson."]


def test_the_overview_names_what_blocks_and_fifty_cost_what_one_costs(
    brand: Brand, alice: User, bob: User, signed_in: SignIn
) -> None:
    client, page = signed_in(bob), reverse("overview")
    headers = {"HX-Request": "true", "HX-Target": "incidents"}
    now = timezone.now()

    def some(number: int) -> None:
        for _each in range(number):
            incident = planned(brand, alice)
            TaskFactory.create(incident=planned(brand, alice), owner=bob, due_at=NOON)
            calling = planned(brand, alice, state=State.DETECTED, escalate_at=now)
            Call.objects.create(incident=calling, rung=0, user=bob, due_at=now, fired_at=now)
            DraftFactory.create(incident=incident, state=DraftState.SUBMITTED, submitted_at=now)

    some(1)
    client.get(page, headers=headers)
    with CaptureQueriesContext(
        connection,
    ) as one:
        html = client.get(page, headers=headers).content.decode()
    assert "There is no communications lead." in html
    assert "Nobody has acknowledged yet." in html
    assert "A text waits for approval" in html
    some(6)
    with CaptureQueriesContext(connection) as many:
        client.get(page, headers=headers)
    assert len(many) == len(one)


def test_the_strip_leads_to_the_roles_for_those_who_may_give_them(
    brand: Brand, alice: User, bob: User, signed_in: SignIn
) -> None:
    incident = planned(brand, alice)
    page = reverse("incidents:incident", args=[incident.reference]) + "?part=blocking"
    html = signed_in(bob).get(page, headers={"HX-Request": "true"}).content.decode()
    assert "There is no communications lead." in html
    assert 'href="#slot-roles"' in html
