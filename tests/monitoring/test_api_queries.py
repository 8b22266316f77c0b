from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.base import Post
from monitoring.enums import QueryKind
from monitoring.ingest import accept
from monitoring.models import Query
from tests.factories.monitoring import QueryFactory, SourceFactory, mention

SignIn = Callable[[User], Client]
QUERIES = "/api/v1/queries/"
JSON = "application/json"


@pytest.fixture
def admin(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


def test_a_query_is_made_read_changed_and_deleted(
    brand: Brand, admin: User, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    given = {"brand": "fjordkaffe", "name": "Ours", "expression": "fjordkaffe -job"}
    made = client.post(QUERIES, given, JSON)
    assert made.status_code == 201
    body = made.json()
    assert (body["kind"], body["expression"], body["is_active"]) == (
        "brand",
        "fjordkaffe -job",
        True,
    )
    address = f"{QUERIES}{body['id']}/"
    assert client.get(QUERIES).json()["results"] == [client.get(address).json()]
    changed = client.patch(address, {"kind": "watch", "watched": "suppliers"}, JSON)
    assert (changed.json()["watched"], changed.json()["expression"]) == (
        "suppliers",
        given["expression"],
    )
    assert client.patch(address, {"kind": "brand"}, JSON).status_code == 422
    assert client.patch(address, {"expression": "NOT te"}, JSON).status_code == 422
    assert client.post(QUERIES, given, JSON).status_code == 409
    assert client.delete(address).status_code == 204
    assert not Query.objects.exists()


def test_strangers_get_404_and_members_without_the_right_403(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
) -> None:
    query = QueryFactory.create(brand=brand, expression="te")
    address, given = f"{QUERIES}{query.pk}/", {"brand": "fjordkaffe", "expression": "te"}
    stranger, member = signed_in(charlie), signed_in(bob)
    assert member.get(address).status_code == 200
    assert stranger.get(address).status_code == 404
    assert stranger.get(QUERIES).json()["results"] == []
    assert stranger.get("/api/v1/trends/?brand=fjordkaffe").status_code == 404
    for client, status in ((stranger, 404), (member, 403)):
        assert client.patch(address, {"name": "x"}, JSON).status_code == status
        assert client.delete(address).status_code == status
        assert client.post(QUERIES + "check/", given, JSON).status_code == status
        assert client.post(QUERIES, {**given, "name": "x"}, JSON).status_code == status
    assert Query.objects.get().expression == "te"


def test_an_expression_is_tried(brand: Brand, admin: User, signed_in: SignIn) -> None:
    client = signed_in(admin)
    mention(brand, text="kold kaffe", published_at=timezone.now() - timedelta(days=1))
    body = client.post(
        QUERIES + "check/", {"brand": "fjordkaffe", "expression": "kold kaffe"}, JSON
    ).json()
    assert (body["answer"]["found"], body["answer"]["is_exact"]) == (1, True)
    assert body["answer"]["examples"][0]["text"] == "kold kaffe"
    assert [note["code"] for note in body["notes"]] == ["blank_is_and"]
    body = client.post(
        QUERIES + "check/", {"brand": "fjordkaffe", "expression": "kold OR"}, JSON
    ).json()
    [problem] = body["problems"]
    assert (problem["code"], problem["start"], problem["end"]) == ("nothing_after", 5, 7)
    assert body["answer"] is None


def test_trends_are_read(brand: Brand, bob: User, signed_in: SignIn) -> None:
    rival = QueryFactory.create(
        brand=brand, name="Bjerg", expression="bjerg*", kind=QueryKind.COMPETITOR
    )
    QueryFactory.create(brand=brand, expression="fjord*")
    source = SourceFactory.create(brand=brand, config={"match": True})
    now = timezone.now()
    accept(source, [Post("1", "bjergkaffe"), Post("2", "fjordkaffe")], now=now)
    body = signed_in(bob).get("/api/v1/trends/?brand=fjordkaffe&days=7").json()
    assert len(body["days"]) == 7
    ours, theirs = body["voices"]
    assert (ours["query"], ours["totals"][-1], ours["share"]) == (None, 1, 0.5)
    assert (theirs["query"], theirs["total"], theirs["before"]) == (rival.pk, 1, 0)
    assert body["topics"] == []
    assert signed_in(bob).get("/api/v1/trends/?brand=fjordkaffe&days=8").status_code == 400
