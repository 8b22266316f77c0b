"""Mastodon is held to what every network is held to."""

import html
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from connectors.base import LookUp, Publisher, Reader, Retractor
from connectors.mastodon import NETWORK
from tests.peer import Answer, Call, Peer

from .conformance import LookUpConformance, PublisherConformance, ReaderConformance
from .mastodon_server import ME, Timeline, connection, mastodon, shape, status

TAG, NOTES = "/api/v1/timelines/tag/coffee", "/api/v1/notifications"


class Script:
    """A server with a hashtag that everybody uses, and our account."""

    wanted: Mapping[str, Any] = {"mentions": "no", "hashtags": ["coffee"]}

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.timeline = Timeline(peer, TAG)
        self.own: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, str] = {}
        self._faults: list[Answer] = []
        self._lost: list[tuple[bool, int]] = []
        self._revoked = False
        peer.answers["/api/v1/statuses"] = self._statuses
        peer.answers["/api/v1/accounts/1/statuses"] = self._own
        peer.answers["/api/v2/search"] = self._search
        for path, answer in list(peer.answers.items()):
            peer.answers[path] = self._guarded(answer)

    # As the product sees it

    def reader(self) -> Reader:
        assert NETWORK.reader
        return NETWORK.reader(connection(self.peer), self.wanted)

    def looker(self) -> LookUp:
        assert NETWORK.looker
        return NETWORK.looker(connection(self.peer), {})

    def publisher(self) -> Publisher:
        assert NETWORK.publisher
        return NETWORK.publisher(connection(self.peer))

    def retractor(self) -> Retractor:
        assert NETWORK.retractor
        return NETWORK.retractor(connection(self.peer))

    # What people do there

    def put(self, text: str, *, at: datetime | str) -> str:
        moment = at if isinstance(at, str) else at.isoformat()
        number = len(self.timeline.statuses) + 1
        said = f"<p>{html.escape(text)}</p>"
        made = status(number, said, id=f"{number:08d}", created_at=moment)
        self.timeline.statuses.append(made)
        shown = made["id"] if self.wanted.get("mentions") != "yes" else "s" + made["id"]
        self.peer.answers[f"/api/v1/statuses/{made['id']}"] = self._guarded(shape(made))
        return shown

    def edit(self, external_id: str, text: str) -> None:
        self._found(external_id)["content"] = f"<p>{text}</p>"

    def delete(self, external_id: str) -> None:
        self.timeline.statuses.remove(self._found(external_id))
        del self.peer.answers[f"/api/v1/statuses/{external_id}"]

    def _found(self, external_id: str) -> dict[str, Any]:
        return next(each for each in self.timeline.statuses if each["id"] == external_id)

    def published(self) -> list[str]:
        return [each["content"][3:-4] for each in self.own.values()]

    # How it fails

    def fail(
        self, status: int, headers: Mapping[str, str] | None = None, *, times: int = 1
    ) -> None:
        self._faults = [Answer(b'{"error": "No"}', status, dict(headers or {}))] * times

    def talk_nonsense(self, *, times: int = 1) -> None:
        self._faults = [Answer(b"<html>nonsense")] * times

    def cut(self, *, times: int = 1) -> None:
        self._faults = [Answer(b"{", headers={"Content-Length": "900"}, sized=False)] * times

    def revoke(self) -> None:
        self._revoked = True

    def forget_pages(self) -> None:
        """Places are ids: they are never forgotten."""

    def lose_answers(self, *, keeps: bool, status: int = 0, times: int = 1) -> None:
        self._lost = [(keeps, status)] * times

    def vanish(self) -> None:
        self.peer.url = "http://127.0.0.1:1"

    # The server

    def _guarded(self, answer: Any) -> Any:
        def guarded(call: Call) -> Answer:
            if self._revoked:
                return shape({"error": "The access token was revoked"}, 401)
            if self._faults:
                return self._faults.pop(0)
            given: Answer = answer(call) if callable(answer) else answer
            return given

        return guarded

    def _statuses(self, call: Call) -> Answer:
        if call.method == "GET":
            asked = [part.partition("=")[2] for part in call.path.partition("?")[2].split("&")]
            return shape([each for each in self.timeline.statuses if each["id"] in asked])
        keeps, code = self._lost.pop(0) if self._lost else (True, 200)
        made = self._made(call) if keeps else None
        if code == 200:
            return shape(made)
        lost = {"Content-Length": "9"} if code == 0 else {}
        return Answer(status=code or 200, headers=lost, sized=code != 0)

    def _made(self, call: Call) -> dict[str, Any]:
        asked, key = json.loads(call.body), call.headers["Idempotency-Key"]
        number = self._keys.setdefault(key, f"{9_000 + len(self._keys):08d}")
        if number not in self.own:
            now = datetime.now().astimezone().isoformat()
            said = f"<p>{asked['status']}</p>"
            self.own[number] = status(1, said, id=number, account=ME, created_at=now)
            self.peer.answers[f"/api/v1/statuses/{number}"] = self._guarded(
                lambda call: self._deleted(call, number)
            )
        return self.own[number]

    def _deleted(self, call: Call, number: str) -> Answer:
        gone = self.own.pop(number, None)
        return shape(gone) if gone else Answer(status=404)

    def _own(self, call: Call) -> Answer:
        before = call.path.partition("max_id=")[2].split("&")[0] or "~"
        newest = sorted(self.own.values(), key=lambda each: each["id"], reverse=True)
        return shape([each for each in newest if each["id"] < before])

    def _search(self, call: Call) -> Answer:
        offset = int(call.path.partition("offset=")[2].split("&")[0] or 0)
        newest = sorted(self.timeline.statuses, key=lambda each: each["id"], reverse=True)
        return shape({"statuses": newest[offset : offset + 40]})


@pytest.fixture
def script(settings: Any) -> Iterator[Script]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with mastodon() as served:
        yield Script(served)


class Permanent:
    """Tokens of Mastodon do not end by themselves."""

    test_a_token_that_ended_is_renewed_on_the_way = None
    test_a_token_that_ended_is_renewed_and_one_post_made = None


class TestHashtag(Permanent, ReaderConformance):
    """Posts with a hashtag."""


class TestSearch(Permanent, ReaderConformance):
    """The server's full-text search: newest first, and no way forward."""

    @pytest.fixture
    def script(self, script: Script) -> Script:
        script.wanted = {"mentions": "no", "words": ["coffee"]}
        return script


class TestMentions(Permanent, ReaderConformance):
    """Posts that name the account."""

    @pytest.fixture
    def script(self, script: Script) -> Script:
        script.wanted = {"mentions": "yes"}
        notifications = Timeline(script.peer, NOTES, "mention")
        notifications.statuses = script.timeline.statuses
        script.peer.answers[NOTES] = script._guarded(script.peer.answers[NOTES])
        return script


class TestLookUp(LookUpConformance):
    """What became of posts."""


class TestPublisher(Permanent, PublisherConformance):
    """Posts and answers."""
