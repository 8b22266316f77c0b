"""The two streams of the network, and what of them is an edit, a deletion, a gap or nonsense."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import libipld
import pytest
from websockets.sync.server import ServerConnection

from connectors.base import Batch, Connection, CursorLost, ReadError
from connectors.bluesky import NETWORK, people, streamer
from tests.websocket_peer import websocket_peer

from .bluesky_server import PASSWORD, STRANGER, Bluesky, bluesky
from .conformance import CLAIMED, NOW, POISON, again

POSTS = "app.bsky.feed.post"
TIME = "2026-11-23T12:00:00.000Z"


def varint(number: int) -> bytes:
    head = b""
    while number > 127:
        head += bytes([number & 127 | 128])
        number >>= 7
    return head + bytes([number])


def commit(seq: int, action: str, rkey: str, record: Any = None, **body: Any) -> bytes:
    """A message as a relay sends it: one change of one repository, its record packed as CAR."""
    blocks, cid = b"", None
    if record is not None:
        block = libipld.encode_dag_cbor(record)
        cid = b"\x01\x71\x12\x20" + hashlib.sha256(block).digest()
        head = libipld.encode_dag_cbor({"roots": [cid], "version": 1})
        blocks = varint(len(head)) + head + varint(len(cid) + len(block)) + cid + block
    op = {"action": action, "path": body.pop("path", f"{POSTS}/{rkey}"), "cid": cid}
    return message("#commit", seq, repo=STRANGER, rev="3n", ops=[op], blocks=blocks, **body)


def message(kind: str, seq: int, **body: Any) -> bytes:
    body = {"seq": seq, "time": TIME, **body}
    return libipld.encode_dag_cbor({"op": 1, "t": kind}) + libipld.encode_dag_cbor(body)


def error(name: str) -> bytes:
    body = libipld.encode_dag_cbor({"error": name, "message": "as told"})
    return libipld.encode_dag_cbor({"op": -1}) + body


def said(text: Any, at: str = TIME, **more: Any) -> dict[str, Any]:
    return {"$type": POSTS, "text": text, "createdAt": at, **more}


def uri(rkey: str) -> str:
    return f"at://{STRANGER}/{POSTS}/{rkey}"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    monkeypatch.setattr(streamer, "PATIENCE", 0.05)
    monkeypatch.setattr(streamer, "QUIET", 0.2)
    people._known.clear()


@contextmanager
def relay(*messages: bytes | str, stays: bool = True) -> Iterator[tuple[str, list[str]]]:
    """A relay that says these to everybody; gives its address, and the paths that were asked."""
    asked: list[str] = []

    def tell(connection: ServerConnection) -> None:
        asked.append(connection.request.path)
        for each in messages:
            connection.send(each)
        if stays:
            connection.recv()

    with websocket_peer(tell) as url:
        yield url, asked


def follow(
    url: str,
    cursor: dict[str, Any] | None = None,
    *,
    words: str = "",
    connection: Connection | None = None,
    batches: int = 1,
) -> list[Batch]:
    """Follow for so many batches, each of whose cursors is stored and read again."""
    assert NETWORK.streamer
    wanted = {"what": "stream", "stream": url, "words": words, "match": True}
    followed = NETWORK.streamer(connection or Connection({}), wanted)
    heard: list[Batch] = []
    for batch in followed.stream(cursor or {}, stop=lambda: len(heard) >= batches):
        again(batch.cursor)
        heard.append(batch)
    return heard[:batches]


def test_posts_are_heard_and_the_place_is_kept() -> None:
    with relay(commit(7, "create", "a", said("coffee"))) as (url, asked):
        [batch] = follow(url)
        assert [(post.external_id, post.text) for post in batch.posts] == [(uri("a"), "coffee")]
        assert batch.cursor == {"seq": 7, "at": TIME}
        follow(url, batch.cursor)
        path = "/xrpc/com.atproto.sync.subscribeRepos"
        assert asked == [path, path + "?cursor=7"]


def test_what_is_edited_in_one_breath_is_its_last_text() -> None:
    with relay(
        commit(1, "create", "a", said("before")), commit(2, "update", "a", said("after"))
    ) as (url, _asked):
        [batch] = follow(url)
    [post] = batch.posts
    assert (post.text, post.edited_at) == ("after", datetime(2026, 11, 23, 12, 0, tzinfo=UTC))


def test_what_is_deleted_in_one_breath_is_gone() -> None:
    with relay(commit(1, "create", "a", said("oops")), commit(2, "delete", "a")) as (url, _):
        [batch] = follow(url)
    assert (batch.posts, batch.gone) == ([], [uri("a")])


def test_an_edit_that_leaves_the_words_is_gone() -> None:
    with relay(commit(1, "update", "a", said("now of tea"))) as (url, _asked):
        [batch] = follow(url, words="coffee")
    assert (batch.posts, batch.gone) == ([], [uri("a")])


def test_accounts_go_and_come_back() -> None:
    with relay(
        message("#account", 1, did="did:plc:a", active=False, status="deactivated"),
        message("#account", 2, did="did:plc:b", active=False, status="takendown"),
        message("#account", 3, did="did:plc:a", active=True),
        message("#account", 4, did="did:plc:c", active=False, status="throttled"),
    ) as (url, _asked):
        [batch] = follow(url)
    assert (batch.authors_gone, batch.authors_back) == (["did:plc:b"], ["did:plc:a"])
    assert batch.authors_at == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_only_posts_with_the_words_are_taken_in_any_spelling() -> None:
    texts = ["Fjord\u200bKAFFE er kold", "just tea", "ＦＪＯＲＤＫＡＦＦＥ"]
    frames = [commit(n, "create", f"{n}", said(text)) for n, text in enumerate(texts)]
    with relay(*frames) as (url, _asked):
        [batch] = follow(url, words='"fjordkaffe"\nother words')
    assert [post.text for post in batch.posts] == [texts[0], texts[2]]


def test_a_quiet_stream_gives_signs_of_life() -> None:
    with relay() as (url, _asked):
        assert follow(url, batches=2) == [Batch([], {})] * 2


def test_other_collections_move_the_place_only() -> None:
    like = commit(5, "create", "a", {"$type": "x"}, path="app.bsky.feed.like/a")
    with relay(like) as (url, _asked):
        [batch] = follow(url)
    assert (batch.posts, batch.cursor["seq"]) == ([], 5)


@pytest.mark.parametrize("text", [text for text in POISON if "\ud83d" not in text])
def test_poisoned_texts_do_not_end_the_stream(text: str) -> None:
    facets = [
        {
            "index": {"byteStart": 5, "byteEnd": 9_999_999},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "javascript:alert(1)"}],
        }
    ]
    with relay(commit(1, "create", "a", said(text, facets=facets))) as (url, _asked):
        [batch] = follow(url)
    [post] = batch.posts
    assert post.text == text
    assert "javascript" not in post.url


@pytest.mark.parametrize("claimed", CLAIMED)
def test_claimed_times_do_not_end_the_stream(claimed: str) -> None:
    with relay(commit(1, "create", "a", said("coffee", claimed))) as (url, _asked):
        assert len(follow(url)[0].posts) == 1


def test_nonsense_is_passed_over() -> None:
    nonsense = [
        "text, not bytes",
        b"",
        b"\xff",
        b"\x81" * 100_000,
        message("#commit", 1),
        message("#commit", 2, repo=STRANGER, ops=[{"action": "create", "path": 3}], blocks=b""),
        message("#commit", 3, repo=STRANGER, ops="x", blocks=b"\xff" * 90),
        commit(4, "create", "x", {"text": 7}),
        commit(5, "create", "x", ["a list"]),
        commit(6, "create", "x", said("lost")).replace(b"fblocks", b"fblockx"),
        message("#account", 7, did="did:plc:a"),
        message("#identity", 8, did="did:plc:a"),
        message("#sync", 9, did="did:plc:a"),
        message("#unheard-of", 10),
    ]
    with relay(*nonsense, commit(11, "create", "a", said("coffee"))) as (url, _asked):
        heard = follow(url, batches=1)
    assert [post.text for batch in heard for post in batch.posts] == ["coffee"]
    assert heard[-1].cursor["seq"] == 11


def test_a_message_that_is_too_large_is_a_read_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamer, "MAX_MESSAGE", 1000)
    large = commit(1, "create", "a", said("x" * 2000))
    with relay(large) as (url, _asked), pytest.raises(ReadError):
        follow(url)


def test_what_was_heard_is_handed_on_before_a_broken_line_is_told() -> None:
    with relay(commit(1, "create", "a", said("coffee")), stays=False) as (url, _asked):
        heard: list[Batch] = []
        assert NETWORK.streamer
        followed = NETWORK.streamer(
            Connection({}), {"what": "stream", "stream": url, "match": True}
        )
        with pytest.raises(ReadError):
            heard.extend(followed.stream({}, stop=lambda: False))
        # Lists are extended as they go: what came before the error is there.
        assert [post.text for post in heard[0].posts] == ["coffee"]


def test_being_too_slow_is_said_and_the_place_is_kept() -> None:
    refused = pytest.raises(ReadError, match="ConsumerTooSlow")
    with relay(error("ConsumerTooSlow")) as (url, _asked), refused as refusal:
        follow(url, {"seq": 3, "at": TIME})
    assert not isinstance(refusal.value, CursorLost)


# Gaps


@pytest.fixture
def network() -> Iterator[Bluesky]:
    """The streamer goes by the real clock: what is put at its times was heard of at them."""
    with bluesky(indexed=datetime.max.isoformat()) as served:
        yield served


@pytest.mark.parametrize(
    "frame", [error("FutureCursor"), message("#info", 0, name="OutdatedCursor")]
)
def test_a_lost_place_is_told_and_the_gap_is_searched(network: Bluesky, frame: bytes) -> None:
    now = datetime.now(UTC)
    missed = {network.put("coffee, missed", at=now - timedelta(minutes=m)) for m in range(150)}
    old = network.put("coffee, heard before", at=now - timedelta(days=1))
    place = {"seq": 10**9, "at": (now - timedelta(hours=5)).isoformat()}
    with relay(frame) as (url, _asked), pytest.raises(CursorLost) as lost:
        follow(url, place, words="coffee", connection=network.connection())
    with relay(commit(1, "create", "a", said("coffee, live"))) as (url, asked):
        heard = follow(
            url, lost.value.cursor, words="coffee", connection=network.connection(), batches=8
        )
    found = [post.external_id for batch in heard for post in batch.posts]
    assert set(found) == missed | {uri("a")}
    assert old not in found
    assert found[0] == uri("a")
    assert asked == ["/xrpc/com.atproto.sync.subscribeRepos"]
    assert heard[-1].cursor == {"seq": 1, "at": TIME}


def test_the_search_goes_on_after_a_crash(network: Bluesky) -> None:
    now = datetime.now(UTC)
    missed = {network.put("coffee", at=now - timedelta(minutes=m)) for m in range(250)}
    connection = network.connection()
    with relay() as (url, _asked):
        cursor, found = {}, set()
        for _process in range(8):
            heard = follow(url, cursor, words="coffee", connection=connection, batches=2)
            found |= {post.external_id for batch in heard for post in batch.posts}
            cursor = heard[-1].cursor
    assert found == missed
    assert cursor == {}


def test_without_an_account_a_gap_is_said_to_be_one() -> None:
    gap = pytest.raises(CursorLost, match="missing")
    with relay(error("FutureCursor")) as (url, _asked), gap as lost:
        follow(url, {"seq": 3, "at": TIME}, words="coffee")
    assert lost.value.cursor == {}


def test_an_account_that_cannot_sign_in_does_not_silence_the_stream(network: Bluesky) -> None:
    network.password = "another"
    frames = [commit(n, "create", f"{n}", said("coffee")) for n in range(3)]
    with relay(*frames) as (url, _asked):
        heard = follow(url, words="coffee", connection=network.connection(), batches=4)
    assert len([post for batch in heard for post in batch.posts]) == 3
    assert any("app password" in words for batch in heard for words in batch.refused)
    # It is not tried again and again: signing in is rationed.
    assert len(network.peer.calls) == 1
    assert "gap" in heard[-1].cursor


def test_authors_are_named_where_words_keep_them_few(network: Bluesky) -> None:
    network.followers = {STRANGER: 99}
    with relay(commit(1, "create", "a", said("coffee"))) as (url, _asked):
        [batch] = follow(url, words="coffee", connection=network.connection())
    [post] = batch.posts
    assert (post.author, post.reach) == ("stranger.example", 99)
    assert network.secrets["app_password"] == PASSWORD


# Jetstream


def event(us: int, **body: Any) -> str:
    return json.dumps({"did": STRANGER, "time_us": us, **body})


def change(us: int, operation: str, rkey: str, record: Any = None) -> str:
    body = {"rev": "3n", "operation": operation, "collection": POSTS, "rkey": rkey}
    return event(us, kind="commit", commit={**body, "record": record} if record else body)


US = int(NOW.timestamp() * 1_000_000)


def test_jetstream_says_the_same_in_json() -> None:
    away = {"active": False, "did": STRANGER, "seq": 3, "time": TIME, "status": "deleted"}
    with relay(
        change(US, "create", "a", said("coffee")),
        change(US + 1, "update", "b", said("edited")),
        change(US + 2, "delete", "c"),
        event(US + 3, kind="account", account=away),
        event(US + 4, kind="identity", identity={"did": STRANGER}),
        "nonsense",
        "[]",
        "3",
        event(US + 5, kind="commit", commit=[]),
    ) as (url, asked):
        [batch] = follow(url + "/subscribe")
        follow(url + "/subscribe", batch.cursor)
    assert [(p.text, p.edited_at is None) for p in batch.posts] == [
        ("coffee", True),
        ("edited", False),
    ]
    assert (batch.gone, batch.authors_gone) == ([uri("c")], [STRANGER])
    assert batch.cursor == {"us": US + 5, "at": (NOW + timedelta(microseconds=5)).isoformat()}
    wanted = "/subscribe?wantedCollections=app.bsky.feed.post"
    assert asked == [wanted, f"{wanted}&cursor={US + 5}"]


def test_jetstream_that_begins_later_than_asked_has_a_gap() -> None:
    late = change(US + 3_600_000_000, "create", "a", said("coffee"))
    with relay(late) as (url, _asked):
        with pytest.raises(CursorLost):
            follow(url + "/subscribe", {"us": US, "at": NOW.isoformat()})
        assert len(follow(url + "/subscribe")[0].posts) == 1


def test_a_private_stream_is_refused(settings: object) -> None:
    with relay() as (url, _asked):
        settings.OUTBOUND_ALLOW = []
        with pytest.raises(ReadError, match="OUTBOUND_ALLOW"):
            follow(url)


def test_all_of_the_network_is_never_kept() -> None:
    assert NETWORK.streamer
    with pytest.raises(ReadError, match="All of Bluesky"):
        NETWORK.streamer(Connection({}), {"what": "stream"})
