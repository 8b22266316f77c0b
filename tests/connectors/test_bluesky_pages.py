"""From the empty desk to the first mention of Bluesky and the first answer to it, page by page."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors import credentials, registry
from connectors.base import Message
from connectors.models import ConnectedAccount
from monitoring.models import Mention, Source
from monitoring.services import polling

from .bluesky_server import PASSWORD, Bluesky, bluesky

SignIn = Callable[[User], Client]


@pytest.fixture
def network(settings: Any) -> Iterator[Bluesky]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with bluesky() as served:
        yield served


@pytest.fixture
def admin(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


def test_an_account_and_a_source_are_made_on_the_pages_and_bring_mentions(
    network: Bluesky, brand: Brand, admin: User, signed_in: SignIn
) -> None:
    browser = signed_in(admin)
    new = f"/settings/accounts/new/{brand.slug}/bluesky/"
    shown = browser.get(new).content.decode()
    assert "App password" in shown
    typed = {"name": "@brand", "handle": "brand.example", "service": network.peer.url}
    wrong = browser.post(new, {**typed, "app_password": "another", "try": "1"}).content.decode()
    assert "Make a new app password" in wrong
    tried = browser.post(new, {**typed, "app_password": PASSWORD, "try": "1"}).content.decode()
    assert "@brand.example" in tried
    browser.post(new, {**typed, "app_password": PASSWORD})
    account = ConnectedAccount.objects.get()
    assert credentials.load(account)["app_password"] == PASSWORD
    assert PASSWORD not in browser.get(f"/settings/accounts/{account.pk}/").content.decode()

    at = timezone.now() - timedelta(minutes=1)
    network.indexed = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    asked = network.put("coffee with glass in it", at=at)
    new = f"/settings/sources/new/?kind=bluesky&brand={brand.slug}"
    values = {"name": "Words", "account": account.pk, "what": "search", "poll_every": "60"}
    refused = browser.post(new, values).content.decode()
    assert "no words to search for" in refused
    values |= {"words": "coffee\ntea", "days": "1"}
    browser.post(new, values)
    source = Source.objects.get()
    polling.poll(source.pk, now=timezone.now())
    assert list(Mention.objects.values_list("text", "network")) == [
        ("coffee with glass in it", "bluesky")
    ]
    assert "coffee with glass" in browser.get("/mentions/").content.decode()

    account.refresh_from_db()
    sent = registry.publisher(account).publish(Message("Sorry.", "cd-1-1", reply_to=asked))
    assert network.posts[sent.external_id]["reply"]["parent"]["uri"] == asked
    assert network.signed_in <= 2, "the sessions of trying and of working, and no more"
