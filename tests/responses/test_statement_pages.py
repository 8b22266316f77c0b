"""The statement page in the desk and its subscribers, as people and mail programs meet them."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from incidents.models import Incident
from responses.models import Draft
from responses.models_statement import Statement, StatementMail, StatementSubscriber
from responses.services.statement import mailing, subscribing
from tests.factories.statements import prepared, published, site_for

TEXT = "Plastik i kaffen\n\nVi beklager. Drik ikke parti 7."
SignIn = Callable[[User], Client]


@pytest.fixture(name="statement")
def statement_fixture(incident: Incident, alice: User, bob: User, settings: Any) -> Statement:
    settings.EMAIL_HOST = "mail.example.org"
    site_for(incident.brand)
    return prepared(incident, bob)


@pytest.fixture(name="public")
def public_fixture(statement: Statement, alice: User, bob: User) -> Statement:
    published(statement, TEXT, by=bob, approver=alice)
    statement.refresh_from_db()
    return statement


def ask(public: Statement, email: str = "Anna@example.org") -> Any:
    address = reverse("responses:statement_subscribe", args=[public.site.slug, public.slug])
    return Client().post(address, {"email": email, "language": "da"})


def _words(answer: Any) -> str:
    """The page without what is random in every page: the token of the language switch."""
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", answer.content.decode())


def links(body: str, part: str) -> str:
    return next(line for line in body.splitlines() if f"/statements/{part}/" in line)


def test_a_member_prepares_writes_and_sees_the_page_before_it_is_public(
    statement: Statement, signed_in: SignIn, bob: User
) -> None:
    client, page = signed_in(bob), f"/i/{statement.incident.reference}/statement/"
    typed = {
        "write": "1", "form": "UPDATE", "language": "da", "title": "Første ord", "text": TEXT,
        "next_update_at": f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    assert client.post(page, typed).status_code == 302
    draft = Draft.objects.get()
    assert draft.for_statement.next_update_at
    seen = client.get(f"{page}preview/?draft={draft.number}&look=dark")
    assert "<h1>Plastik i kaffen</h1>" in seen.content.decode()
    assert seen["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in seen["Content-Security-Policy"]
    assert "<h1>Plastik i kaffen</h1>" not in client.get(f"{page}preview/").content.decode()


def test_a_stranger_finds_nothing_of_it(
    public: Statement, signed_in: SignIn, charlie: User, bob: User
) -> None:
    page = f"/i/{public.incident.reference}/statement/"
    for part in ("", "panel/", "preview/"):
        assert signed_in(bob).get(page + part).status_code == 200
        assert signed_in(charlie).get(page + part).status_code == 404
    seen = signed_in(charlie).get("/settings/statements/").content.decode()
    assert "Nordlys" in seen
    assert public.site.brand.name not in seen


def test_nobody_is_written_to_before_they_confirm_and_each_entry_comes_once(
    public: Statement, alice: User, bob: User
) -> None:
    assert ask(public).status_code == 200
    now = timezone.now()
    published(public, "Mere nyt.", by=bob, approver=alice)
    assert mailing.send_due(now=now + timedelta(minutes=1)) == 1
    (question,) = mail.outbox
    confirm = links(question.body, "confirm")
    # A mail program that opens the link confirms nothing.
    assert Client().get(confirm).status_code == 200
    assert StatementSubscriber.objects.get().confirmed_at is None
    assert Client().post(confirm).status_code == 200
    published(public, "Endnu mere nyt.", by=bob, approver=alice)
    later = timezone.now() + timedelta(minutes=1)
    assert mailing.send_due(now=later) == 1
    assert mailing.send_due(now=later) == 0
    update = mail.outbox[1]
    assert "Endnu mere nyt." in update.body
    assert update.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = update.extra_headers["List-Unsubscribe"].strip("<>")
    Client().get(leave)
    assert StatementSubscriber.objects.exists()
    assert Client().post(leave, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not StatementSubscriber.objects.exists()
    assert not StatementMail.objects.exists()


def test_no_answer_tells_who_is_known_and_no_address_is_flooded(public: Statement) -> None:
    first = _words(ask(public))
    assert first == _words(ask(public, "anna@EXAMPLE.org")) == _words(ask(public, "bo@example.org"))
    assert StatementSubscriber.objects.count() == 2
    assert StatementMail.objects.count() == 2
    assert ask(public, "ingen adresse").status_code == 422


def test_who_does_not_confirm_is_forgotten(public: Statement) -> None:
    ask(public)
    now = timezone.now()
    subscribing.forget_due(now=now)
    assert StatementSubscriber.objects.exists()
    subscribing.forget_due(now=now + timedelta(hours=25))
    assert not StatementSubscriber.objects.exists()


def test_a_statement_that_is_not_public_takes_no_subscribers(statement: Statement) -> None:
    assert ask(statement).status_code == 404


def test_a_forged_link_does_nothing(public: Statement) -> None:
    ask(public)
    for name in ("statement_confirm", "statement_leave"):
        assert Client().post(reverse(f"responses:{name}", args=["1-x:forged"])).status_code == 404
    assert StatementSubscriber.objects.get().confirmed_at is None
