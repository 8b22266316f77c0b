"""The list, declaring, and the review."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from incidents import services
from incidents.enums import Origin, State
from incidents.models import Incident
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

SignedIn = Callable[[User], Client]


def listed(client: Client, **query: str) -> list[str]:
    page = client.get("/incidents/", query).context["page"]
    return [incident.reference for incident in page]


def test_open_incidents_come_gravest_first(brand: Brand, alice: User, signed_in: SignedIn) -> None:
    IncidentFactory.create(brand=brand, reference="CD-1", severity=3)
    IncidentFactory.create(brand=brand, reference="CD-2", severity=1)
    IncidentFactory.create(brand=brand, reference="CD-3", state=State.RESOLVED, resolved_at=NOON)
    client = signed_in(alice)
    assert listed(client) == ["CD-2", "CD-1"]
    assert listed(client, shown="resolved") == ["CD-3"]
    assert len(listed(client, shown="all")) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"severity": "1"}, ["CD-2"]),
        ({"brand": "fjordkaffe"}, ["CD-2", "CD-1"]),
        ({"brand": "nordlys"}, ["CD-2", "CD-1"]),
        ({"q": "glass jam"}, ["CD-2"]),
        ({"q": "glass %"}, []),
        ({"q": "cd-1"}, ["CD-1"]),
        ({"severity": "²", "page": "x", "shown": "?"}, ["CD-2", "CD-1"]),
    ],
)
def test_the_filters_stand_in_the_address(
    brand: Brand, alice: User, signed_in: SignedIn, query: dict, expected: list[str]
) -> None:
    IncidentFactory.create(brand=brand, reference="CD-1", severity=3)
    IncidentFactory.create(brand=brand, reference="CD-2", severity=1, given_title="Glass in jam")
    assert listed(signed_in(alice), **query) == expected


def test_the_list_costs_the_same_however_long(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/incidents/")
        return len(queries)

    IncidentFactory.create(brand=brand, lead=alice, given_title="")
    with_one = cost()
    IncidentFactory.create_batch(3, brand=brand, lead=UserFactory.create(), given_title="")
    assert cost() == with_one


def test_declaring_opens_an_incident_and_shows_its_room(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    data = {"brand": brand.pk, "title": "Glass", "crisis_type": "product_safety", "severity": "2"}
    response = signed_in(alice).post("/incidents/declare/", data)
    incident = Incident.objects.get()
    assert response["Location"] == f"/i/{incident.reference}/"
    assert (incident.title, incident.severity, incident.opened_by) == ("Glass", 2, alice)
    assert incident.origin == Origin.PERSON


def test_an_incident_cannot_be_declared_for_a_brand_that_is_not_ones_own(
    brand: Brand, other_brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    data = {"brand": other_brand.pk, "title": "Glass", "crisis_type": "none", "severity": "2"}
    response = signed_in(alice).post("/incidents/declare/", data)
    assert response.status_code == 200
    assert "other_brand" not in response.content.decode()
    assert not Incident.objects.exists()


def test_an_observer_declares_nothing(brand: Brand, signed_in: SignedIn) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    assert signed_in(observer).get("/incidents/declare/").status_code == 403


def test_the_review_tells_the_four_times_against_their_targets(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    now = database_now()
    incident = IncidentFactory.create(
        brand=brand, began_at=now - timedelta(minutes=80), detected_at=now - timedelta(minutes=76)
    )
    start = incident.detected_at
    services.acknowledge(incident.pk, by=alice, now=start + timedelta(minutes=3))
    services.mark_responded(incident.pk, at=start + timedelta(minutes=75))
    services.add_decision(
        incident.pk, by=alice, text="<i>We</i> withdraw it", now=start + timedelta(minutes=40)
    )
    services.resolve(incident.pk, by=alice, now=start + timedelta(minutes=76))
    response = signed_in(alice).get(f"/i/{incident.reference}/review/")
    times = {each.code: (each.took_words, each.met) for each in response.context["times"]}
    assert times == {
        "detect": ("4 min", True),
        "acknowledge": ("3 min", True),
        "respond": ("1 h 15 min", False),
        "resolve": ("1 h 16 min", True),
    }
    page = response.content.decode()
    assert "&lt;i&gt;We&lt;/i&gt; withdraw it" in page
    assert page.count('class="pin-box"') == 2


def test_the_summary_is_written_on_the_review_by_who_may_run_it(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    incident = IncidentFactory.create(brand=brand)
    path = f"/i/{incident.reference}/summary/"
    response = signed_in(alice).post(path, {"summary": "We <b>withdrew</b> a batch."})
    assert response["Location"] == f"/i/{incident.reference}/review/"
    page = signed_in(alice).get(response["Location"]).content.decode()
    assert "We &lt;b&gt;withdrew&lt;/b&gt; a batch." in page
    assert "Alice Andersen rewrote the summary." in page
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    assert signed_in(observer).post(path, {"summary": "x"}).status_code == 403


def test_a_review_of_an_open_incident_has_dashes(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    incident = IncidentFactory.create(brand=brand)
    response = signed_in(alice).get(f"/i/{incident.reference}/review/")
    assert [each.met for each in response.context["times"]][1:] == [None, None, None]
    assert "Still open" in response.content.decode()
