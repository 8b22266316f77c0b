"""Addresses, orders and quiet hours, on the pages by which people set them."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.clock import database_now
from core.errors import Conflict, Refused
from notifications import codes, selectors
from notifications.models import Address, Channel, Delivery, Notice, Preference, Provider, Rule
from notifications.services import addresses, send_due
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.notifications import ChannelFactory, reach, tell

from .gateway import Gateway
from .test_push import Browser

SignIn = Callable[[User], Client]
WAYS = "/settings/notices/"


@pytest.fixture
def texts(gateway: Gateway, settings: Settings) -> Gateway:
    settings.NOTIFY_SMS = f"json://{gateway.host}/sms/{{to}}"
    return gateway


def send_all() -> None:
    while send_due(database_now()):
        pass


@pytest.mark.django_db
def test_a_number_is_used_once_its_code_was_typed(
    alice: User, signed_in: SignIn, texts: Gateway
) -> None:
    client = signed_in(alice)
    answer = client.post(f"{WAYS}new/sms/", {"to": "+45 12 34 56 78", "label": "Vagttelefon"})
    address = alice.addresses.get()
    assert answer["Location"] == f"{WAYS}{address.pk}/code/"
    tell(alice, key="early", urgency="PAGE")
    assert not Delivery.objects.filter(address=address, notice__key="early").exists()
    send_all()
    said = json.loads(texts.calls[0].body)
    code = said["title"].rpartition(": ")[2]
    assert (len(code), texts.calls[0].path) == (6, "/sms/+4512345678")
    # Nowhere else does the code stand: not in the app, not in the database.
    assert code not in client.get("/notices/").content.decode()
    assert code not in json.dumps(list(Notice.objects.values("params")))
    wrong = client.post(answer["Location"], {"code": "000000" if code != "000000" else "1"})
    assert "This is not the code" in wrong.content.decode()
    assert client.post(answer["Location"], {"code": f" {code[:3]} {code[3:]} "})["Location"] == WAYS
    tell(alice, key="late", urgency="PAGE")
    assert Delivery.objects.filter(address=address, notice__key="late").exists()
    shown = client.get(WAYS).content.decode()
    assert "Vagttelefon" in shown
    assert "… 5678" in shown
    assert "4512345678" not in shown.replace(" ", "")
    actions = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert actions == ["address.added", "address.verified"]


@pytest.mark.django_db
def test_codes_are_not_to_be_guessed(alice: User, texts: Gateway) -> None:
    now = database_now()
    address = addresses.add_address(alice, "sms", "+4512345678", now=now)
    address.refresh_from_db()
    good = codes.of(address)
    bad = "123456" if good != "123456" else "654321"
    for _ in range(codes.MOST_TRIES):
        with pytest.raises(Refused, match="not the code"):
            addresses.verify(alice, address.pk, bad, now=now)
    with pytest.raises(Refused, match="Too many attempts"):
        addresses.verify(alice, address.pk, good, now=now)
    with pytest.raises(Conflict):
        addresses.send_code(alice, address.pk, now=now)
    later = now + timedelta(minutes=1)
    addresses.send_code(alice, address.pk, now=later)
    address.refresh_from_db()
    assert codes.of(address) != good
    with pytest.raises(Refused, match="older than half an hour"):
        addresses.verify(alice, address.pk, codes.of(address), now=later + timedelta(minutes=31))
    assert addresses.verify(alice, address.pk, codes.of(address), now=later).verified_at == later


@pytest.mark.django_db
def test_what_an_address_is_stands_nowhere_in_the_clear(alice: User, texts: Gateway) -> None:
    addresses.add_address(alice, "sms", "+4512345678", now=database_now())
    found = "".join(str(row) for row in _everything())
    assert "sms" in found
    assert "4512345678" not in found


def _everything() -> list[tuple]:
    rows: list[tuple] = []
    with connection.cursor() as cursor:
        for table in ("address", "notice", "delivery"):
            cursor.execute(f"SELECT t::text FROM notifications_{table} t")
            rows += cursor.fetchall()
        cursor.execute("SELECT t::text FROM accounts_auditentry t")
        return rows + cursor.fetchall()


@pytest.mark.django_db
def test_only_ones_own_addresses_can_be_touched(
    alice: User, bob: User, signed_in: SignIn, texts: Gateway
) -> None:
    hers = reach(alice, "sms", {"to": "+4512345678"}, "sms")
    assert signed_in(alice).post(f"{WAYS}{hers.pk}/ring/").status_code == 302
    client = signed_in(bob)
    for what in ("ring", "remove", "again", "code"):
        assert client.post(f"{WAYS}{hers.pk}/{what}/", {"code": "1"}).status_code == 404
    order = {"urgency": "PAGE", "way_1": f"address.{hers.pk}", "after_1": "0"}
    assert "valid choice" in client.post(f"{WAYS}orders/new/", order).content.decode()
    assert Address.objects.filter(pk=hers.pk).exists()
    assert not Rule.objects.exists()


@pytest.mark.django_db
def test_ring_me_now_rings_one_address_and_shows_what_came_of_it(
    alice: User, signed_in: SignIn, texts: Gateway
) -> None:
    address = reach(alice, "sms", {"to": "+4512345678"}, "sms", label="Vagttelefon")
    client = signed_in(alice)
    client.post(f"{WAYS}{address.pk}/ring/")
    send_all()
    assert [call.path for call in texts.calls] == ["/sms/+4512345678"]
    assert json.loads(texts.calls[0].body)["title"].startswith("A test")
    shown = client.get(WAYS).content.decode()
    assert "Text message" in shown
    assert "Sent" in shown
    again = client.post(f"{WAYS}{address.pk}/ring/", follow=True)
    assert "a moment ago" in again.content.decode()
    assert selectors.unread(alice) == 0
    client.post(f"{WAYS}ring/")
    assert Delivery.objects.filter(channel="email", notice__user=alice).count() == 1


@pytest.mark.django_db
def test_an_order_is_made_changed_followed_and_removed(
    alice: User, signed_in: SignIn, texts: Gateway
) -> None:
    address = reach(alice, "sms", {"to": "+4512345678"}, "sms", label="Vagttelefon")
    client = signed_in(alice)
    order = {
        "urgency": "PAGE",
        "way_1": "email",
        "after_1": "",
        "way_2": f"address.{address.pk}",
        "after_2": "2",
    }
    assert client.post(f"{WAYS}orders/new/", order)["Location"] == WAYS
    rule = alice.notice_rules.get()
    assert rule.steps == [
        {"way": "email", "after": 0},
        {"way": "address", "after": 120, "address": address.pk},
    ]
    assert "after 2 min" in client.get(WAYS).content.decode()
    assert 'value="2"' in client.get(f"{WAYS}orders/{rule.pk}/").content.decode()
    half = client.post(f"{WAYS}orders/{rule.pk}/", order | {"starts": "22:00"})
    assert "Give both hours, or neither." in half.content.decode()
    empty = client.post(f"{WAYS}orders/new/", {"urgency": "NEWS"})
    assert "Choose at least one way." in empty.content.decode()
    client.post(f"{WAYS}orders/{rule.pk}/", order | {"starts": "22:00", "ends": "07:00"})
    rule.refresh_from_db()
    assert (str(rule.starts), str(rule.ends)) == ("22:00:00", "07:00:00")
    client.post(f"{WAYS}{address.pk}/remove/")
    rule.refresh_from_db()
    assert rule.steps == [{"way": "email", "after": 0}]
    client.post(f"{WAYS}orders/{rule.pk}/remove/")
    assert not alice.notice_rules.exists()


@pytest.mark.django_db
def test_one_way_alone_is_warned_of(alice: User, signed_in: SignIn, texts: Gateway) -> None:
    words = "All your pages go by one service"
    client = signed_in(alice)
    assert words in client.get(WAYS).content.decode()
    reach(alice, "sms", {"to": "+4512345678"}, "sms")
    assert words not in client.get(WAYS).content.decode()


@pytest.mark.django_db
def test_quiet_hours_are_kept(alice: User, signed_in: SignIn) -> None:
    client = signed_in(alice)
    wishes = {"quiet_from": "22:00", "quiet_until": "07:00", "bundle_minutes": "15"}
    client.post(f"{WAYS}preferences/", wishes | {"show_details": "on"})
    kept = Preference.objects.get()
    assert (str(kept.quiet_from), kept.bundle_minutes, kept.show_details) == ("22:00:00", 15, True)
    refused = client.post(f"{WAYS}preferences/", wishes | {"quiet_until": ""}, follow=True)
    assert "Give both hours, or neither." in refused.content.decode()


@pytest.mark.django_db
def test_a_device_subscribes_once_and_belongs_to_who_is_signed_in(
    alice: User, bob: User, signed_in: SignIn
) -> None:
    browser = Browser("https://push.example/abc").subscription
    keys = {"p256dh": browser["p256dh"], "auth": browser["auth"]}
    sent = {"subscription": {"endpoint": browser["endpoint"], "keys": keys}, "name": "Firefox"}

    def post(client: Client, what: object) -> int:
        answer = client.post(f"{WAYS}device/", json.dumps(what), content_type="application/json")
        return answer.status_code

    client = signed_in(alice)
    assert [post(client, sent), post(client, sent)] == [200, 200]
    assert [(each.user, each.label) for each in Address.objects.all()] == [(alice, "Firefox")]
    assert post(signed_in(bob), sent) == 200
    assert [each.user for each in Address.objects.all()] == [bob]
    assert post(client, {"subscription": {"endpoint": "http://x"}}) == 422
    assert post(client, ["nonsense"]) == 400
    assert post(signed_in(bob), {"forget": browser["endpoint"]}) == 200
    assert not Address.objects.exists()
    assert post(Client(), sent) == 302


@pytest.mark.django_db
def test_the_service_worker_is_at_the_root_and_the_policy_lets_it_run(client: Client) -> None:
    UserFactory.create()
    answer = client.get("/push-worker.js")
    assert answer["Content-Type"] == "text/javascript"
    assert "worker-src 'self'" in answer["Content-Security-Policy"]
    assert b"showNotification" in answer.content


@pytest.mark.django_db
def test_who_fails_is_shown_with_what_to_do(alice: User, signed_in: SignIn) -> None:
    Provider.objects.create(
        name="ntfys:ntfy.sh", health="DOWN", failures=4, since=database_now(), error="It said 503"
    )
    client = signed_in(alice)
    assert "1 service that carries notices does not work" in client.get(WAYS).content.decode()
    shown = client.get(f"{WAYS}health/").content.decode()
    assert "4 failures in a row. <bdi>It said 503</bdi>" in shown
    assert "Does not work" in shown


@pytest.mark.django_db
def test_channels_belong_to_those_who_manage_the_brand(
    brand: Brand, alice: User, charlie: User, signed_in: SignIn, gateway: Gateway
) -> None:
    karen = UserFactory.create()
    MembershipFactory.create(user=karen, brand=brand, role=Role.ADMINISTRATOR)
    page = f"/settings/channels/{brand.slug}/new/"
    said = {
        "name": "Kriserum",
        "service": "webhook",
        "to": f"http://{gateway.host}/alarm",
        "language": "da",
    }
    assert signed_in(alice).post(page, said).status_code == 403
    assert signed_in(charlie).post(page, said).status_code == 404
    client = signed_in(karen)
    made = client.post(page, said).content.decode()
    assert "whsec_" in made
    channel = Channel.objects.get()
    assert "already" in client.post(page, said).content.decode()
    assert "whsec_" not in client.get("/settings/channels/").content.decode()
    assert signed_in(charlie).post(f"/settings/channels/{channel.pk}/test/").status_code == 404
    assert signed_in(alice).post(f"/settings/channels/{channel.pk}/remove/").status_code == 403
    client.post(f"/settings/channels/{channel.pk}/test/")
    send_all()
    assert len(gateway.calls) == 1
    client.post(f"/settings/channels/{channel.pk}/remove/")
    assert not Channel.objects.exists()


@pytest.mark.django_db
def test_strangers_see_no_channel(brand: Brand, charlie: User, signed_in: SignIn) -> None:
    ChannelFactory.create(brand=brand, name="Kriserum")
    assert "Kriserum" not in signed_in(charlie).get("/settings/channels/").content.decode()
