"""What is due goes out: at least once, past broken rows, ill servers and killed senders."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from accounts.models import Brand, User
from accounts.services import remove_member
from core import engine
from core.clock import database_now
from notifications.models import Delivery, DeliveryState, Notice, Trouble
from notifications.services import circuits, letters, send_due, settling
from tests.factories.accounts import UserFactory
from tests.factories.notifications import NOW, page

from .conftest import Postbox


def later(**span: int) -> datetime:
    return database_now() + timedelta(**span)


def send_all(now: datetime | None = None) -> None:
    while send_due(now or database_now()):
        pass


@pytest.mark.django_db
def test_a_page_arrives_in_the_readers_words_with_the_headers_of_a_machine(
    alice: User, postbox: Postbox
) -> None:
    alice.time_zone = "Europe/Copenhagen"
    alice.save()
    delivery = page(alice, key="k", until_at="2020-01-01T08:14:00Z")
    assert send_due(later()) == 1
    mail = postbox.mails[0]
    assert mail["To"] == "alice@example.org"
    assert mail["Subject"] == "SEV1 Fjordkaffe: approve by 1 Jan 2020 09:14 CET"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{letters.reference(delivery)}@desk.example.org>"
    text = mail.get_content()  # type: ignore[attr-defined]
    assert text.split() == [
        *["Glass", "waits", "for", "you."],
        "https://desk.example.org/i/CD-2026-001/",
    ]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error, delivery.claim) == (DeliveryState.SENT, "", "")
    assert delivery.sent_at is not None
    assert send_due(later()) == 0


@pytest.mark.django_db
def test_a_line_end_in_a_title_makes_no_header(alice: User, postbox: Postbox) -> None:
    page(alice, key="k", brand_name="x", title="a\r\nBcc: all@example.org")
    Notice.objects.update(params={"brand": "x\r\nBcc: all@example.org\n\nHello", "severity": 1})
    send_all()
    mail = postbox.mails[0]
    assert mail["Bcc"] is None
    assert "x Bcc: all@example.org Hello" in str(mail["Subject"])


@pytest.mark.django_db
def test_without_a_server_it_is_kept_and_says_so(alice: User, settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    delivery = page(alice, key="k")
    assert send_due(later()) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == (DeliveryState.KEPT, Trouble.NO_SERVER)
    assert send_due(later()) == 0


@pytest.mark.django_db
def test_what_is_not_due_waits(alice: User, postbox: Postbox) -> None:
    page(alice, key="k", now=later(minutes=1))
    assert send_due(later()) == 0
    assert postbox.mails == []


@pytest.mark.django_db
def test_a_busy_server_is_asked_again_and_the_letter_keeps_its_id(
    alice: User, postbox: Postbox
) -> None:
    postbox.answers = ["451 Try again later", "421 Closing"]
    delivery = page(alice, key="k")
    send_due(later())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.QUEUED, 1)
    assert "Try again later" in delivery.error
    assert delivery.send_at is not None
    assert timedelta(seconds=3) < delivery.send_at - database_now() <= timedelta(seconds=5)
    assert send_due(later()) == 0
    send_due(later(seconds=6))
    send_due(later(seconds=60))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 3)
    assert postbox.ids() == [f"<{letters.reference(delivery)}@desk.example.org>"]


@pytest.mark.django_db
def test_after_the_last_attempt_it_has_failed_and_shows_why(
    alice: User, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuits, "MOST_FAILURES", 99)
    delivery = page(alice, key="k")
    postbox.answers = ["451 Busy"] * 20
    for attempt in range(settling.ATTEMPTS):
        assert send_due(later(hours=attempt)) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, settling.ATTEMPTS)
    assert "Busy" in delivery.error
    assert send_due(later(hours=99)) == 0


@pytest.mark.django_db
def test_a_refused_address_fails_at_once_and_stops_nobody(
    alice: User, bob: User, postbox: Postbox
) -> None:
    postbox.refused_recipient = alice.email
    refused, fine = page(alice, key="k"), page(bob, key="k")
    send_due(later())
    refused.refresh_from_db()
    fine.refresh_from_db()
    assert (refused.state, fine.state) == (DeliveryState.FAILED, DeliveryState.SENT)
    assert "No such person" in refused.error


@pytest.mark.django_db
def test_a_poison_row_stops_nobody(alice: User, bob: User, postbox: Postbox) -> None:
    poison, fine = page(alice, key="k"), page(bob, key="k")
    User.objects.filter(pk=alice.pk).update(email="no address\nat all")
    Notice.objects.filter(pk=poison.notice_id).update(params=["not", "a", "mapping"])
    for attempt in range(settling.ATTEMPTS):
        send_due(later(hours=attempt))
    poison.refresh_from_db()
    fine.refresh_from_db()
    assert (poison.state, fine.state) == (DeliveryState.FAILED, DeliveryState.SENT)
    assert fine.attempts == 1


@pytest.mark.django_db
def test_a_row_that_kills_its_sender_is_parked_in_the_end(alice: User, postbox: Postbox) -> None:
    delivery = page(alice, key="k")
    Delivery.objects.update(attempts=settling.ATTEMPTS)
    assert send_due(later()) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == (DeliveryState.FAILED, Trouble.INTERRUPTED)
    assert postbox.mails == []


@pytest.mark.django_db
def test_who_left_meanwhile_is_not_written_to(
    alice: User, bob: User, brand: Brand, postbox: Postbox
) -> None:
    left, stays = page(alice, key="k", brand=brand), page(bob, key="k", brand=brand)
    remove_member(brand, user=alice, by=bob)
    send_all()
    left.refresh_from_db()
    stays.refresh_from_db()
    assert (left.state, stays.state) == (DeliveryState.KEPT, DeliveryState.SENT)
    assert [mail["To"] for mail in postbox.mails] == [bob.email]


@pytest.mark.django_db
def test_a_server_that_refuses_to_talk_costs_a_pause(
    alice: User, postbox: Postbox, settings: Settings
) -> None:
    settings.EMAIL_PORT = 1
    delivery = page(alice, key="k")
    send_due(later())
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.QUEUED, 1)
    assert "refused" in delivery.error


@pytest.mark.django_db(transaction=True)
def test_a_hanging_server_times_out_and_the_lease_holds_meanwhile(
    alice: User, postbox: Postbox, settings: Settings
) -> None:
    """The lease lasts 3 s, the server is silent for 5: a second sender must not take over."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]
        settings.EMAIL_TIMEOUT = 5
        delivery = page(alice, key="k")
        sender = threading.Thread(target=_send_and_close)
        sender.start()
        time.sleep(4)
        assert send_due(database_now()) == 0
        sender.join()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.QUEUED, 1)
    assert "timed out" in delivery.error


