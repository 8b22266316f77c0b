"""Rotas over the API: made, changed, read, covered, swapped; who may."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from accounts.services import issue_token
from core.clock import database_now
from incidents.models_rota import Override, Rota
from incidents.selectors import duty
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.rota import line_of, rota_of

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


class Api:
    """A caller with a token."""

    def __init__(self, user: User) -> None:
        _token, secret = issue_token(user, name="test")
        self.headers = {"authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, data: Any = None, **query: str) -> Any:
        call = getattr(Client(), method)
        given = {"content_type": "application/json", "data": data} if method != "get" else {}
        return call(f"/api/v1/{path}", headers=self.headers, query_params=query or None, **given)


@pytest.fixture
def boss(brand: Brand) -> User:
    user = UserFactory.create(email="dora@example.org", name="Dora Dahl")
    MembershipFactory.create(user=user, brand=brand, role=Role.ADMINISTRATOR)
    return user


@pytest.fixture
def rota(brand: Brand, bob: User, alice: User) -> Rota:
    start = database_now().replace(tzinfo=None) - WEEK / 2
    return rota_of(brand, line_of(bob, alice, starts=start), since=database_now() - 52 * WEEK)


def wanted(**given: Any) -> dict[str, Any]:
    first = {
        "name": "First line", "people": ["bob@example.org", "alice@example.org"],
        "unit": "WEEK", "starts": "2026-11-16T08:00",
    }  # fmt: skip
    return {"brand": "fjordkaffe", "name": "Weeks", "lines": [first], "zone": "UTC"} | given


def test_a_rota_is_made_read_changed_and_given_up(
    brand: Brand, boss: User, alice: User, bob: User
) -> None:
    api = Api(boss)
    hours = [{"days": [0, 1], "from": "08:00", "to": "24:00"}]
    second = {"name": "Second", "people": ["dora@example.org"], "unit": "DAY",
              "starts": "2026-11-16T08:00", "hours": hours, "holidays": "OFF"}  # fmt: skip
    plain = api("post", "rotas/", wanted(name="Plain")).json()
    assert plain["fallback"] is None
    assert api("put", f"rotas/{plain['id']}/", plain).json() == plain
    api("delete", f"rotas/{plain['id']}/")
    given = wanted(calendar="DK", days={"2026-12-24": "Juleaften"}, fallback="dora@example.org")
    given["lines"].append(second)
    response = api("post", "rotas/", given)
    assert response.status_code == 201, response.content
    made = response.json()
    assert made["fallback"] == "dora@example.org"
    assert made["lines"][1]["hours"] == hours
    assert made["days"] == {"2026-12-24": "Juleaften"}
    path = f"rotas/{made['id']}/"
    assert api("get", path).json() == made
    assert api("get", "rotas/").json()["results"] == [made]
    # What is read can be sent back as it is.
    assert api("put", path, made).json() == made
    assert api("delete", path).status_code == 204
    assert api("get", path).status_code == 404


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"zone": "Europe/Atlantis"}, 422),
        ({"fallback": "charlie@example.org"}, 422),
        ({"fallback": "nobody@example.org"}, 422),
        ({"days": {"24 December": "x"}}, 400),
        ({"lines": []}, 422),
        ({"brand": "nordlys"}, 404),
    ],
)
@pytest.mark.usefixtures("other_brand", "alice", "bob", "charlie")
def test_what_makes_no_sense_is_refused(brand: Brand, boss: User, given: dict, status: int) -> None:
    assert Api(boss)("post", "rotas/", wanted(**given)).status_code == status
    assert not Rota.objects.exists()


def test_who_is_on_duty_is_told_for_any_moment(
    brand: Brand, alice: User, bob: User, charlie: User, rota: Rota
) -> None:
    now = database_now()
    found = Api(alice)("get", "on-call/").json()
    assert [(each["person"], each["line"], each["how"]) for each in found] == [
        ("bob@example.org", 1, "TURN")
    ]
    later = Api(alice)("get", "on-call/", at=(now + WEEK).isoformat(), brand="fjordkaffe").json()
    assert later[0]["person"] == "alice@example.org"
    assert Api(alice)("get", "on-call/", at="yesterday").status_code == 400
    assert Api(charlie)("get", "on-call/").json() == []
    assert Api(charlie)("get", "on-call/", brand="fjordkaffe").json() == []


def test_a_schedule_has_no_gap_between_its_duties_and_tells_its_gaps(
    boss: User, alice: User, bob: User, rota: Rota
) -> None:
    found = Api(alice)("get", f"rotas/{rota.pk}/schedule/").json()
    duties = found["lines"][0]["duties"]
    assert all(before["ends_at"] == after["starts_at"] for before, after in pairwise(duties))
    assert found["gaps"] == []
    long = (database_now() + 60 * WEEK).isoformat()
    assert Api(alice)("get", f"rotas/{rota.pk}/schedule/", until=long).status_code == 400


def test_a_duty_is_covered_and_given_back(boss: User, alice: User, bob: User, rota: Rota) -> None:
    now = database_now()
    path = f"rotas/{rota.pk}/overrides/"
    given = {"line": 1, "person": "alice@example.org", "starts_at": (now + HOUR).isoformat(),
             "ends_at": (now + 2 * HOUR).isoformat()}  # fmt: skip
    assert Api(bob)("post", path, given).status_code == 403
    made = Api(alice)("post", path, given)
    assert made.status_code == 201
    assert Api(bob)("get", path).json()["results"] == [made.json()]
    one = f"overrides/{made.json()['id']}/"
    assert Api(bob)("delete", one).status_code == 403
    assert Api(boss)("delete", one).status_code == 204
    assert not Override.objects.exists()


def test_a_swap_is_asked_taken_once_and_a_note_left(
    brand: Brand, boss: User, alice: User, bob: User, charlie: User, rota: Rota
) -> None:
    now = database_now()
    given = {"line": 1, "starts_at": (now + HOUR).isoformat(), "note": "Dentist",
             "ends_at": (now + 2 * HOUR).isoformat()}  # fmt: skip
    swap = Api(bob)("post", f"rotas/{rota.pk}/swaps/", given).json()
    assert (swap["state"], swap["asked"]) == ("OPEN", None)
    assert Api(alice)("get", "swaps/").json()["results"] == [swap]
    assert Api(charlie)("post", f"swaps/{swap['id']}/take/").status_code == 404
    assert Api(alice)("post", f"swaps/{swap['id']}/take/").json()["state"] == "TAKEN"
    assert Api(boss)("post", f"swaps/{swap['id']}/take/").status_code == 409
    assert duty.on_call(brand, now + HOUR) == [alice]
    note = Api(bob)("post", f"rotas/{rota.pk}/notes/", {"text": "Watch the forum"})
    assert Api(alice)("get", f"rotas/{rota.pk}/notes/").json()["results"] == [note.json()]


def test_absences_and_calendar_addresses_are_ones_own(alice: User, bob: User, rota: Rota) -> None:
    now = database_now()
    given = {"starts_at": now.isoformat(), "ends_at": (now + WEEK).isoformat(), "reason": "Ill"}
    made = Api(alice)("post", "absences/", given).json()
    assert Api(alice)("get", "absences/").json()["results"] == [made]
    assert Api(bob)("get", "absences/").json()["results"] == []
    assert Api(bob)("delete", f"absences/{made['id']}/").status_code == 404
    assert Api(alice)("delete", f"absences/{made['id']}/").status_code == 204
    feed = Api(bob)("post", "calendar-feeds/", {"rota": rota.pk}).json()
    path = feed["address"].removeprefix("http://testserver")
    assert Client().get(path).status_code == 200
    listed = Api(bob)("get", "calendar-feeds/").json()["results"]
    assert [each["id"] for each in listed] == [feed["id"]]
    assert "address" not in listed[0]
    assert Api(alice)("delete", f"calendar-feeds/{feed['id']}/").status_code == 404
    assert Api(bob)("delete", f"calendar-feeds/{feed['id']}/").status_code == 204
    assert Client().get(path).status_code == 404


def test_rights_hold_over_the_api(
    brand: Brand, alice: User, bob: User, charlie: User, rota: Rota
) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    path = f"rotas/{rota.pk}/"
    calls = [("put", path), ("delete", path)]
    for method, where in calls:
        assert Api(alice)(method, where, wanted()).status_code == 403
    note, part = {"text": "x"}, {"line": 1, "starts_at": "2030-01-01T00:00Z",
                                 "ends_at": "2030-01-02T00:00Z"}  # fmt: skip
    for where, data in ((f"{path}notes/", note), (f"{path}swaps/", part)):
        assert Api(observer)("post", where, data).status_code == 403
        assert Api(charlie)("post", where, data).status_code == 404
    for method, where in [*calls, ("get", path), ("get", f"{path}schedule/")]:
        assert Api(charlie)(method, where, wanted()).status_code == 404
    assert Client().get(f"/api/v1/{path}").status_code in (401, 403)
    assert Rota.objects.in_use().exists()


def test_a_lead_enters_reads_and_ends_the_absences_of_others(
    alice: User, bob: User, charlie: User, rota: Rota
) -> None:
    lead = Api(alice)
    given = {
        "brand": "fjordkaffe", "person": "bob@example.org", "reason": "Ill",
        "starts_at": "2030-07-01T00:00:00Z", "ends_at": "2030-07-03T00:00:00Z",
    }  # fmt: skip
    made = lead("post", "absences/", given)
    assert made.status_code == 201
    assert "reason" not in made.json()
    [own] = Api(bob)("get", "absences/").json()["results"]
    assert (own["id"], own["reason"]) == (made.json()["id"], "")
    assert lead("get", "absences/", brand="fjordkaffe").json()["results"] == [made.json()]
    assert lead("get", "absences/").json()["results"] == []
    assert Api(bob)("get", "absences/", brand="fjordkaffe").status_code == 403
    assert Api(charlie)("get", "absences/", brand="fjordkaffe").status_code == 404
    assert Api(bob)("post", "absences/", given | {"person": alice.email}).status_code == 403
    assert lead("post", "absences/", given | {"person": charlie.email}).status_code == 404
    assert Api(charlie)("delete", f"absences/{own['id']}/").status_code == 404
    assert lead("delete", f"absences/{own['id']}/").status_code == 204
