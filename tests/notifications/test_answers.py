"""Signed links: only a press acts, once, for one person, one subject, one call, until a time."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from core.clock import database_now
from core.errors import Conflict
from notifications import actions, links
from notifications.models import Answer
from notifications.views import answer as page
from tests.factories.notifications import tell
from tests.outsiders import forget_calls

Log = list[tuple[str, str]]


@pytest.fixture(name="log")
def log_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """What was done by "acknowledge" here: a room above that somebody may be faster in."""
    done: Log = []

    def acknowledge(user: User, subject: str, now: datetime) -> str:
        if done and done[0] != (user.name, subject):
            raise Conflict(f"{done[0][0]} has already acknowledged.")
        done.append((user.name, subject))
        return ""

    monkeypatch.setitem(actions.FUNCTIONS, "acknowledge", acknowledge)
    forget_calls()
    yield done
    # Others answer too, from the same address.
    forget_calls()


def path_of(user: User, subject: str = "incident.42", **wishes: Any) -> str:
    expires = wishes.pop("expires", database_now() + timedelta(hours=1))
    url = links.signed_action(user, "acknowledge", subject, expires, **wishes)
    return urlsplit(url).path


@pytest.mark.django_db
def test_looking_at_a_link_does_nothing_and_pressing_its_button_acts(
    alice: User, client: Client, log: Log
) -> None:
    notice = tell(alice, key="k")
    path = path_of(alice, call=notice.pk)
    for _ in range(3):
        shown = client.get(path)
        assert client.head(path).status_code == 200
        assert client.options(path).status_code == 405
    assert (shown.status_code, log) == (200, [])
    html = shown.content.decode()
    assert html.count("<button") == 1
    assert "SEV1 Fjordkaffe" in html
    assert shown["Referrer-Policy"] == "no-referrer"
    assert shown["X-Robots-Tag"].startswith("noindex")
    assert shown["Cache-Control"] == "no-store"
    pressed = client.post(path)
    assert (pressed.status_code, log) == (200, [("Alice Andersen", "incident.42")])
    assert "You have acknowledged" in pressed.content.decode()


@pytest.mark.django_db
def test_pressing_twice_acts_once_and_says_so(alice: User, client: Client, log: Log) -> None:
    path = path_of(alice)
    client.post(path)
    again = client.post(path)
    assert len(log) == 1
    assert "already" in again.content.decode()
    assert '<form method="post">' not in client.get(path).content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_act_once(alice: User, log: Log) -> None:
    path = path_of(alice)
    barrier = threading.Barrier(4)

    def press() -> None:
        barrier.wait()
        Client().post(path)
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log) == 1
    assert Answer.objects.count() == 1


@pytest.mark.django_db
def test_who_was_slower_is_told_who_was_faster(
    alice: User, bob: User, client: Client, log: Log
) -> None:
    client.post(path_of(alice))
    late = client.post(path_of(bob))
    assert late.status_code == 409
    assert "Alice Andersen has already acknowledged." in late.content.decode()
    assert not Answer.objects.filter(user=bob).exists()


@pytest.mark.django_db
def test_a_link_ends_with_its_time_with_its_person_and_with_any_change(
    alice: User, bob: User, client: Client, log: Log
) -> None:
    good = path_of(alice)
    assert client.get(good).status_code == 200
    old = path_of(alice, expires=database_now() - timedelta(seconds=1))
    assert client.post(old).status_code == 409
    for forged in (
        good.replace("incident.42", "incident.43"),
        good.replace("acknowledge", "escalate"),
        good[:-3] + "a/",
        "/answer/" + "x" * 400 + "/",
    ):
        assert client.post(forged).status_code == 404
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert client.post(good).status_code == 404
    assert log == []


@pytest.mark.django_db
def test_the_page_speaks_the_persons_language(alice: User, client: Client, log: Log) -> None:
    User.objects.filter(pk=alice.pk).update(language="da")
    page_shown = client.get(path_of(alice)).content.decode()
    assert '<html lang="da"' in page_shown


@pytest.mark.django_db
def test_too_many_requests_are_put_off(alice: User, client: Client, log: Log) -> None:
    path = path_of(alice)
    for _ in range(page.MOST):
        assert client.get(path).status_code == 200
    assert client.post(path).status_code == 429
    assert log == []


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("ack", "acknowledge"),
        ("ACK.", "acknowledge"),
        ("Ok, I take it", "acknowledge"),
        ("ja tak", "acknowledge"),
        ("escalate please", "escalate"),
        ("Jeg er vågen!", "awake"),
        ("okay-ish?", ""),
        ("acknowledgement of receipt", ""),
        ("", ""),
    ],
)
def test_what_a_reply_means(text: str, action: str) -> None:
    assert actions.meant(text) == action
