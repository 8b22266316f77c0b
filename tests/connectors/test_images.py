"""Images on their way out: uploaded before the post, with their words, and never posted twice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import uploading
from connectors.base import (
    Can,
    Message,
    PermanentError,
    Picture,
    TemporaryError,
    UncertainError,
)
from connectors.mastodon import media
from connectors.mastodon.publisher import MastodonPublisher
from connectors.registry import NETWORKS
from tests.peer import Answer, Call, Peer

from .bluesky_server import Bluesky, bluesky, refusal
from .mastodon_server import INSTANCE, client, connection, mastodon, shape
from .test_mastodon_publisher import Account

RED = Picture(b"\xff\xd8 red bytes", "image/jpeg", "En rød dåse på en disk", 1200, 800)
BLUE = Picture(b"\x89PNG blue bytes", "image/png", "En blå dåse", 40, 30)
SORRY = Message(
    "Vi beklager.",
    "cd-1-1-abc",
    since=datetime.now(UTC) - timedelta(minutes=1),
    images=(RED, BLUE),
)


@pytest.fixture
def script(settings: object) -> Iterator[Bluesky]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with bluesky() as served:
        yield served


@pytest.fixture
def server(settings: object) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with mastodon() as served:
        yield served


def test_which_networks_show_images() -> None:
    able = {kind for kind, network in NETWORKS.items() if Can.IMAGES in network.can}

    assert able == {"bluesky", "mastodon"}


def test_the_time_for_all_images_ends() -> None:
    uploads = uploading.in_time((RED, BLUE), seconds=0.0)

    with pytest.raises(TemporaryError):
        next(uploads)


# Bluesky


def test_bluesky_shows_each_image_with_its_words_and_shape(script: Bluesky) -> None:
    script.publisher().publish(SORRY)

    [post] = script.posts.values()
    assert post["embed"]["$type"] == "app.bsky.embed.images"
    red, blue = post["embed"]["images"]
    assert (red["alt"], blue["alt"]) == (RED.alt, BLUE.alt)
    assert red["aspectRatio"] == {"width": 1200, "height": 800}
    assert red["image"]["mimeType"] == "image/jpeg"
    assert blue["image"]["mimeType"] == "image/png"
    assert script.blobs[red["image"]["ref"]["$link"]] == RED.data
    assert script.blobs[blue["image"]["ref"]["$link"]] == BLUE.data


def test_a_post_without_images_has_no_embed(script: Bluesky) -> None:
    script.publisher().publish(replace(SORRY, images=()))

    assert [("embed" in post) for post in script.posts.values()] == [False]
    assert not script.blobs


def test_a_dead_token_is_renewed_between_images(script: Bluesky) -> None:
    publisher = script.publisher()
    publisher.publish(replace(SORRY, images=()))
    script.expire()

    publisher.publish(replace(SORRY, idempotency_key="cd-2"))

    assert len(script.blobs) == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(400, "BlobTooLarge", "This file is too large."), PermanentError),
        (refusal(429, "RateLimitExceeded"), TemporaryError),
        (refusal(502, "UpstreamFailure"), TemporaryError),
        (Answer(b"<html>", 200), TemporaryError),
        (Answer(b"{}", 200), TemporaryError),
        (Answer(b"", headers={"Content-Length": "80"}, sized=False), TemporaryError),
    ],
)
def test_an_upload_that_fails_on_bluesky_leaves_surely_nothing_out(
    script: Bluesky, answer: Answer, kind: type[Exception]
) -> None:
    script.faults = [answer]

    with pytest.raises(kind):
        script.publisher().publish(SORRY)
    assert not script.posts

    script.publisher().publish(SORRY)
    assert len(script.posts) == 1


def test_a_lost_answer_on_bluesky_makes_one_post_though_images_go_up_again(
    script: Bluesky,
) -> None:
    script.lose_answers(keeps=True)
    assert script.publisher().publish(SORRY).external_id in script.posts

    script.publisher().publish(SORRY)

    assert len(script.posts) == 1


# Mastodon


class Uploads:
    """The server's media: worked up at once, or after so many looks."""

    def __init__(self, server: Peer, looks: int = 0, path: str = "/api/v2/media") -> None:
        self.calls: list[Call] = []
        self._looks: dict[str, int] = {}
        self._needed = looks
        self.server = server
        server.answers[path] = self._take

    def _take(self, call: Call) -> Answer:
        self.calls.append(call)
        media_id = f"22345{len(self.calls)}"
        self._looks[media_id] = 0
        self.server.answers[f"/api/v1/media/{media_id}"] = lambda _call: self._look(media_id)
        return self._shown(media_id, 200 if self._is_ready(media_id) else 202)

    def _is_ready(self, media_id: str) -> bool:
        return self._looks[media_id] >= self._needed

    def _look(self, media_id: str) -> Answer:
        self._looks[media_id] += 1
        return self._shown(media_id, 200 if self._is_ready(media_id) else 206)

    def _shown(self, media_id: str, status: int) -> Answer:
        url = f"https://files.mastodon.example/{media_id}.jpeg" if status == 200 else None
        shown = {"id": media_id, "type": "image", "url": url, "preview_url": url}
        return shape({**shown, "description": "…", "blurhash": None}, status)


