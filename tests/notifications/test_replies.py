"""What people write back, by mail and by text message."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from core import signatures
from core.clock import database_now
from core.errors import Conflict
from notifications import actions
from notifications.messages import MESSAGES, register
from notifications.models import Answer, Delivery, Notice
from notifications.services import letters
from notifications.services.replies import Written, take_mail, take_text
from notifications.services.sealing import digest
from tests.factories.accounts import UserFactory
from tests.factories.notifications import reach

KIND = "tests.called"
NUMBER = "+4512345678"
Log = list[tuple[str, str]]


@pytest.fixture(name="log")
def log_fixture(monkeypatch: pytest.MonkeyPatch) -> Log:
    done: Log = []

    def acknowledge(user: User, subject: str, now: datetime) -> None:
        if done:
            raise Conflict("Bob Berg has already acknowledged.")
        done.append((user.name, subject))

    monkeypatch.setitem(actions.FUNCTIONS, "acknowledge", acknowledge)
    if KIND not in MESSAGES:
        register(KIND, title="SEV1", body="Please acknowledge", actions=("acknowledge", "awake"))
    return done


def called(user: User, subject: str = "incident.42", **facts: Any) -> Delivery:
    notice = Notice.objects.create(
        user=user,
        key=subject,
        kind=KIND,
        url=f"/i/CD-2026-0{subject[-2:]}/",
        urgency="PAGE",
        subject=subject,
        **{"created_at": database_now(), **facts},
    )
    return Delivery.objects.create(notice=notice, channel="email", state="SENT")


def a_mail(delivery: Delivery, text: str = "ack", **changed: str) -> Written:
    facts = {
        "sender": "alice@example.org",
        "text": text,
        "id": "1@mail.example",
        "references": f"<x@y> <{letters.reference(delivery)}@desk.example.org>",
    }
    return Written(**(facts | changed))


@pytest.mark.django_db
def test_ack_by_mail_does_it_once_and_is_answered_by_mail(alice: User, log: Log) -> None:
    mail = a_mail(called(alice), "Ack.\n\nOn Monday CrisisDesk wrote:\n> escalate")
    assert take_mail(mail, now=database_now()).done
    assert log == [("Alice Andersen", "incident.42")]
    again = take_mail(mail, now=database_now())
    assert "already" in again.words
    assert len(log) == 1
    back = Notice.objects.get(kind="notifications.answered")
    assert back.params["words"].startswith("You have acknowledged")
    assert back.deliveries.get().channel == "email"
    assert Answer.objects.get().via == "MAIL"


@pytest.mark.django_db
def test_who_was_slower_is_told_so(alice: User, log: Log) -> None:
    log.append(("Bob", ""))
    outcome = take_mail(a_mail(called(alice)), now=database_now())
    assert (outcome.done, outcome.words) == (False, "Bob Berg has already acknowledged.")
    assert "Bob Berg" in Notice.objects.get(kind="notifications.answered").params["words"]


@pytest.mark.django_db
def test_a_forged_or_foreign_mail_does_nothing_and_hears_nothing(alice: User, log: Log) -> None:
    delivery = called(alice)
    now = database_now()
    assert take_mail(a_mail(delivery), now=now).done
    log.clear()
    forged = f"<delivery-{delivery.pk}-{'0' * 20}@desk.example.org>"
    assert take_mail(a_mail(delivery, id="2", references=forged), now=now) is None
    assert take_mail(a_mail(delivery, id="3", sender="eve@example.org"), now=now) is None
    assert take_mail(a_mail(delivery, id="4", references=""), now=now) is None
    assert log == []
    assert Notice.objects.filter(kind="notifications.answered").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["> ack", "Thanks, I saw it", "", "I will not ack", "| ack\n> ack\nWhat is this?"]
)
def test_what_is_quoted_or_not_understood_does_nothing(alice: User, log: Log, text: str) -> None:
    outcome = take_mail(a_mail(called(alice), text), now=database_now())
    assert (outcome.done, log) == (False, [])
    assert "did not understand" in outcome.words


@pytest.mark.django_db
def test_a_call_of_yesterday_is_not_answered_by_mail(alice: User, log: Log) -> None:
    old = called(alice, created_at=database_now() - timedelta(hours=13))
    assert not take_mail(a_mail(old), now=database_now()).done
    assert log == []


@pytest.fixture
def phone(alice: User) -> None:
    reach(alice, "sms", {"to": NUMBER}, "sms", reply=digest("reply", NUMBER))


@pytest.mark.django_db
def test_a_text_answers_the_latest_call_or_the_one_it_names(
    alice: User, log: Log, phone: None
) -> None:
    now = database_now()
    called(alice, "incident.41", created_at=now - timedelta(minutes=5))
    called(alice, "incident.42")
    assert take_text(Written("+45 12345678", "ok CD-2026-041", "a"), now=now).done
    assert log == [("Alice Andersen", "incident.41")]
    log.clear()
    assert take_text(Written(NUMBER, "ok", "b"), now=now).done
    assert log == [("Alice Andersen", "incident.42")]


@pytest.mark.django_db
def test_a_number_that_is_nobodys_or_not_confirmed_answers_nothing(alice: User, log: Log) -> None:
    called(alice)
    now = database_now()
    assert take_text(Written(NUMBER, "ack", "a"), now=now) is None
    other = UserFactory.create()
    reach(other, "sms", {"to": NUMBER}, "sms", reply=digest("reply", NUMBER))
    assert take_text(Written(NUMBER, "ack", "b"), now=now) is None
    fresh = reach(
        alice, "sms", {"to": NUMBER}, "sms", reply=digest("reply", NUMBER), verified_at=None
    )
    assert take_text(Written(NUMBER, "ack", "c"), now=now) is None
    assert log == []
    fresh.verified_at = now
    fresh.save()
    assert take_text(Written(NUMBER, "ack", "d"), now=now).done


@pytest.mark.django_db
def test_the_gateways_call_is_signed(
    alice: User, client: Client, log: Log, phone: None, settings: Settings
) -> None:
    called(alice)
    body = json.dumps({"from": NUMBER, "text": "Ack"}).encode()

    def post(secret: str, call: str, content: bytes = body) -> Any:
        signed = signatures.sign(secret, call_id=call, at=database_now(), body=body)
        headers = dict(signed)
        return client.post(
            "/hooks/replies/", content, content_type="application/json", headers=headers
        )

    settings.REPLY_SECRET = ""
    assert post(signatures.new_secret(), "1").status_code == 404
    settings.REPLY_SECRET = signatures.new_secret()
    assert post(signatures.new_secret(), "1").status_code == 401
    assert post(settings.REPLY_SECRET, "1", b"{}").status_code == 401
    assert client.get("/hooks/replies/").status_code == 405
    assert log == []
    answer = post(settings.REPLY_SECRET, "1").json()
    assert (answer["done"], log) == (True, [("Alice Andersen", "incident.42")])
    again = post(settings.REPLY_SECRET, "1").json()
    assert "already" in again["text"]
    assert len(log) == 1