def _send_and_close() -> None:
    try:
        send_due(database_now())
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_senders_send_each_letter_once(postbox: Postbox) -> None:
    people = UserFactory.create_batch(50)
    for person in people:
        page(person, key="k")

    def sender(_: int) -> None:
        send_all()
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(sender, range(2)))
    assert sorted(str(mail["To"]) for mail in postbox.mails) == sorted(p.email for p in people)
    assert set(Delivery.objects.values_list("state", "attempts")) == {(DeliveryState.SENT, 1)}


SENDER = """
import django
django.setup()
from core import engine
from core.clock import database_now
from notifications.services import send_due
print("ready", flush=True)
while True:
    send_due(database_now())
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_killed_sender_loses_nothing(postbox: Postbox, settings: Settings) -> None:
    """kill -9 while a letter is on its way: another sender has it within seconds."""
    postbox.delay = 1.0
    people = UserFactory.create_batch(3)
    deliveries = [page(person, key="k", now=NOW) for person in people]
    child = subprocess.Popen([sys.executable, "-c", SENDER], env=_child_environment(settings))
    try:
        _wait_until(lambda: Delivery.objects.filter(attempts=1).exists())
        time.sleep(1.4)  # one letter is through, the second is being taken
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    killed_at = time.monotonic()
    postbox.delay = 0
    _wait_until(lambda: send_due(database_now()) and not _waiting())
    assert time.monotonic() - killed_at < 5
    assert not _waiting()
    expected = {f"<{letters.reference(delivery)}@desk.example.org>" for delivery in deliveries}
    assert set(postbox.ids()) == expected
    assert len(postbox.mails) <= len(expected) + 1


def _waiting() -> bool:
    return Delivery.objects.filter(state=DeliveryState.QUEUED).exists()


def _wait_until(done: object, *, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("It did not happen in time.")


def _child_environment(settings: Settings) -> dict[str, str]:
    database = connection.settings_dict
    user = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
    server = urlencode({"host": database["HOST"], "port": database["PORT"] or "5432"})
    url = f"postgresql://{user}@/{database['NAME']}?{server}"
    return os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "crisisdesk.settings",
        "EMAIL_HOST": settings.EMAIL_HOST,
        "EMAIL_PORT": str(settings.EMAIL_PORT),
        "EMAIL_USE_TLS": "0",
        "PUBLIC_URL": settings.PUBLIC_URL,
        "SSL_REDIRECT": "0",
    }


@pytest.mark.django_db(transaction=True)
def test_the_engine_sends(alice: User, postbox: Postbox) -> None:
    page(alice, key="k")
    assert engine.LOOPS["send"].run() == 1
    assert len(postbox.mails) == 1
