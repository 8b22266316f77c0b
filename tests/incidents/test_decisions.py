"""Decisions: owner, reason, what was rejected; never changed, corrected by a newer one."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from core.errors import Conflict, Refused
from incidents import services
from incidents.models import Incident
from incidents.models_facts import Decision
from incidents.services.decisions import Why
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

from .test_races import at_once

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand)


def decide(incident: Incident, by: User, text: str = "Recall it", **why: object) -> Decision:
    entry = services.add_decision(incident.pk, by=by, text=text, why=Why(**why), now=NOON)
    return entry.decision


def test_a_decision_has_a_number_an_owner_and_a_reason(
    incident: Incident, alice: User, bob: User
) -> None:
    first = decide(incident, bob, reason="Children", rejected="Wait for the lab", owner=alice)
    second = decide(incident, bob, text="Close the shop")
    assert (first.number, first.owner, first.by) == (1, alice, bob)
    assert (second.number, second.owner, second.reason) == (2, bob, "")
    assert first.entry.text == "Recall it"
    assert first.entry.params == {"number": 1, "reason": "Children"}


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        ("/decision Recall it because children may choke", "Recall it", "children may choke"),
        ("/beslutning Vi trækker varen fordi børn kan sluge den", "Vi trækker varen",
         "børn kan sluge den"),
        ("/decision Recall it", "Recall it", ""),
        ("/decision @alice Recall it because of children", "Recall it", "of children"),
    ],
)  # fmt: skip
def test_a_line_in_the_room_decides(
    incident: Incident, alice: User, bob: User, line: str, text: str, reason: str
) -> None:
    services.write_line(incident, line, by=bob, now=NOON)
    found = Decision.objects.get()
    assert (found.text, found.reason) == (text, reason)
    assert found.owner == (alice if "@alice" in line else bob)


def test_a_correction_takes_its_place_once_and_says_why(incident: Incident, bob: User) -> None:
    first = decide(incident, bob)
    with pytest.raises(Refused, match="why"):
        decide(incident, bob, text="Recall all", corrects=1)
    second = decide(incident, bob, text="Recall all", reason="More batches", corrects=1)
    assert second.corrects == first
    with pytest.raises(Conflict):
        decide(incident, bob, text="Recall none", reason="No", corrects=1)
    with pytest.raises(Decision.DoesNotExist):
        decide(incident, bob, reason="No", corrects=9)
    assert Decision.objects.count() == 2
    first.refresh_from_db()
    assert first.text == "Recall it"


@pytest.mark.django_db(transaction=True)
def test_of_two_corrections_at_once_one_stands(incident: Incident, bob: User) -> None:
    decide(incident, bob)
    results = at_once(
        *(lambda text=text: decide(incident, bob, text=text, reason="x", corrects=1)
          for text in ("Recall all", "Recall none"))
    )  # fmt: skip
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "Decision"]


def test_the_database_keeps_a_decision_as_it_was_taken(incident: Incident, bob: User) -> None:
    decide(incident, bob)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.update(text="Never said")
    Decision.objects.update(owner=None)
    assert Decision.objects.get().text == "Recall it"


def test_the_owner_must_see_the_incident(incident: Incident, bob: User, charlie: User) -> None:
    with pytest.raises(Refused, match="Charlie"):
        decide(incident, bob, owner=charlie)
    assert incident.entries.count() == 0


def test_the_panel_decides_and_corrects(incident: Incident, bob: User, signed_in: SignedIn) -> None:
    client, here = signed_in(bob), f"/i/{incident.reference}/decisions/"
    assert client.post(here, {"text": "Recall it"}, **HTMX).status_code == 422
    wanted = {"text": "<b>Recall it", "reason": "Children", "rejected": "Wait"}
    assert client.post(here, wanted, **HTMX).status_code == 200
    corrected = {"text": "Recall all", "reason": "More", "corrects": "1"}
    assert client.post(here, corrected, **HTMX).status_code == 200
    assert client.post(here, corrected, **HTMX).status_code == 422
    assert client.post(here, corrected | {"corrects": "7"}, **HTMX).status_code == 404
    page = client.get(here).content.decode()
    assert "&lt;b&gt;Recall it" in page
    assert "corrected by D2" in page


def test_a_stranger_sees_no_decision_and_an_observer_takes_none(
    incident: Incident, brand: Brand, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    here = f"/i/{incident.reference}/decisions/"
    decide(incident, bob)
    wanted = {"text": "x", "reason": "y"}
    assert "Recall it" in signed_in(bob).get(here).content.decode()
    assert signed_in(charlie).get(here).status_code == 404
    assert signed_in(charlie).post(here, wanted).status_code == 404
    watching = UserFactory.create()
    MembershipFactory.create(user=watching, brand=brand, role=Role.OBSERVER)
    assert signed_in(watching).post(here, wanted).status_code == 403
    assert Decision.objects.count() == 1
