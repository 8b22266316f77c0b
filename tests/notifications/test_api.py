"""Notices over the API: what the pages do, programs can."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from core.clock import database_now
from notifications import codes
from notifications.models import Address, Channel, Delivery, Provider
from notifications.services import send_due
from tests.factories.notifications import ChannelFactory, reach, tell

from .gateway import Gateway
from .test_push import Browser

SignIn = Callable[[User], Client]
JSON = "application/json"
API = "/api/v1/"


@pytest.mark.django_db
def test_notices_tell_what_became_of_them(alice: User, bob: User, signed_in: SignIn) -> None:
    notice = tell(alice, key="k", urgency="PAGE", now=database_now())
    client = signed_in(alice)
    (found,) = client.get(f"{API}notices/").json()["results"]
    assert found["title"].startswith("SEV1 Fjordkaffe")
    assert [each["state"] for each in found["deliveries"]] == ["QUEUED"]
    read = client.post(f"{API}notices/{notice.pk}/read/").json()
    assert read["read_at"]
    assert [each["state"] for each in read["deliveries"]] == ["CANCELLED"]
    assert signed_in(bob).get(f"{API}notices/{notice.pk}/").status_code == 404


@pytest.mark.django_db
def test_an_address_is_added_confirmed_rung_and_removed(
    alice: User, bob: User, signed_in: SignIn, gateway: Gateway, settings: Settings
) -> None:
    settings.NOTIFY_SMS = f"json://{gateway.host}/{{to}}"
    client, here = signed_in(alice), f"{API}notice-addresses/"
    made = client.post(here, {"service": "sms", "to": "+45 12 34 56 78"}, JSON)
    assert made.status_code == 201
    body = made.json()
    assert (body["hint"], body["verified_at"]) == ("… 5678", None)
    one = f"{here}{body['id']}/"
    assert client.post(f"{one}ring/").status_code == 422
    assert client.post(f"{one}verify/", {"code": "x"}, JSON).status_code == 422
    code = codes.of(Address.objects.get())
    assert client.post(f"{one}verify/", {"code": code}, JSON).json()["verified_at"]
    assert client.post(f"{one}ring/").status_code == 202
    while send_due(database_now()):
        pass
    assert len(gateway.calls) == 2
    assert client.post(here, {"service": "sms", "to": "+4512345678"}, JSON).status_code == 409
    assert client.post(here, {"service": "sms", "to": "12"}, JSON).status_code == 422
    for method, address in (("get", one), ("delete", one), ("post", f"{one}ring/")):
        assert getattr(signed_in(bob), method)(address).status_code == 404
    assert client.delete(one).status_code == 204
    assert client.get(here).json()["results"] == []


@pytest.mark.django_db
def test_a_device_is_added_as_the_browser_describes_it(alice: User, signed_in: SignIn) -> None:
    browser = Browser("https://push.example/abc").subscription
    keys = {"p256dh": browser["p256dh"], "auth": browser["auth"]}
    given = {"endpoint": browser["endpoint"], "keys": keys, "label": "Firefox"}
    client = signed_in(alice)
    assert client.post(f"{API}notice-addresses/device/", given, JSON).status_code == 201
    bad = given | {"endpoint": "ftp://x"}
    assert client.post(f"{API}notice-addresses/device/", bad, JSON).status_code == 422


@pytest.mark.django_db
def test_orders_and_preferences(alice: User, bob: User, signed_in: SignIn) -> None:
    hers = reach(alice, "sms", {"to": "+4512345678"}, "sms")
    client, here = signed_in(alice), f"{API}notice-orders/"
    order = {
        "urgency": "PAGE",
        "starts": "22:00",
        "ends": "07:00",
        "steps": [{"way": "address", "address": hers.pk, "after": 60}, {"way": "push"}],
    }
    made = client.post(here, order, JSON).json()
    assert made["steps"][0] == {"way": "push", "after": 0}
    one = f"{here}{made['id']}/"
    assert client.put(one, order | {"ends": None}, JSON).status_code == 422
    changed = client.put(one, {"urgency": "NEWS", "steps": [{"way": "email"}]}, JSON).json()
    assert (changed["urgency"], changed["starts"]) == ("NEWS", None)
    assert signed_in(bob).post(here, order, JSON).status_code == 422
    assert signed_in(bob).delete(one).status_code == 404
    assert client.delete(one).status_code == 204
    wishes = f"{API}notice-preferences/"
    assert client.get(wishes).json()["bundle_minutes"] == 5
    quiet = {"quiet_from": "22:00", "quiet_until": "07:00", "bundle_minutes": 30}
    assert client.post(wishes, quiet, JSON).json()["quiet_from"] == "22:00:00"
    assert client.get(wishes).json()["bundle_minutes"] == 30


@pytest.mark.django_db
def test_channels_and_providers(
    brand: Brand, alice: User, charlie: User, signed_in: SignIn, gateway: Gateway
) -> None:
    here = f"{API}notice-channels/"
    given = {"brand": brand.slug, "name": "Rum", "service": "webhook", "to": "https://a.example/x"}
    assert signed_in(alice).post(here, given, JSON).status_code == 403
    assert signed_in(charlie).post(here, given, JSON).status_code == 404
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    client = signed_in(alice)
    made = client.post(here, given, JSON).json()
    assert made["secret"].startswith("whsec_")
    listed = client.get(here).json()["results"]
    assert "secret" not in json.dumps(listed)
    assert signed_in(charlie).get(here).json()["results"] == []
    assert client.post(f"{here}{made['id']}/test/").status_code == 202
    assert Delivery.objects.get().broadcast.channel.name == "Rum"
    assert client.delete(f"{here}{made['id']}/").status_code == 204
    assert not Channel.objects.exists()
    Provider.objects.create(name="email", health="DOWN", since=database_now(), failures=3)
    assert client.get(f"{API}notice-providers/").json()["results"][0]["health"] == "DOWN"


@pytest.mark.django_db
def test_channels_of_others_are_not_touched(brand: Brand, charlie: User, signed_in: SignIn) -> None:
    channel = ChannelFactory.create(brand=brand)
    client = signed_in(charlie)
    assert client.delete(f"{API}notice-channels/{channel.pk}/").status_code == 404
    assert client.post(f"{API}notice-channels/{channel.pk}/test/").status_code == 404
