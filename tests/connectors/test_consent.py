"""Signing in at a network: nobody pastes tokens, and nobody else's session can bring them."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from connectors import credentials, services
from connectors.consent import PATIENCE, Begun
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from tests.factories.accounts import MembershipFactory
from tests.peer import Answer, Call, Peer, peer

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
BACK = "/settings/accounts/granted/"


@pytest.fixture(autouse=True)
def _loopback_may_be_called(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def admin(brand: Brand) -> User:
    user: User = MembershipFactory.create(brand=brand, role=Role.ADMINISTRATOR).user
    return user


@pytest.fixture
def network() -> Iterator[Peer]:
    """Gives tokens for the code "good", once."""
    used: list[str] = []

    def tokens(call: Call) -> Answer:
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        if form["code"] != "good" or form["code"] in used:
            return Answer(b'{"error": "invalid_grant"}', 400)
        used.append(form["code"])
        given = {"access_token": "fresh", "refresh_token": "lasting", "expires_in": 3600}
        return Answer(json.dumps(given).encode(), headers={"Content-Type": "application/json"})

    with peer() as found:
        found.answers["/token"] = tokens
        yield found


def connected(brand: Brand, by: User, network: str, server: Peer, **more: str) -> ConnectedAccount:
    values = {"client_id": "app", "client_secret": "app-secret", **more}
    account, _secret = services.connect(brand, network, name=network, values=values, by=by)
    account.config |= {"tokens": f"{server.url}/token", "api": server.url}
    account.save()
    return account


@pytest.fixture
def account(brand: Brand, admin: User, network: Peer) -> ConnectedAccount:
    return connected(brand, admin, "reddit", network, username="fjordkaffe")


def sent_to(client: Client, account: ConnectedAccount) -> dict[str, str]:
    """Press the button; what the network's page is asked for."""
    answer = client.get(f"/settings/accounts/{account.pk}/grant/")
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer["Location"]).query)
    return {"": answer["Location"], **{name: values[0] for name, values in query.items()}}


def told(client: Client) -> str:
    page: str = client.get("/settings/accounts/").content.decode()
    return page


def test_a_person_agrees_and_nobody_pastes_a_token(
    admin: User, account: ConnectedAccount, network: Peer, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    page = client.get(f"/settings/accounts/{account.pk}/").content.decode()
    assert "Sign in at Reddit" in page
    assert f"http://127.0.0.1:8000{BACK}" in page
    asked = sent_to(client, account)
    assert asked[""].startswith("https://www.reddit.com/api/v1/authorize?")
    assert asked["client_id"] == "app"
    assert asked["duration"] == "permanent"
    assert "app-secret" not in asked[""]

    answer = client.get(BACK, {"state": asked["state"], "code": "good"})

    assert answer["Location"] == f"/settings/accounts/{account.pk}/"
    account.refresh_from_db()
    secrets = credentials.load(account)
    assert (secrets["access_token"], secrets["refresh_token"]) == ("fresh", "lasting")
    assert secrets["client_secret"] == "app-secret"
    call = next(call for call in network.calls if call.path == "/token")
    named = base64.b64decode(call.headers["Authorization"].removeprefix("Basic ")).decode()
    assert named == "app:app-secret"
    assert parse_qs(call.body.decode())["redirect_uri"] == [asked["redirect_uri"]]
    entry = AuditEntry.objects.get(action="account.granted")
    assert "fresh" not in str(entry.detail)


def test_a_code_serves_once_and_in_the_session_that_asked(
    brand: Brand, admin: User, account: ConnectedAccount, signed_in: SignIn
) -> None:
    client, other = signed_in(admin), signed_in(admin)
    state = sent_to(client, account)["state"]
    other.get(BACK, {"state": state, "code": "good"})
    client.get(BACK, {"state": state + "x", "code": "good"})
    assert "access_token" not in credentials.load(ConnectedAccount.objects.get())
    # A wrong state ends what was begun: nobody tries many.
    client.get(BACK, {"state": state, "code": "good"})
    assert "access_token" not in credentials.load(ConnectedAccount.objects.get())
    client.get(BACK, {"state": sent_to(client, account)["state"], "code": "good"})
    assert credentials.load(ConnectedAccount.objects.get())["access_token"] == "fresh"


def test_who_comes_back_too_late_begins_once_more() -> None:
    now = timezone.now()
    begun = Begun.new(1, now=now)
    assert begun.answers(begun.state, now=now + PATIENCE - timedelta(seconds=1))
    assert not begun.answers(begun.state, now=now + PATIENCE)
    assert not begun.answers("", now=now)
    assert not begun.answers("ø", now=now)


def test_a_network_that_says_no_is_told_and_nothing_is_lost(
    admin: User, account: ConnectedAccount, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    client.get(BACK, {"state": sent_to(client, account)["state"], "error": "access_denied"})
    assert "Reddit did not grant access." in told(client)
    client.get(BACK, {"state": sent_to(client, account)["state"], "code": "<script>"})
    assert "<script>" not in told(client)
    secrets = credentials.load(ConnectedAccount.objects.get())
    assert secrets["client_secret"] == "app-secret"
    assert "access_token" not in secrets


def test_only_who_manages_the_brand_may_send_for_tokens(
    bob: User, charlie: User, account: ConnectedAccount, admin: User, signed_in: SignIn
) -> None:
    address = f"/settings/accounts/{account.pk}/grant/"
    assert signed_in(admin).get(address).status_code == 302
    assert signed_in(bob).get(address).status_code == 403
    assert signed_in(charlie).get(address).status_code == 404


def test_without_the_app_s_keys_there_is_nothing_to_sign_in_with(
    brand: Brand, admin: User, signed_in: SignIn
) -> None:
    values = {"bearer_token": "reads"}
    account, _secret = services.connect(brand, "x", name="@fjord", values=values, by=admin)
    client = signed_in(admin)
    shown = client.get(f"/settings/accounts/{account.pk}/").content.decode()
    assert "Save the app" in shown
    answer = client.get(f"/settings/accounts/{account.pk}/grant/")
    assert answer["Location"] == f"/settings/accounts/{account.pk}/"


def test_x_and_google_prove_that_the_code_is_for_us(
    brand: Brand, admin: User, network: Peer, signed_in: SignIn
) -> None:
    client = signed_in(admin)
    for name, more in (("x", {"bearer_token": "b"}), ("youtube", {"channel": "UC1"})):
        account = connected(brand, admin, name, network, **more)
        asked = sent_to(client, account)
        client.get(BACK, {"state": asked["state"], "code": "other"})
        form = parse_qs(network.calls[-1].body.decode())
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert asked["code_challenge"] == challenge
        assert asked["code_challenge_method"] == "S256"
        assert form["code_verifier"][0] not in asked[""]


def test_every_network_that_asks_for_consent_has_an_app_to_name() -> None:
    asking = {name: network for name, network in NETWORKS.items() if network.consent}
    assert set(asking) == {"googlebusiness", "linkedin", "reddit", "x", "youtube"}
    for network in asking.values():
        names = {setting.name: setting for setting in network.account}
        assert names["client_secret"].secret
        assert "client_id" in names
        # Whoever signs in pastes no token.
        assert not any(
            names[token].required for token in ("access_token", "refresh_token") if token in names
        )
        assert network.consent
        assert network.consent.page.startswith("https://")
