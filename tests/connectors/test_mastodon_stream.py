import io
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from queue import Empty, Queue
from typing import Any

import pytest
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand
from connectors import services
from connectors.base import Batch, Can, ReadError, Unauthorized
from connectors.mastodon import stream as module
from connectors.mastodon.prober import MastodonProber
from connectors.mastodon.stream import MastodonStreamer, events_of
from responses import texts
from tests.factories.accounts import MembershipFactory
from tests.peer import Answer, Call, Peer

from .mastodon_server import ME, Timeline, client, connection, mastodon, shape, status

TAG = {"mentions": "no", "hashtags": ["kaffe"]}
STREAM = "/api/v1/streaming/hashtag"


class Wire:
    """A stream that says what a test gives it, until it is told to end."""

    def __init__(self, server: Peer, path: str) -> None:
        self.said: Queue[bytes | None] = Queue()
        self.opened = 0
        server.answers[path] = self._answer

    def say(self, event: str, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.said.put(f"event: {event}\ndata: {text}\n\n".encode())

    def _answer(self, _call: Call) -> Answer:
        self.opened += 1
        headers = {"Content-Type": "text/event-stream"}
        return Answer(b":)\n\n", headers=headers, sized=False, then=self._speak)

    def _speak(self, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.flush()
        while (said := self._next()) is not None:
            handler.wfile.write(said)
            handler.wfile.flush()

    def _next(self) -> bytes | None:
        try:
            return self.said.get(timeout=20)
        except Empty:
            return None


@pytest.fixture
def server(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]  # type: ignore[attr-defined]
    monkeypatch.setattr(module, "BEAT", 0.5)
    with mastodon() as served:
        yield served


@pytest.fixture
def tag(server: Peer) -> Timeline:
    return Timeline(server, "/api/v1/timelines/tag/kaffe")


@pytest.fixture
def wire(server: Peer) -> Iterator[Wire]:
    made = Wire(server, STREAM)
    yield made
    made.said.put(None)


def follow(server: Peer, cursor: dict | None = None, wanted: dict = TAG) -> Iterator[Batch]:
    ends = time.monotonic() + 15
    streamer = MastodonStreamer(client(server), wanted)
    return streamer.stream(cursor or {}, stop=lambda: time.monotonic() > ends)


def until(batches: Iterator[Batch], external_id: str) -> Batch:
    """The first batch that brings or takes away this post."""
    return next(
        batch
        for batch in batches
        if external_id in {post.external_id for post in batch.posts} | set(batch.gone)
    )


def test_what_happens_comes_as_it_happens(server: Peer, tag: Timeline, wire: Wire) -> None:
    tag.statuses = [status(1)]
    batches = follow(server)
    first = next(batches)
    assert [post.external_id for post in first.posts] == ["000001"]
    assert wire.opened == 1, "the line stands before the first reading"
    wire.say("update", status(2))
    assert until(batches, "000002").cursor == first.cursor
    wire.say("status.update", status(2, "<p>Rettet</p>", edited_at="2026-11-23T12:00:00Z"))
    edited = until(batches, "000002").posts[0]
    assert edited.text == "Rettet"
    assert edited.edited_at
    wire.say("delete", "000002")
    assert until(batches, "000002").gone == ["000002"]
    batches.close()  # type: ignore[attr-defined]


def test_a_quiet_line_gives_a_sign_of_life(server: Peer, tag: Timeline, wire: Wire) -> None:
    batches = follow(server)
    next(batches)
    began = time.monotonic()
    assert next(batches).posts == []
    assert time.monotonic() - began < 3


def test_a_line_that_ends_says_so_after_handing_over_what_it_brought(
    server: Peer, tag: Timeline, wire: Wire
) -> None:
    batches = follow(server)
    next(batches)
    wire.say("update", status(3))
    wire.said.put(None)
    until(batches, "000003")
    with pytest.raises(ReadError, match="ended its stream"):
        list(batches)


def test_what_came_while_no_line_stood_is_read_on_the_next(
    server: Peer, tag: Timeline, wire: Wire
) -> None:
    tag.statuses = [status(1)]
    cursor = next(follow(server)).cursor
    tag.statuses += [status(n) for n in range(2, 130)]
    batches = follow(server, cursor)
    found: set[str] = set()
    while len(found) < 128:
        found |= {post.external_id for post in next(batches).posts}
    assert found >= {f"{n:06d}" for n in range(2, 130)}


def test_what_a_stream_lost_is_read_a_little_later(
    server: Peer, tag: Timeline, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CATCH_UP", 1.0)
    tag.statuses = [status(1)]
    batches = follow(server)
    cursor = next(batches).cursor
    tag.statuses.append(status(2))
    assert until(batches, "000002").cursor["#kaffe"]["at"] == "000002" != cursor["#kaffe"]["at"]


@pytest.mark.parametrize(
    "answer",
    [Answer(status=404), Answer(status=400), Answer(b"{}", 200), Answer(status=426)],
)
def test_a_server_without_streams_is_polled_and_says_so(
    server: Peer, tag: Timeline, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL", 0.6)
    server.answers[STREAM] = answer
    batches = follow(server)
    first = next(batches)
    assert "polled" in first.refused[0]
    tag.statuses = [status(1)]
    until(batches, "000001")


def test_a_token_that_ended_is_named(server: Peer, tag: Timeline) -> None:
    server.answers[STREAM] = Answer(status=401)
    with pytest.raises(Unauthorized):
        list(follow(server))
    server.answers[STREAM] = Answer(status=503)
    with pytest.raises(ReadError, match="503"):
        list(follow(server))


def test_a_stream_that_falls_silent_is_dead(
    server: Peer, tag: Timeline, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENCE", 1.0)
    with pytest.raises(ReadError, match="broke off"):
        list(follow(server))


def test_only_what_names_us_comes_over_our_own_line(server: Peer) -> None:
    Timeline(server, "/api/v1/notifications", "mention")
    wire = Wire(server, "/api/v1/streaming/user")
    batches = follow(server, wanted={})
    next(batches)
    wire.say("update", status(1))  # somebody we follow
    wire.say("status.update", status(2))
    wire.say("notification", {"id": "9", "type": "favourite", "status": status(3)})
    wire.say("notification", {"id": "10", "type": "mention", "status": status(4)})
    wire.say("status.update", status(5, mentions=[{"id": ME["id"]}]))
    batch = until(batches, "000005")
    assert {post.external_id for post in batch.posts} <= {"000004", "000005"}
    wire.said.put(None)


def test_garbage_is_passed_over(server: Peer, tag: Timeline, wire: Wire) -> None:
    batches = follow(server)
    next(batches)
    for garbage in ("", "null", "[]", "{", "[" * 60_000, '{"id": 7}'):
        wire.say("update", garbage)
    wire.say("update", status(8))
    assert [post.external_id for post in until(batches, "000008").posts] == ["000008"]


def test_events_are_read_as_the_standard_says() -> None:
    sent = b": hi\r\nevent: update\r\ndata: {\ndata:  }\n\nid: 4\n\nevent:delete\ndata:7\n\n"
    assert list(events_of(io.BytesIO(sent))) == [("update", "{\n }"), ("delete", "7")]


@pytest.mark.parametrize("endless", [b"data: ", b"data: x\n"])
def test_an_event_without_end_is_refused(endless: bytes) -> None:
    with pytest.raises(ValueError, match="without end"):
        list(events_of(io.BytesIO(endless * 2_000_000)))


def test_signs_of_life_add_up_to_nothing() -> None:
    assert list(events_of(io.BytesIO(b":thump\n" * 400_000))) == []


def test_the_probe_says_who_we_are_and_what_is_missing(
    server: Peer, tag: Timeline, wire: Wire
) -> None:
    tag.statuses = [status(1, "<p>Kaffe med glas</p>")]
    server.answers["/api/v1/notifications"] = shape([])
    server.answers["/api/v2/search"] = shape({"error": "outside the authorized scopes"}, 403)
    server.answers["/api/v1/apps/verify_credentials"] = shape({"scopes": ["read"]})
    probe = MastodonProber(connection(server), TAG).probe(now=module.datetime.now(module.UTC))
    assert probe.account == "@fjordkaffe (Example)"
    assert probe.sample == ["Kaffe med glas"]
    assert Can.STREAM in probe.can
    assert Can.NOTIFICATIONS in probe.can
    assert Can.SEARCH not in probe.can
    assert Can.POST not in probe.can
    said = " ".join(probe.notes)
    assert "read:search" in said
    assert "write:statuses" in said
    assert "500" in said


def test_the_probe_names_a_dead_token(server: Peer) -> None:
    server.answers["/api/v1/accounts/verify_credentials"] = Answer(status=401)
    with pytest.raises(Unauthorized):
        MastodonProber(connection(server), {}).probe(now=module.datetime.now(module.UTC))


@pytest.mark.django_db
def test_what_the_server_takes_is_kept_with_the_account(
    server: Peer, brand: Brand, settings: object
) -> None:
    large = {"max_characters": 5000, "characters_reserved_per_url": 25}
    server.answers["/api/v2/instance"] = shape({"configuration": {"statuses": large}})
    server.answers["/api/v1/notifications"] = shape([])
    server.answers["/api/v2/search"] = shape({"statuses": []})
    chief = MembershipFactory.create(brand=brand, role=Role.ADMINISTRATOR).user
    values = {"server": server.url, "token": "t0ken"}
    made, _secret = services.connect(brand, "mastodon", name="@f", values=values, by=chief)
    text = "Læs https://fjord.example/" + "x" * 90
    assert texts.measure(made, text) == (4 + 23, 500), "what is usual, until we asked"
    assert services.test(made, by=chief, now=timezone.now()).works
    made.refresh_from_db()
    assert texts.measure(made, text) == (4 + 25, 5000)
    assert made.config["server"] == server.url
