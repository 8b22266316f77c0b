"""The library of cases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Brand, User
from incidents.enums import State
from incidents.models import Incident
from reviews.models import Lesson
from tests.factories.incidents import NOON, IncidentFactory

SignedIn = Callable[[User], Client]


def case(brand: Brand, **changed: object) -> Incident:
    resolved = {"state": State.RESOLVED, "resolved_at": NOON + timedelta(hours=5)}
    return IncidentFactory.create(brand=brand, **(resolved | changed))


def found(client: Client, **query: str) -> list[str]:
    rows = client.get("/cases/", query).context["rows"]
    return [incident.reference for incident, _times, _learned in rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["CD-2", "CD-1"]),
        ({"q": "oats plastic"}, ["CD-1"]),
        ({"q": "phone"}, ["CD-2"]),
        ({"q": "breach"}, ["CD-2"]),
        ({"q": "phone plastic"}, []),
        ({"q": "100%"}, []),
        ({"brand": "fjordkaffe"}, ["CD-2", "CD-1"]),
        ({"brand": "nordlys"}, []),
    ],
)
def test_cases_are_found_by_words_and_brand(
    brand: Brand, other_brand: Brand, alice: User, signed_in: SignedIn, query: dict, expected: list
) -> None:
    case(brand, reference="CD-1", given_title="Plastic in the oats")
    breach = case(
        brand,
        reference="CD-2",
        given_title="",
        crisis_type="data_breach",
        resolved_at=NOON + timedelta(hours=6),
    )
    Lesson.objects.create(incident=breach, kind="IMPROVE", text="Legal needs a phone call")
    IncidentFactory.create(brand=brand, reference="CD-3")
    case(other_brand, reference="CD-4")
    assert found(signed_in(alice), **query) == expected


def test_a_case_shows_its_times_and_lessons(brand: Brand, alice: User, signed_in: SignedIn) -> None:
    incident = case(brand, acknowledged_at=NOON + timedelta(minutes=9))
    Lesson.objects.create(incident=incident, kind="WORKED", text="Quick <i>answer</i>")
    page = signed_in(alice).get("/cases/").content.decode()
    assert "9 min" in page
    assert page.count("metric-missed") == 1
    assert "Quick &lt;i&gt;answer&lt;/i&gt;" in page


def test_the_library_costs_the_same_however_full(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/cases/")
        return len(queries)

    Lesson.objects.create(incident=case(brand, lead=alice), kind="WORKED", text="x")
    with_one = cost()
    for _more in range(3):
        Lesson.objects.create(incident=case(brand, lead=alice), kind="WORKED", text="x")
    assert cost() == with_one
