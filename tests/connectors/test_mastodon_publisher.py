from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import (
    Message,
    PermanentError,
    PublishError,
    Receipt,
    TemporaryError,
    UncertainError,
)
from connectors.mastodon import publisher as module
from connectors.mastodon.client import Limits
from connectors.mastodon.publisher import MastodonPublisher, length
from tests.peer import Answer, Peer

from .mastodon_server import ME, Account, client, connection, mastodon, shape, status

HELLO = Message("Vi beklager.", "cd-1-1-abc", since=datetime.now(UTC) - timedelta(minutes=1))
OUT = Receipt("000050", "https://mastodon.example/@ann/50")


@pytest.fixture
def server(settings: object) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]  # type: ignore[attr-defined]
    with mastodon() as served:
        yield served


@pytest.fixture(params=[True, False], ids=["keys honoured", "keys ignored"])
def account(server: Peer, request: pytest.FixtureRequest) -> Account:
    return Account(server, keys=request.param)


def publisher(server: Peer, **config: Any) -> MastodonPublisher:
    return MastodonPublisher(client(server, **config), connection(server, **config))


def test_a_post_goes_out_with_its_key(server: Peer, account: Account) -> None:
    assert publisher(server, language="da").publish(HELLO) == OUT
    assert account.sent == [{"status": "Vi beklager.", "visibility": "public", "language": "da"}]
    assert server.calls[-1].headers["Idempotency-Key"] == "cd-1-1-abc"


def test_a_lost_answer_and_a_second_try_make_one_post(server: Peer, account: Account) -> None:
    account.lose_answer = True
    with pytest.raises(UncertainError):
        publisher(server).publish(HELLO)
    assert publisher(server).find(HELLO) == OUT
    account.lose_answer = False
    assert publisher(server).publish(HELLO) == OUT
    assert len(account.posts) == 1


def test_what_is_not_out_is_not_found(server: Peer, account: Account) -> None:
    assert publisher(server).find(HELLO) is None
    account.posts = [
        status(1, "<p>Noget andet</p>", account=ME, created_at=datetime.now(UTC).isoformat()),
        # The same words, but long before this was approved.
        status(2, "<p>Vi beklager.</p>", account=ME, created_at="2026-01-01T00:00:00Z"),
        # The same words, but to somebody.
        status(
            3, "<p>Vi beklager.</p>", in_reply_to_id="9", created_at=datetime.now(UTC).isoformat()
        ),
    ]
    assert publisher(server).find(HELLO) is None


def test_what_the_server_made_of_a_text_is_known_again(server: Peer, account: Account) -> None:
    text = "Kære @ann@other.example & alle: **læs** https://fjord.example/glas-i-kaffen?a=1&b=2 🙏"
    content = (
        '<p>Kære <span class="h-card"><a href="https://other.example/@ann">@<span>ann</span></a>'
        "</span> &amp; alle: <strong>læs</strong> "
        '<a href="https://fjord.example/glas-i-kaffen?a=1&amp;b=2"><span class="invisible">https://'
        '</span><span class="ellipsis">fjord.example/glas-i-kaf</span><span class="invisible">'
        "fen?a=1&amp;b=2</span></a> 🙏</p>"
    )
    account.posts = [status(50, content, account=ME, created_at=datetime.now(UTC).isoformat())]
    assert publisher(server).find(Message(text, "k", since=HELLO.since)) == OUT


def test_another_answer_that_ends_alike_is_not_taken_for_it(server: Peer, account: Account) -> None:
    now = datetime.now(UTC).isoformat()
    said = "<p>@<span>ann</span> Mange tak!</p>"
    account.posts = [status(50, said, in_reply_to_id="000007", account=ME, created_at=now)]
    assert publisher(server).find(Message("Tak!", "k", "000007", HELLO.since)) is None
    assert publisher(server).find(Message("Mange tak!", "k", "000007", HELLO.since)) == OUT


def test_where_nobody_can_tell_it_says_so(server: Peer, account: Account) -> None:
    server.answers["/api/v1/accounts/1/statuses"] = Answer(status=503)
    with pytest.raises(UncertainError):
        publisher(server).find(HELLO)
    busy = [status(n, account=ME, created_at=datetime.now(UTC).isoformat()) for n in range(40)]
    server.answers["/api/v1/accounts/1/statuses"] = shape(busy)
    with pytest.raises(UncertainError, match="too much"):
        publisher(server).find(HELLO)


