"""Files and planning tools over the API, as on the page."""

import json
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.models import ConnectedAccount
from core import signatures
from marketing.models import Feed, ScheduledPost
from marketing.services import feeding

from .test_feeding import day, table

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
JSON = {"content_type": "application/json"}
IMPORTS, FEEDS = "/api/v1/marketing/imports/", "/api/v1/marketing/feeds/"


@pytest.fixture
def manager(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


def plan(*rows: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("plan.csv", table(*rows), "text/csv")


def test_a_file_is_taken_in_once_and_names_what_was_left_out(
    brand: Brand, account: ConnectedAccount, signed_in: SignIn, bob: User
):
    rows = (f"{day(2)} 10:00;Kom og smag;@fjordkaffe;DK;;post", f"{day(2)} 11:00;Hej;@nobody;;;")
    first = signed_in(bob).post(IMPORTS, {"brand": brand.slug, "file": plan(*rows)})
    again = signed_in(bob).post(IMPORTS, {"brand": brand.slug, "file": plan(*rows)})

    assert first.status_code == again.status_code == 200
    assert (first.json()["new"], again.json()["new"], again.json()["known"]) == (1, 0, 1)
    [left] = first.json()["refused"]
    assert (left["row"], left["shown"]) == (3, "@nobody")
    assert "no account of this name" in left["why"]
    assert ScheduledPost.objects.get().account == account


def test_what_is_no_plan_is_refused_in_words(brand: Brand, signed_in: SignIn, bob: User):
    nothing = SimpleUploadedFile("plan.ics", b"BEGIN:VCALENDAR\r\nnonsense")

    answer = signed_in(bob).post(IMPORTS, {"brand": brand.slug, "file": nothing})

    assert answer.status_code == 422
    assert not ScheduledPost.objects.exists()


def test_a_webhook_is_connected_called_and_disconnected(
    brand: Brand, signed_in: SignIn, manager: User
):
    made = signed_in(manager).post(
        FEEDS, {"brand": brand.slug, "kind": "WEBHOOK", "name": "Planner"}, **JSON
    )
    assert made.status_code == 201, made.content
    secret, address = made.json()["secret"], made.json()["address"]
    body = json.dumps({"posts": [{"id": "1", "text": "Hej", "at": f"{day(3)}T10:00:00Z"}]}).encode()
    headers = signatures.sign(secret, call_id="m1", at=timezone.now(), body=body)

    called = Client().post(address, body, content_type="application/json", headers=headers)

    assert called.status_code == 200, called.content
    [row] = signed_in(manager).get(FEEDS).json()["results"]
    assert (row["name"], row["coming"]) == ("Planner", 1)
    assert "secret" not in row
    assert secret not in json.dumps(row)
    gone = signed_in(manager).delete(f"{FEEDS}{row['id']}/")
    assert gone.status_code == 204
    assert not ScheduledPost.objects.exists()


def test_who_may_not_manage_the_brand_connects_and_removes_nothing(
    brand: Brand, signed_in: SignIn, manager: User, bob: User, charlie: User
):
    fields = {"name": "Planner", "entry_kind": "POST", "network": "", "country": ""}
    feed, _secret = feeding.add_feed(brand, "WEBHOOK", fields, by=manager, now=timezone.now())
    wanted = {"brand": brand.slug, "kind": "WEBHOOK", "name": "Other"}

    assert signed_in(bob).get(f"{FEEDS}{feed.pk}/").status_code == 200
    assert signed_in(bob).post(FEEDS, wanted, **JSON).status_code == 403
    assert signed_in(bob).delete(f"{FEEDS}{feed.pk}/").status_code == 403
    assert signed_in(charlie).get(f"{FEEDS}{feed.pk}/").status_code == 404
    assert signed_in(charlie).delete(f"{FEEDS}{feed.pk}/").status_code == 404
    assert signed_in(charlie).post(FEEDS, wanted, **JSON).status_code == 422
    file = plan(f"{day(2)} 10:00;Hej;;;;")
    stranger = signed_in(charlie).post(IMPORTS, {"brand": brand.slug, "file": file})
    assert stranger.status_code == 422
    assert Feed.objects.count() == 1
    assert not ScheduledPost.objects.exists()


def test_a_calendar_needs_an_address_that_may_be_asked(
    brand: Brand, signed_in: SignIn, manager: User
):
    wanted = {"brand": brand.slug, "kind": "CALENDAR", "name": "Plan"}

    assert signed_in(manager).post(FEEDS, wanted, **JSON).status_code == 422
    assert (
        signed_in(manager).post(FEEDS, {**wanted, "url": "ftp://x.example/"}, **JSON).status_code
        == 422
    )
    made = signed_in(manager).post(FEEDS, {**wanted, "url": "https://x.example/plan.ics"}, **JSON)
    assert (made.status_code, made.json()["address"], made.json()["secret"]) == (201, "", "")
