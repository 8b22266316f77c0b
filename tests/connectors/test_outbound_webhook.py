import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from standardwebhooks.webhooks import Webhook

from connectors import credentials
from connectors.base import (
    Message,
    PermanentError,
    Publisher,
    PublishError,
    Receipt,
    TemporaryError,
    UncertainError,
)
from connectors.models import ConnectedAccount
from connectors.outbound_webhook import publisher as module
from connectors.registry import publisher
from core.signatures import new_secret
from tests.factories.connectors import AccountFactory
from tests.peer import Answer, Peer, peer

HELLO = Message("Vi beklager.", "key-1", "post-7")


@pytest.fixture
def server(settings: object) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]  # type: ignore[attr-defined]
    with peer() as served:
        yield served


@pytest.fixture
def account(db: None, server: Peer) -> ConnectedAccount:
    account: ConnectedAccount = AccountFactory.create(
        network="outbound_webhook",
        config={"url": server.url + "/out", "lookup_url": server.url + "/look?key={key}"},
    )
    credentials.store(account, {"secret": new_secret()})
    return account


@pytest.fixture
def network(account: ConnectedAccount) -> Publisher:
    return publisher(ConnectedAccount.objects.get(pk=account.pk))


def test_the_text_is_posted_signed_with_its_key(
    server: Peer, network: Publisher, account: ConnectedAccount
) -> None:
    server.answers["/out"] = Answer(b'{"id": 77, "url": "https://x.example/77"}', 201)
    assert network.publish(HELLO) == Receipt("77", "https://x.example/77")
    [call] = server.calls
    assert json.loads(call.body) == {
        "text": "Vi beklager.",
        "reply_to": "post-7",
        "idempotency_key": "key-1",
    }
    assert call.headers["webhook-id"] == "key-1"
    Webhook(credentials.load(account)["secret"]).verify(call.body, call.headers)


@pytest.mark.parametrize("body", [b"", b"OK", b"[]", b'{"id": null}', b"[" * 60_000, b"\xff"])
def test_a_system_that_says_nothing_about_the_post_is_believed(
    server: Peer, network: Publisher, body: bytes
) -> None:
    server.answers["/out"] = Answer(body)
    assert network.publish(HELLO) == Receipt("key-1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, PermanentError),
        (401, PermanentError),
        (404, PermanentError),
        (422, PermanentError),
        (302, PermanentError),
        (429, TemporaryError),
        (408, UncertainError),
        (500, UncertainError),
        (503, UncertainError),
    ],
)
def test_each_status_is_one_of_the_three_ways_to_fail(
    server: Peer, network: Publisher, status: int, kind: type[PublishError]
) -> None:
    headers = {"Retry-After": "30", "Location": "/elsewhere"}
    server.answers["/out"] = Answer(status=status, headers=headers)
    with pytest.raises(kind, match=str(status)) as failure:
        network.publish(HELLO)
    assert type(failure.value) is kind
    assert len(server.calls) == 1
    if isinstance(failure.value, TemporaryError):
        assert failure.value.retry_after == 30


def test_no_answer_after_sending_is_uncertain(
    server: Peer, network: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silence(_handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1)

    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    server.answers["/out"] = Answer(headers={"Content-Length": "5"}, sized=False, then=silence)
    with pytest.raises(UncertainError):
        network.publish(HELLO)
    assert len(server.calls) == 1


def test_nobody_there_is_temporary_and_a_forbidden_address_permanent(
    server: Peer, network: Publisher, account: ConnectedAccount, settings: object
) -> None:
    server.answers["/out"] = Answer()
    assert network.publish(HELLO)
    settings.OUTBOUND_ALLOW = []  # type: ignore[attr-defined]
    with pytest.raises(PermanentError, match="may not be called"):
        network.publish(HELLO)
    assert len(server.calls) == 1
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]  # type: ignore[attr-defined]
    account.config["url"] = "http://127.0.0.1:1/"
    with pytest.raises(TemporaryError):
        publisher(account).publish(HELLO)


def test_a_post_is_looked_for_by_its_key(server: Peer, network: Publisher) -> None:
    server.answers["/look"] = Answer(b'{"id": "77", "url": "https://x.example/77"}')
    assert network.find(Message("", "key 1&x=2")) == Receipt("77", "https://x.example/77")
    assert server.calls[0].path == "/look?key=key%201%26x%3D2"
    server.answers["/look"] = Answer(status=404)
    assert network.find(HELLO) is None
    server.answers["/look"] = Answer(status=500)
    with pytest.raises(UncertainError):
        network.find(HELLO)


def test_without_an_address_to_look_at_nobody_can_tell(
    server: Peer, account: ConnectedAccount
) -> None:
    del account.config["lookup_url"]
    with pytest.raises(UncertainError):
        publisher(account).find(HELLO)


def test_credentials_are_sealed_and_open_for_their_own_row_only(account: ConnectedAccount) -> None:
    secret = credentials.load(account)["secret"]
    assert secret.encode() not in bytes(account.sealed)
    other = AccountFactory.create(network="outbound_webhook", config={"url": "https://x.example"})
    with pytest.raises(PermanentError, match="secret"):
        publisher(other)
    other.sealed = account.sealed
    with pytest.raises(PermanentError, match="cannot be opened"):
        publisher(other)
