"""Escalation over the API: policies, versions, what would happen, drills and the ladder."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Brand, User
from incidents.models import EscalationPolicy, Incident
from tests.factories.incidents import IncidentFactory, on_the_ladder

SignedIn = Callable[[User], Client]
API = "/api/v1"
JSON = "application/json"


@pytest.fixture
def boss(brand: Brand, alice: User) -> User:
    brand.memberships.filter(user=alice).update(role="ADMINISTRATOR")
    return alice


def test_a_policy_is_made_read_changed_and_brought_back(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    client = signed_in(boss)
    night = {"from": "22:00", "to": "06:00", "days": [0, 6], "zone": "Europe/Copenhagen"}
    wanted = {
        "brand": brand.slug, "name": "Nights", "is_default": True, "rounds": 2,
        "steps": [
            {"target": "USER", "user": bob.pk, "wait": 300, "times": 2},
            {"target": "ROLE", "role": "LEAD", "wait": 60, "only": {"hours": night}},
        ],
    }  # fmt: skip
    made = client.post(f"{API}/policies/", wanted, content_type=JSON)
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["words"] == ["Bob Berg · 2 times", "Everyone with the role Lead · only 22:00–06:00, Mon, Sun (Europe/Copenhagen)"]  # fmt: skip  # noqa: E501
    path = f"{API}/policies/{told['id']}/"
    assert client.get(path).json()["steps"][0]["times"] == 2
    changed = {"name": "Days", "steps": [{"target": "ON_CALL", "wait": 60}]}
    assert client.put(path, changed, content_type=JSON).json()["version"] == 2
    assert [each["number"] for each in client.get(f"{path}versions/").json()] == [2, 1]
    assert client.post(f"{path}versions/1/restore/").json()["name"] == "Nights"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"target": "PIGEON"}],
        [{"target": "USER", "user": 0}],
        [{"target": "ON_CALL", "only": {"hours": {"from": "x"}}}],
        [{"target": "ON_CALL", "only": {"severity": [1]}}],
        [{"target": "TURN", "people": ["x"]}],
        [{"target": "WAIT", "wait": 60}],
        [{"target": "ON_CALL", "wait": -1}],
    ],
)
def test_what_makes_no_sense_is_refused(
    brand: Brand, boss: User, signed_in: SignedIn, steps: list
) -> None:
    data = {"brand": brand.slug, "name": "x", "steps": steps}
    response = signed_in(boss).post(f"{API}/policies/", data, content_type=JSON)
    assert 400 <= response.status_code < 500
    assert not EscalationPolicy.objects.exists()


def test_what_would_happen_is_told_for_a_time_and_other_steps(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    policy = on_the_ladder(brand, bob)
    path = f"{API}/policies/{policy.pk}/foresee/"
    asked = {"at": "2026-12-01T02:00:00Z", "severity": 2}
    rows = signed_in(bob).post(path, asked, content_type=JSON).json()
    assert [(row["kind"], row["people"]) for row in rows] == [
        ("call", ["Bob Berg"]),
        ("call", ["Bob Berg"]),
        ("everyone", ["Alice Andersen", "Bob Berg"]),
    ]
    asked |= {"steps": [{"target": "ROLE", "role": "ADMINISTRATOR", "wait": 60}]}
    rows = signed_in(bob).post(path, asked, content_type=JSON).json()
    assert rows[0]["people"] == ["Alice Andersen"]


def test_a_drill_and_its_ladder(brand: Brand, boss: User, bob: User, signed_in: SignedIn) -> None:
    policy = on_the_ladder(brand, bob, boss)
    client = signed_in(boss)
    drill = client.post(f"{API}/policies/{policy.pk}/drills/", {}, content_type=JSON).json()
    assert client.get(f"{API}/drills/{drill['id']}/").json()["ended_at"] is None
    ladder = client.get(f"{API}/incidents/{drill['incident']}/ladder/").json()
    assert [step["words"] for step in ladder["steps"]] == ["Bob Berg", "Alice Andersen"]
    assert client.post(f"{API}/drills/{drill['id']}/").status_code == 200
    assert not Incident.objects.exists()


def test_a_later_step_is_called_at_once(
    brand: Brand, boss: User, bob: User, signed_in: SignedIn
) -> None:
    policy = on_the_ladder(brand, bob, boss)
    step = {"target": "USER", "user": bob.pk, "role": "", "wait": 60}
    incident = IncidentFactory.create(
        brand=brand, policy=policy, ladder=[step] * 3, ladder_rounds=1
    )
    path = f"{API}/incidents/{incident.reference}/ladder/"
    assert signed_in(bob).post(path, {"step": 3}, content_type=JSON).status_code == 200
    incident.refresh_from_db()
    assert (incident.rung, incident.escalate_at is not None) == (2, True)


def test_who_may_not_is_told_so_and_who_may_not_know_finds_nothing(
    brand: Brand, boss: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    policy = on_the_ladder(brand, bob)
    incident = IncidentFactory.create(brand=brand)
    steps = {"name": "x", "steps": [{"target": "ON_CALL", "wait": 1}]}
    writes = [
        ("put", f"{API}/policies/{policy.pk}/", steps),
        ("delete", f"{API}/policies/{policy.pk}/", {}),
        ("post", f"{API}/policies/{policy.pk}/drills/", {}),
        ("post", f"{API}/policies/", steps | {"brand": brand.slug}),
    ]
    for method, path, data in writes:
        for user, expected in ((bob, 403), (charlie, 404)):
            call = getattr(signed_in(user), method)
            assert call(path, data, content_type=JSON).status_code == expected, (path, user)
    for path in (f"policies/{policy.pk}", f"policies/{policy.pk}/versions", f"incidents/{incident.reference}/ladder"):  # fmt: skip  # noqa: E501
        assert signed_in(bob).get(f"{API}/{path}/").status_code == 200
        assert signed_in(charlie).get(f"{API}/{path}/").status_code == 404
    assert signed_in(charlie).get(f"{API}/policies/").json() == []