def publisher(server: Peer) -> MastodonPublisher:
    return MastodonPublisher(client(server), connection(server))


def posted(server: Peer) -> list[dict[str, Any]]:
    return [
        json.loads(call.body)
        for call in server.calls
        if call.path == "/api/v1/statuses" and call.method == "POST"
    ]


def test_mastodon_gets_each_image_with_its_words_before_the_post(server: Peer) -> None:
    Account(server, keys=True)
    uploads = Uploads(server)

    publisher(server).publish(SORRY)

    assert posted(server)[0]["media_ids"] == ["223451", "223452"]
    red, blue = uploads.calls
    assert RED.data in red.body
    assert RED.alt.encode() in red.body
    assert b"Content-Type: image/jpeg" in red.body
    assert BLUE.data in blue.body
    assert red.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert server.calls[-1].path == "/api/v1/statuses"


def test_mastodon_is_waited_for_until_it_has_worked_an_image_up(
    server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "PAUSE", 0.01)
    Account(server, keys=True)
    Uploads(server, looks=3)

    publisher(server).publish(replace(SORRY, images=(RED,)))

    looked = [call.path for call in server.calls if call.path == "/api/v1/media/223451"]
    assert len(looked) == 3
    assert posted(server)[0]["media_ids"] == ["223451"]


def test_a_server_that_never_ends_its_work_gets_no_post(
    server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "PAUSE", 0.05)
    monkeypatch.setattr(uploading.in_time, "__defaults__", (0.4,))
    Account(server, keys=True)
    Uploads(server, looks=10_000)

    with pytest.raises(TemporaryError):
        publisher(server).publish(SORRY)
    assert posted(server) == []


def test_a_relative_that_knows_only_the_older_call_gets_that(server: Peer) -> None:
    Account(server, keys=False)
    uploads = Uploads(server, path="/api/v1/media")

    publisher(server).publish(SORRY)

    assert len(uploads.calls) == 2


@pytest.mark.parametrize(
    "configuration",
    [
        {"statuses": {"max_media_attachments": 1}},
        {"media_attachments": {"image_size_limit": 10}},
        {"media_attachments": {"image_matrix_limit": 100}},
        {"media_attachments": {"supported_mime_types": ["image/webp"]}},
        {"media_attachments": {"description_limit": 5}},
    ],
)
def test_what_this_server_does_not_take_is_refused_before_anything_goes_up(
    server: Peer, configuration: dict[str, Any]
) -> None:
    Account(server, keys=True)
    uploads = Uploads(server)
    server.answers["/api/v2/instance"] = shape({**INSTANCE, "configuration": configuration})

    with pytest.raises(PermanentError):
        publisher(server).publish(SORRY)
    assert (uploads.calls, posted(server)) == ([], [])


@pytest.mark.parametrize(
    ("status", "kind"), [(422, PermanentError), (429, TemporaryError), (503, TemporaryError)]
)
def test_an_upload_that_fails_on_mastodon_leaves_surely_nothing_out(
    server: Peer, status: int, kind: type[Exception]
) -> None:
    Account(server, keys=True)
    server.answers["/api/v2/media"] = shape({"error": "Validation failed"}, status)

    with pytest.raises(kind):
        publisher(server).publish(SORRY)
    assert posted(server) == []


@pytest.mark.parametrize("keys", [True, False], ids=["keys honoured", "keys ignored"])
def test_a_lost_answer_on_mastodon_makes_one_post(server: Peer, keys: bool) -> None:
    account = Account(server, keys=keys)
    uploads = Uploads(server)
    account.lose_answer = True
    with pytest.raises(UncertainError):
        publisher(server).publish(SORRY)
    account.lose_answer = False

    publisher(server).publish(SORRY)

    assert len(account.posts) == 1
    # It was found before anything went up again.
    assert len(uploads.calls) == 2


def test_an_edit_names_the_images_again(server: Peer) -> None:
    Uploads(server)
    edited: list[dict[str, Any]] = []

    def put(call: Call) -> Answer:
        edited.append(json.loads(call.body))
        return shape({"id": "50", "url": "https://mastodon.example/@ann/50"})

    server.answers["/api/v1/statuses/50"] = put

    publisher(server).edit("50", SORRY)

    assert edited == [{"status": "Vi beklager.", "media_ids": ["223451", "223452"]}]
