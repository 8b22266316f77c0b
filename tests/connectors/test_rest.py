"""Answers told apart, tokens renewed, JSON of somebody else's shape."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import connections, credentials, jwt, shapes, signing
from connectors.base import (
    Connection,
    PermanentError,
    ReadError,
    TemporaryError,
    Unauthorized,
    UncertainError,
)
from connectors.looking import one_by_one
from connectors.oauth import Renewing, refresh
from connectors.rest import Bearer, Call, Declined, Rest, by_epoch, complaint, path
from tests.connectors.worlds.google import key_file, private_key
from tests.factories.connectors import AccountFactory
from tests.peer import Answer, Peer, peer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def server(settings: object) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with peer() as served:
        yield served


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Declined),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, Declined),
        (408, ReadError),
        (418, Declined),
        (429, ReadError),
        (500, ReadError),
        (302, Declined),
    ],
)
def test_each_status_is_one_kind_of_read_error(
    server: Peer, status: int, kind: type[ReadError]
) -> None:
    server.answers["/a"] = Answer(b'{"message": "No, \\u0000because."}', status)
    with pytest.raises(kind) as failure:
        Rest(server.url).read("/a", now=NOW)
    assert type(failure.value) is kind
    assert "\x00" not in str(failure.value)


def test_how_long_to_wait_is_said_in_seconds_by_date_or_by_the_quota(server: Peer) -> None:
    rest = Rest(server.url, quota=by_epoch)
    reset = str(int(NOW.timestamp()) + 90)
    waits = {
        "12": {"Retry-After": "12"},
        "60": {"Retry-After": "Mon, 23 Nov 2026 12:01:00 GMT"},
        "90": {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset},
        "None": {},
    }
    for wait, headers in waits.items():
        server.answers["/a"] = Answer(b"{}", 429, headers)
        with pytest.raises(ReadError) as failure:
            rest.read("/a", now=NOW)
        assert str(failure.value.retry_after).removesuffix(".0") == wait


def test_ids_from_outside_are_parts_of_a_path_and_nothing_more() -> None:
    assert path("/v1/{}/reply", "../../admin?x=1#y") == "/v1/..%2F..%2Fadmin%3Fx%3D1%23y/reply"


def test_the_words_of_a_network_are_found_where_it_puts_them() -> None:
    said = [
        {"error": {"message": "a"}},
        {"detail": "a"},
        {"errors": [{"detail": "a"}]},
        {"errors": [{"message": "a"}]},
        {"message": "a"},
        {"error": "x", "error_description": "a"},
        {"title": "a"},
    ]
    assert [complaint(each) for each in said] == ["a"] * len(said)
    assert len(complaint({"message": "\x1b[31m" + "long " * 900})) <= 120
    assert complaint([]) == complaint({"error": {"message": 7}}) == ""


def test_nothing_is_sent_with_credentials_that_cannot_be_renewed(server: Peer) -> None:
    server.answers["/token"] = Answer(b'{"error": "invalid_grant"}', 400)
    secrets = {"refresh_token": "old", "client_id": "app", "client_secret": "shh"}
    connection = Connection({}, secrets, renew=lambda exchange: exchange(secrets))
    rest = Rest(server.url, auth=Renewing(connection, refresh(server.url + "/token")))
    with pytest.raises(PermanentError, match="Connect the account again"):
        rest.send(Call("/post", method="POST", document={}))
    server.answers["/token"] = Answer(b"", 503)
    with pytest.raises(TemporaryError):
        rest.send(Call("/post", method="POST", document={}))
    assert {call.path for call in server.calls} == {"/token"}


def test_a_call_that_may_have_arrived_is_uncertain(server: Peer) -> None:
    rest = Rest(server.url)
    server.answers["/post"] = Answer(headers={"Content-Length": "90"}, sized=False)
    with pytest.raises(UncertainError):
        rest.send(Call("/post", method="POST", form={"a": "b"}))
    with pytest.raises(TemporaryError):
        Rest("http://127.0.0.1:1").send(Call("/post", method="POST"))
    with pytest.raises(PermanentError):
        Rest("http://10.0.0.1:22").send(Call("/post", method="POST"))


def test_credentials_do_not_follow_a_redirect_to_another_host(server: Peer) -> None:
    with peer() as other:
        other.answers["/b"] = Answer(b"{}")
        server.answers["/a"] = Answer(status=302, headers={"Location": other.url + "/b"})
        for header in ("Authorization", "X-Goog-Api-Key", "Access-Token"):
            Rest(server.url, auth=Bearer("secret", scheme="", header=header)).read("/a", now=NOW)
        assert len(other.calls) == 3
        told = [call.headers for call in other.calls]
        assert "secret" not in json.dumps(told)
        assert "secret" in json.dumps([call.headers for call in server.calls])


@pytest.mark.django_db(transaction=True)
def test_one_process_renews_and_the_others_use_what_it_got(server: Peer) -> None:
    """A refresh token may be used once: what replaces it is stored before anybody uses it."""
    used: list[str] = []

    def token(call: Any) -> Answer:
        used.append(call.body.decode())
        body = {"access_token": "fresh", "refresh_token": "second", "expires_in": 7200}
        return Answer(json.dumps(body).encode())

    server.answers["/token"] = token
    server.answers["/a"] = lambda call: Answer(
        b"{}", 200 if call.headers.get("Authorization") == "Bearer fresh" else 401
    )
    account = AccountFactory.create(network="x", config={})
    secrets = {"access_token": "old", "refresh_token": "first", "client_id": "a"}
    credentials.store(account, {**secrets, "client_secret": "b"})
    made = [connections.of(account) for _process in range(5)]

    def read(connection: Connection) -> None:
        auth = Renewing(connection, refresh(server.url + "/token"), rotates=True)
        Rest(server.url, auth=auth).read("/a", now=datetime.now(UTC))

    threads = [threading.Thread(target=_closing(read), args=(each,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(used) == 1
    assert "refresh_token=first" in used[0]
    account.refresh_from_db()
    kept = credentials.load(account)
    assert (kept["access_token"], kept["refresh_token"]) == ("fresh", "second")
    assert kept["client_secret"] == "b"


def _closing(function: Any) -> Any:
    from django.db import connection

    def run(*args: Any) -> None:
        try:
            function(*args)
        finally:
            connection.close()

    return run


def test_a_refresh_token_is_not_used_up_by_a_test_that_cannot_store_the_next(
    server: Peer,
) -> None:
    secrets = {"access_token": "old", "refresh_token": "first", "expires_at": 1}
    auth = Renewing(Connection({}, secrets), refresh(server.url + "/token"), rotates=True)
    with pytest.raises(Unauthorized, match="Save the account"):
        auth.headers(now=NOW)
    assert server.calls == []


def test_a_token_is_renewed_before_it_ends(server: Peer) -> None:
    server.answers["/token"] = Answer(b'{"access_token": "fresh", "expires_in": "3600"}')
    for ends, expected in ((30, "fresh"), (600, "old")):
        secrets = {
            "access_token": "old",
            "refresh_token": "first",
            "expires_at": int(NOW.timestamp()) + ends,
        }
        auth = Renewing(Connection({}, secrets), refresh(server.url + "/token"))
        assert auth.headers(now=NOW) == {"Authorization": f"Bearer {expected}"}


def test_a_service_account_s_claim_is_signed_with_its_key() -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    key = json.loads(key_file())
    token = jwt.sign({"iss": "a"}, key=key["private_key"], algorithm="RS256", key_id="k1")
    head, claims, signature = (base64.urlsafe_b64decode(p + "==") for p in token.split("."))
    assert json.loads(head) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert json.loads(claims) == {"iss": "a"}
    signed = token.rpartition(".")[0].encode()
    private_key().public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


def test_a_key_that_a_form_made_one_line_of_is_read() -> None:
    key = json.loads(key_file())["private_key"]
    for written in (key.replace("\n", ""), key.replace("\n", " "), "\r\n" + key + "\n\n"):
        assert jwt.sign({}, key=written, algorithm="RS256").count(".") == 2


@pytest.mark.parametrize(
    ("key", "algorithm"), [("", "RS256"), ("no key", "ES256"), (key_file(), "RS256")]
)
def test_a_key_that_is_none_is_told_to_whoever_pasted_it(key: str, algorithm: str) -> None:
    with pytest.raises(Unauthorized, match="private key"):
        jwt.sign({}, key=key, algorithm=algorithm)
    rsa = json.loads(key_file())["private_key"]
    with pytest.raises(Unauthorized, match="private key"):
        jwt.sign({}, key=rsa, algorithm="ES256")


def test_nothing_is_called_gone_where_reading_itself_no_longer_works(server: Peer) -> None:
    rest = Rest(server.url)
    ids = [f"p{n}" for n in range(6)]

    def look(read: Any) -> Any:
        return one_by_one(rest, ids, lambda i: Call(f"/{i}"), lambda _d: None, read=read, now=NOW)

    def lost() -> None:
        raise Unauthorized("The right was taken away.")

    with pytest.raises(Unauthorized):
        look(lost)
    assert look(lambda: None).gone == ids
    server.answers["/p3"] = Answer(b"{}")
    assert look(lost).gone == ["p0", "p1", "p2", "p4", "p5"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23T12:00:00Z", NOW),
        ("2026-11-23T12:00:00.000Z", NOW),
        ("2026-11-23T12:00:00+0000", NOW),
        ("2026-11-23T04:00:00-08:00", NOW),
        ("2026-11-23T12:00:00", NOW),
        (1795435200, NOW),
        (1795435200.0, NOW),
        ("1795435200", NOW),
        ("soon", None),
        ("", None),
        (None, None),
        (True, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ([], None),
        (1e300, None),
        (float("nan"), None),
        ("9" * 400, None),
    ],
)
def test_times_come_as_text_and_as_seconds(value: Any, expected: datetime | None) -> None:
    assert shapes.moment(value) == expected


def test_what_has_another_shape_is_absent() -> None:
    data = {"a": {"b": "x", "n": 7, "t": True, "l": [1], "big": "12345678901234567890123"}}
    assert shapes.text(data, "a", "b") == "x"
    assert shapes.text(data, "a", "n") == "7"
    assert shapes.text(data, "a", "t") == shapes.text(data, "a", "l") == shapes.text([], "a") == ""
    assert shapes.number(data, "a", "n") == 7
    assert shapes.number(data, "a", "big") == shapes.number(data, "a", "b") == 0
    assert shapes.items(data, "a", "l") == [1]
    assert shapes.items(data, "a", "b") == []
    made, refused = shapes.each([1, "x", None, {}], lambda item: item["a"])
    assert made == []
    assert len(refused) == 1


def test_an_edit_that_is_none_is_not_called_one() -> None:
    assert shapes.later(NOW, NOW) is None
    assert shapes.later(NOW + timedelta(minutes=1), NOW) == NOW + timedelta(minutes=1)
    assert shapes.later(None, NOW) is None


def test_a_review_without_words_speaks_by_its_stars() -> None:
    assert shapes.review_text("", "  ", 2.0) == "★★☆☆☆"
    assert shapes.review_text("Title", "Body", 5.0) == "Title\nBody"


def test_signatures_are_compared_whatever_they_hold() -> None:
    assert signing.same("é", ["é"])
    assert not signing.same("\ud800", ["x"])
    assert not signing.same("", [])
