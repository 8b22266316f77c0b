"""One way after the other: what a failure, an answer and a storm do to what is to go out."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Brand, User
from core import engine, signatures
from core.clock import database_now
from notifications.enums import Health
from notifications.models import Address, Delivery, Notice, Preference, Provider, Rule
from notifications.services import (
    call_off,
    circuits,
    mark_read,
    notify_channel,
    probe_due,
    send_due,
)
from notifications.services.sealing import seal
from tests.factories.notifications import KIND, ChannelFactory, ensure_kind, reach, tell

from .conftest import Postbox
from .gateway import Gateway
from .test_push import Browser

SECOND = timedelta(seconds=1)


def later(**span: int) -> datetime:
    return database_now() + timedelta(**span)


def send_all(now: datetime | None = None) -> None:
    while send_due(now or database_now()):
        pass


def paged(user: User, **facts: Any) -> Notice:
    return tell(user, key=facts.pop("key", "k"), urgency="PAGE", now=database_now(), **facts)


def states(notice: Notice) -> dict[str, str]:
    return dict(notice.deliveries.order_by("step").values_list("channel", "state"))


@pytest.fixture
def sms(alice: User, gateway: Gateway, settings: Settings) -> Address:
    settings.NOTIFY_SMS = f"json://{gateway.host}/sms/{{to}}"
    return reach(alice, "sms", {"to": "+4512345678"}, "sms")


@pytest.fixture
def ntfy(alice: User, gateway: Gateway) -> Address:
    return reach(alice, "ntfy", {"to": f"ntfy://{gateway.host}/topic"}, "ntfy:127.0.0.1")


@pytest.mark.django_db
def test_the_person_gets_what_is_due_now_and_the_rest_when_its_time_has_come(
    alice: User, postbox: Postbox, gateway: Gateway, sms: Address, ntfy: Address
) -> None:
    notice = paged(alice)
    send_all()
    assert states(notice) == {"email": "SENT", "chat": "SENT", "sms": "QUEUED"}
    assert [call.path for call in gateway.calls] == ["/"]
    send_all(later(seconds=121))
    assert states(notice)["sms"] == "SENT"
    assert gateway.calls[1].path == "/sms/+4512345678"


@pytest.mark.django_db
def test_who_reads_or_answers_is_not_rung_for_it_any_more(
    alice: User, bob: User, postbox: Postbox, gateway: Gateway, sms: Address
) -> None:
    read, answered = paged(alice), paged(alice, key="k2")
    Notice.objects.filter(pk=answered.pk).update(subject="incident.42")
    mark_read(alice, notice_id=read.pk)
    assert states(read) == {"email": "CANCELLED", "sms": "CANCELLED"}
    assert call_off("incident.42", user=bob) == 0
    assert call_off("incident.42") == 2
    send_all(later(hours=1))
    assert (gateway.calls, postbox.mails) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_commits_while_others_are_sent_stops_what_is_claimed_but_not_gone(
    alice: User, bob: User, postbox: Postbox
) -> None:
    """Both are claimed in one batch; the first takes a second, meanwhile somebody answers."""
    first, second = paged(alice, key="a"), paged(bob, key="b")
    Notice.objects.update(subject="incident.42")
    postbox.delay = 1.0

    def send() -> None:
        send_due(database_now())
        connection.close()

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(0.5)
    assert Delivery.objects.filter(claim="").count() == 0
    call_off("incident.42")
    sender.join()
    # The first was on its way and has been sent; the second never left.
    assert (states(first), states(second)) == ({"email": "SENT"}, {"email": "CANCELLED"})
    assert [mail["To"] for mail in postbox.mails] == [alice.email]


@pytest.mark.django_db
def test_what_fails_for_good_brings_the_next_way_at_once_and_shows_at_the_address(
    alice: User, gateway: Gateway, sms: Address, ntfy: Address
) -> None:
    Rule.objects.create(
        user=alice,
        urgency="PAGE",
        steps=[
            {"way": "address", "address": ntfy.pk, "after": 0},
            {"way": "address", "address": sms.pk, "after": 600},
        ],
    )
    gateway.statuses = [403]
    notice = paged(alice)
    send_all()
    assert states(notice) == {"chat": "FAILED", "sms": "SENT"}
    ntfy.refresh_from_db()
    assert "answered 403" in ntfy.error
    assert ntfy.failed_at is not None
    notice.refresh_from_db()
    assert notice.unreached_at is None
    paged(alice, key="again")
    send_all()
    ntfy.refresh_from_db()
    assert ntfy.error == ""
    # Read anew: the type checker remembers that it was set.
    assert type(ntfy).objects.get(pk=ntfy.pk).failed_at is None


@pytest.mark.django_db
def test_the_first_failure_of_a_provider_brings_the_next_way_and_is_tried_again(
    alice: User, postbox: Postbox, gateway: Gateway, sms: Address
) -> None:
    postbox.answers = ["451 Busy"]
    notice = paged(alice)
    began = database_now()
    send_all()
    assert states(notice) == {"email": "QUEUED", "sms": "SENT"}
    text = notice.deliveries.get(channel="sms")
    assert text.sent_at - began < 30 * SECOND
    send_all(later(seconds=6))
    assert states(notice) == {"email": "SENT", "sms": "SENT"}


@pytest.mark.django_db
def test_who_is_reached_by_nothing_is_announced_once(
    alice: User, gateway: Gateway, ntfy: Address, settings: Settings
) -> None:
    rule = [{"way": "address", "address": ntfy.pk, "after": 0}]
    Rule.objects.create(user=alice, urgency="PAGE", steps=rule)
    gateway.status = 404
    notice = paged(alice)
    send_all()
    notice.refresh_from_db()
    assert states(notice) == {"chat": "FAILED"}
    assert notice.unreached_at is not None
    assert Notice.objects.filter(unreached_at=None).count() == 0


@pytest.mark.django_db
def test_a_provider_that_fails_again_and_again_is_passed_over_until_it_has_proved_itself(
    alice: User, bob: User, postbox: Postbox, gateway: Gateway, sms: Address
) -> None:
    postbox.answers = ["421 Closing"] * 3
    for number in range(3):
        paged(bob, key=f"ill-{number}")
    send_all()
    provider = Provider.objects.get(name="email")
    assert (provider.health, provider.failures) == (Health.DOWN, 3)
    assert "Closing" in provider.error
    assert circuits.down_for(later(minutes=5), timedelta(minutes=1))
    # Alice has another way: hers is used at once. Bob has none: his waits, and it is known.
    hers, his = paged(alice, key="hers"), paged(bob, key="his")
    send_all()
    assert states(hers) == {"email": "PASSED", "sms": "SENT"}
    assert states(his) == {"email": "QUEUED"}
    his.refresh_from_db()
    hers.refresh_from_db()
    assert (hers.unreached_at, his.unreached_at is not None) == (None, True)
    assert len(postbox.mails) == 0
    # Its door opens: one message proves it, the rest follows.
    assert probe_due(later(seconds=10)) == 0
    assert probe_due(later(seconds=31)) == 1
    provider.refresh_from_db()
    assert provider.health == Health.TRYING
    assert send_due(later(seconds=61)) == 1
    provider.refresh_from_db()
    assert (provider.health, provider.failures, provider.probe_at) == (Health.WORKING, 0, None)
    send_all(later(minutes=11))
    assert states(his) == {"email": "SENT"}


@pytest.mark.django_db
def test_a_probe_that_finds_nobody_keeps_it_closed(
    alice: User, postbox: Postbox, settings: Settings
) -> None:
    settings.EMAIL_PORT = 1
    for number in range(3):
        paged(alice, key=str(number))
    send_all()
    assert probe_due(later(seconds=31)) == 1
    provider = Provider.objects.get()
    assert (provider.health, provider.place) == (Health.DOWN, "127.0.0.1:1")
    assert provider.probe_at > database_now() + 50 * SECOND


@pytest.mark.django_db
def test_a_provider_on_trial_that_fails_is_closed_again(alice: User, postbox: Postbox) -> None:
    began = database_now() - timedelta(minutes=5)
    Provider.objects.create(name="email", health=Health.TRYING, since=began, failures=3)
    postbox.answers = ["451 Busy"]
    paged(alice)
    paged(alice, key="b")
    assert send_due(database_now()) == 1
    provider = Provider.objects.get()
    assert (provider.health, provider.since) == (Health.DOWN, began)


@pytest.mark.django_db
def test_a_device_that_is_gone_is_forgotten(
    alice: User, gateway: Gateway, settings: Settings
) -> None:
    gateway.status = 410
    browser = Browser(f"http://{gateway.host}/push/1")
    device = reach(alice, "push", browser.subscription, "push:127.0.0.1")
    notice = paged(alice)
    send_all()
    assert not Address.objects.filter(pk=device.pk).exists()
    gone = notice.deliveries.get(channel="push")
    assert (gone.state, gone.error, gone.address) == ("FAILED", "GONE", None)


@pytest.mark.django_db
def test_a_push_says_nothing_of_the_matter_unless_the_person_wants_it(
    alice: User, gateway: Gateway
) -> None:
    browser = Browser(f"http://{gateway.host}/push/1")
    reach(alice, "push", browser.subscription, "push:127.0.0.1")
    paged(alice, title="Ane Holm")
    send_all()
    said = browser.read(gateway.calls[0].body)
    assert (said["title"], said["body"]) == ("You are being called. Open CrisisDesk.", "")
    Preference.objects.create(user=alice, show_details=True)
    paged(alice, key="k2", title="Ane Holm")
    send_all()
    assert "Ane Holm" in browser.read(gateway.calls[1].body)["body"]


@pytest.mark.django_db
def test_news_of_a_storm_is_one_message_a_while_and_no_page_is_in_it(
    alice: User, bob: User, postbox: Postbox
) -> None:
    for person in (alice, bob):
        Rule.objects.create(user=person, urgency="NEWS", steps=[{"way": "email", "after": 0}])

    def news(key: str) -> None:
        tell(alice, key=key, now=database_now(), title=f"News {key}")

    news("first")
    send_all()
    assert [str(mail["Subject"])[:4] for mail in postbox.mails] == ["SEV1"]
    for number in range(40):
        news(f"more-{number}")
    tell(bob, key="his", now=database_now())
    paged(alice, key="page")
    send_all()
    # The page and bob's own news went out; the forty wait for the window's end.
    assert len(postbox.mails) == 3
    send_all(later(minutes=4))
    assert len(postbox.mails) == 3
    send_all(later(minutes=6))
    assert len(postbox.mails) == 4
    digest = postbox.mails[3]
    assert digest["Subject"] == "40 pieces of news"
    assert digest["To"] == alice.email
    text = digest.get_content()  # type: ignore[attr-defined]
    assert text.count("•") == 30
    assert "and 10 more" in text
    assert not Delivery.objects.filter(state="QUEUED").exists()


@pytest.mark.django_db
def test_channels_are_told_in_chat_and_by_a_signed_webhook(brand: Brand, gateway: Gateway) -> None:
    ensure_kind()
    secret = signatures.new_secret()
    chat = ChannelFactory.create(brand=brand, service="ntfy", provider="ntfy:127.0.0.1")
    seal(chat, {"to": f"ntfy://{gateway.host}/team"})
    hook = ChannelFactory.create(
        brand=brand, service="webhook", means="webhook", provider="webhook:127.0.0.1"
    )
    seal(hook, {"to": f"http://{gateway.host}/alarm", "secret": secret})
    facts = {"severity": 1, "brand": "Fjordkaffe", "until_at": "2020-01-01T08:14:00Z", "title": "G"}
    for channel in (chat, hook):
        notify_channel(
            channel.pk, key="k", kind=KIND, params=facts, url="/i/1/", brand=brand,
            now=database_now(),
        )  # fmt: skip
    send_all()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"SENT"}
    (call,) = (each for each in gateway.calls if each.path == "/alarm")
    signatures.verify(
        [secret],
        call_id=call.headers["webhook-id"],
        timestamp=call.headers["webhook-timestamp"],
        signature=call.headers["webhook-signature"],
        body=call.body,
        now=database_now(),
    )
    assert b"SEV1 Fjordkaffe" in call.body


@pytest.mark.django_db(transaction=True)
def test_a_provider_that_hangs_slows_nobody_else(
    alice: User, bob: User, postbox: Postbox, gateway: Gateway, ntfy: Address
) -> None:
    gateway.delay = 5
    Rule.objects.create(
        user=alice, urgency="PAGE", steps=[{"way": "address", "address": ntfy.pk, "after": 0}]
    )
    slow = paged(alice)
    began = time.monotonic()
    engine.LOOPS["send"].run()
    assert time.monotonic() - began < 3
    quick = paged(bob)
    assert engine.LOOPS["send"].run() == 1
    assert time.monotonic() - began < 4
    assert states(quick) == {"email": "SENT"}
    end = time.monotonic() + 8
    while states(slow) != {"chat": "SENT"} and time.monotonic() < end:
        time.sleep(0.1)
    assert states(slow) == {"chat": "SENT"}
    assert len(gateway.calls) == 1
    time.sleep(0.2)  # the lane's thread closes its connection
