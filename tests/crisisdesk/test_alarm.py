"""What the auditor finds is written by a way of its own, and stands on every open page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import Error
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Brand, User
from core.clock import database_now
from core.models import LoopBeat
from crisisdesk.alarm import Alarm

SignedIn = Callable[[User], Client]
LATE = {"a step is late": "CD-2026-014: the next call is overdue"}


@pytest.fixture(autouse=True)
def server(settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example.org"


@pytest.fixture
def boss(brand: Brand, alice: User) -> User:
    brand.memberships.filter(user=alice).update(role="ADMINISTRATOR")
    return alice


def test_what_lasts_is_written_once_to_those_who_administer(boss: User, bob: User) -> None:
    alarm = Alarm()
    assert [alarm.consider(LATE) for _ in range(4)] == [0, 1, 0, 0]
    letter = mail.outbox[0]
    assert letter.to == [boss.email]
    assert LATE["a step is late"] in letter.body
    assert alarm.consider({}) == 0
    # It came back: that is news.
    assert [alarm.consider(LATE) for _ in range(2)] == [0, 1]


def test_what_passes_by_itself_wakes_nobody(boss: User) -> None:
    alarm = Alarm()
    for found in (LATE, {}, LATE, {}):
        alarm.consider(found)
    assert mail.outbox == []


def test_a_lost_database_does_not_keep_it_from_being_written(
    boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = Alarm()
    alarm.consider({})

    def away(*_: object, **__: object) -> None:
        raise Error("the database is away")

    monkeypatch.setattr(User.objects, "filter", away)
    lost = {"database": "The database does not answer"}
    assert [alarm.consider(lost) for _ in range(2)] == [0, 1]
    assert mail.outbox[0].to == [boss.email]


def test_it_is_written_in_the_readers_language(boss: User) -> None:
    User.objects.filter(pk=boss.pk).update(language="da")
    alarm = Alarm()
    alarm.consider(LATE)
    alarm.consider(LATE)
    assert mail.outbox[0].subject


def test_every_page_shows_it_and_the_details_to_those_who_can_mend_it(
    boss: User, bob: User, signed_in: SignedIn, client: Client
) -> None:
    assert signed_in(bob).get("/alarm/").content.strip() == b""
    sentence = LATE["a step is late"]
    LoopBeat.objects.create(name="auditor", beat_at=database_now(), every=10, error=sentence)
    to_bob = signed_in(bob).get("/alarm/").content.decode()
    assert "Calls may be late" in to_bob
    assert sentence not in to_bob
    assert sentence in signed_in(boss).get("/alarm/").content.decode()
    assert client.get("/alarm/").status_code == 302
    assert 'hx-get="/alarm/"' in signed_in(bob).get("/").content.decode()


def test_an_auditor_that_is_silent_is_itself_what_is_wrong(boss: User, signed_in: SignedIn) -> None:
    long_ago = database_now() - timedelta(minutes=2)
    LoopBeat.objects.create(name="auditor", beat_at=long_ago, every=10)
    assert "has been silent" in signed_in(boss).get("/alarm/").content.decode()
