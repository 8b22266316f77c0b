"""Images on their way out: uploaded before the post, with their words, and never posted twice."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors import uploading
from connectors.base import (
    Can,
    Connection,
    Message,
    PermanentError,
    Picture,
    TemporaryError,
    UncertainError,
)
from connectors.mastodon import media
from connectors.mastodon.publisher import MastodonPublisher
from connectors.registry import NETWORKS
from tests.peer import Answer, Call, Peer, peer

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

    assert able == {"bluesky", "facebook", "linkedin", "mastodon", "statement", "x"}
    # These fetch an image from a public address, which a desk need not have.
    assert not {"instagram", "threads"} & able


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


# X, LinkedIn and Facebook, in the shapes of their documentation


def told(data: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(json.dumps(data).encode(), status, headers)


@pytest.fixture
def network(settings: object) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with peer() as served:
        yield served


def x_at(served: Peer) -> Any:
    ids = iter("ABCD")
    served.answers["/2/media/upload"] = lambda _call: told({"data": {"id": next(ids)}})
    served.answers["/2/media/metadata"] = told({"data": {"id": "A"}})
    served.answers["/2/tweets"] = told({"data": {"id": "9000", "text": "Sorry."}}, 201)
    connection = Connection({"api": served.url, "client_id": "app"}, {"access_token": "good"})
    return NETWORKS["x"].publisher(connection)


def test_x_is_given_each_image_then_its_words_then_the_post(network: Peer) -> None:
    x_at(network).publish(SORRY)

    paths = [call.path for call in network.calls]
    assert paths == ["/2/media/upload", "/2/media/metadata"] * 2 + ["/2/tweets"]
    sent = [json.loads(call.body) for call in network.calls]
    assert base64.b64decode(sent[0]["media"]) == RED.data
    assert sent[0]["media_category"] == "tweet_image"
    assert [each["metadata"]["alt_text"]["text"] for each in sent[1:4:2]] == [RED.alt, BLUE.alt]
    assert sent[-1]["media"] == {"media_ids": ["A", "B"]}


@pytest.mark.parametrize("failing", ["/2/media/upload", "/2/media/metadata"])
def test_an_image_that_x_loses_is_surely_nothing_published(network: Peer, failing: str) -> None:
    publisher = x_at(network)
    network.answers[failing] = told({}, 503)

    with pytest.raises(TemporaryError):
        publisher.publish(SORRY)

    assert "/2/tweets" not in [call.path for call in network.calls]


def test_a_post_with_an_image_is_found_on_x_though_it_ends_in_a_link(network: Peer) -> None:
    publisher = x_at(network)
    network.answers["/2/users/me"] = told({"data": {"id": "42"}})
    link = {
        "url": "https://t.co/abc",
        "expanded_url": "https://x.com/fjordkaffe/status/9000/photo/1",
        "media_key": "3_1",
    }
    post = {"id": "9000", "text": f"{SORRY.text} https://t.co/abc", "entities": {"urls": [link]}}
    network.answers["/2/users/42/tweets"] = told({"data": [post], "meta": {}})

    assert publisher.find(SORRY).external_id == "9000"


def linkedin_at(served: Peer, *, where: str = "") -> Any:
    ids = iter("AB")

    def announced(_call: Call) -> Answer:
        made = next(ids)
        place = where or f"{served.url}/put/{made}"
        return told({"value": {"uploadUrl": place, "image": f"urn:li:image:{made}"}})

    served.answers["/rest/images"] = announced
    served.answers |= {f"/put/{made}": Answer(b"", 201) for made in "AB"}
    served.answers["/rest/posts"] = Answer(b"", 201, {"x-restli-id": "urn:li:share:7"})
    config = {"api": served.url, "client_id": "app", "organization": "77"}
    return NETWORKS["linkedin"].publisher(Connection(config, {"access_token": "good"}))


def test_linkedin_shows_one_image_or_several_with_their_words(network: Peer) -> None:
    linkedin_at(network).publish(SORRY)

    put = [call for call in network.calls if call.method == "PUT"]
    assert [call.body for call in put] == [RED.data, BLUE.data]
    assert {call.headers["Authorization"] for call in put} == {"Bearer good"}
    posted = json.loads(network.calls[-1].body)["content"]
    assert posted == {
        "multiImage": {
            "images": [
                {"id": "urn:li:image:A", "altText": RED.alt},
                {"id": "urn:li:image:B", "altText": BLUE.alt},
            ]
        }
    }

    linkedin_at(network).publish(replace(SORRY, images=(RED,)))

    posted = json.loads(network.calls[-1].body)["content"]
    assert posted == {"media": {"id": "urn:li:image:A", "altText": RED.alt}}


def test_the_token_for_linkedin_goes_to_nobody_else(network: Peer) -> None:
    publisher = linkedin_at(network, where="https://evil.example/put")

    with pytest.raises(PermanentError, match="somebody else"):
        publisher.publish(SORRY)

    assert [call.path for call in network.calls] == ["/rest/images?action=initializeUpload"]


def test_facebook_gets_images_unseen_and_shows_them_with_the_post(network: Peer) -> None:
    ids = iter(["501", "502"])
    network.answers["/v24.0/77/photos"] = lambda _call: told({"id": next(ids)})
    network.answers["/v24.0/77/feed"] = told({"id": "77_9"})
    secrets = {"access_token": "good", "app_secret": "shh"}
    connection = Connection({"api": network.url, "page": "77"}, secrets)

    NETWORKS["facebook"].publisher(connection).publish(SORRY)

    red, blue, posted = network.calls
    for call, image in ((red, RED), (blue, BLUE)):
        assert image.data in call.body
        assert image.alt.encode() in call.body
        assert b'name="published"\r\n\r\nfalse' in call.body
        assert b'name="appsecret_proof"' in call.body
    form = parse_qs(posted.body.decode())
    assert json.loads(form["attached_media[0]"][0]) == {"media_fbid": "501"}
    assert json.loads(form["attached_media[1]"][0]) == {"media_fbid": "502"}


def test_a_lost_image_on_facebook_is_surely_nothing_published(network: Peer) -> None:
    network.answers["/v24.0/77/photos"] = Answer(b"", 502)
    connection = Connection({"api": network.url, "page": "77"}, {"access_token": "good"})

    with pytest.raises(TemporaryError):
        NETWORKS["facebook"].publisher(connection).publish(SORRY)

    assert len(network.calls) == 1