def test_an_answer_names_whom_it_answers_and_is_found_again(server: Peer, account: Account) -> None:
    server.answers["/api/v1/statuses/000007"] = shape(status(7))
    answer = Message("Tak for beskeden.", "k", "000007", HELLO.since)
    assert publisher(server).publish(answer) == OUT
    assert account.sent[0]["status"] == "@ann@other.example Tak for beskeden."
    assert account.sent[0]["in_reply_to_id"] == "000007"
    assert publisher(server).publish(answer) == OUT
    assert len(account.posts) == 1
    named = Message("Tak @ann@other.example", "k2", "000007", HELLO.since)
    publisher(server).publish(named)
    assert account.sent[-1]["status"] == "Tak @ann@other.example"


@pytest.mark.parametrize(
    ("asked", "theirs", "used"),
    [
        ("public", "unlisted", "unlisted"),
        ("unlisted", "public", "unlisted"),
        ("public", "direct", "direct"),
        ("public", "new-kind", "public"),
    ],
)
def test_an_answer_is_seen_by_no_more_people_than_what_it_answers(
    server: Peer, account: Account, asked: str, theirs: str, used: str
) -> None:
    server.answers["/api/v1/statuses/000007"] = shape(status(7, visibility=theirs))
    publisher(server, visibility=asked).publish(Message("Tak", "k", "000007"))
    assert account.sent[0]["visibility"] == used


def test_an_answer_to_what_is_gone_is_refused_before_anything_is_sent(
    server: Peer, account: Account
) -> None:
    with pytest.raises(PermanentError, match="gone"):
        publisher(server).publish(Message("Tak", "k", "000007"))
    assert account.sent == []


LIMITS = Limits(characters=500, per_url=23)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("hello", 5),
        ("see https://example.com/" + "x" * 200 + " now", 4 + 23 + 4),
        ("http://a.dk", 23),
        ("@ann@other.example hi", 7),
        ("@ann@other.example: hi", 8),
        ("mail ann@other.example", 22),
        ("e\u0301", 1),
        ("🙏", 1),
    ],
)
def test_length_is_counted_as_the_server_does(text: str, size: int) -> None:
    assert length(text, LIMITS) == size


def test_counting_takes_no_time() -> None:
    for hostile in ("@a.", "@a@", "@a@a.", "https://", "@" * 3):
        length(hostile * 20_000, LIMITS)


def test_too_long_for_this_server_is_refused_before_anything_is_sent(
    server: Peer, account: Account
) -> None:
    publisher(server).publish(Message("x" * 500, "k1"))
    with pytest.raises(PermanentError, match="501 of at most 500"):
        publisher(server).publish(Message("x" * 501, "k2"))
    assert len(account.sent) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (401, PermanentError),
        (403, PermanentError),
        (422, PermanentError),
        (302, PermanentError),
        (429, TemporaryError),
        (408, UncertainError),
        (500, UncertainError),
        (503, UncertainError),
    ],
)
def test_each_status_is_one_of_the_three_ways_to_fail(
    server: Peer, account: Account, code: int, kind: type[PublishError]
) -> None:
    server.answers["/api/v1/statuses"] = shape({"error": "No"}, code, Retry_After="30")
    with pytest.raises(kind, match=f"{code}. No") as failure:
        publisher(server).publish(HELLO)
    assert type(failure.value) is kind
    if isinstance(failure.value, TemporaryError):
        assert failure.value.retry_after == 30


@pytest.mark.parametrize(
    ("code", "kind"), [(401, PermanentError), (403, PermanentError), (500, TemporaryError)]
)
def test_what_fails_before_sending_is_surely_not_out(
    server: Peer, account: Account, code: int, kind: type[PublishError]
) -> None:
    server.answers["/api/v1/accounts/verify_credentials"] = Answer(status=code)
    with pytest.raises(kind):
        publisher(server).publish(HELLO)
    assert account.sent == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"id": null}', b"[" * 60_000])
def test_an_answer_that_says_nothing_is_uncertain(
    server: Peer, account: Account, body: bytes
) -> None:
    server.answers["/api/v1/statuses"] = Answer(body)
    with pytest.raises(UncertainError):
        publisher(server).publish(HELLO)


def test_a_post_is_taken_back_and_what_is_gone_is_no_error(server: Peer, account: Account) -> None:
    server.answers["/api/v1/statuses/000050"] = shape(status(50))
    publisher(server).retract("000050")
    assert (server.calls[-1].method, server.calls[-1].path) == ("DELETE", "/api/v1/statuses/000050")
    publisher(server).retract("000051")
    server.answers["/api/v1/statuses/000050"] = Answer(status=429, headers={"Retry-After": "9"})
    with pytest.raises(TemporaryError):
        publisher(server).retract("000050")


def test_the_pages_looked_through_are_bounded() -> None:
    assert module.PAGES * module.PAGE <= 400
