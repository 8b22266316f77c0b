"""A server that answers with Mastodon's shapes, as its documentation gives them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.base import Connection
from connectors.mastodon.client import Client
from tests.peer import Answer, Call, Peer, peer

ME = {"id": "1", "acct": "fjordkaffe", "display_name": "Fjordkaffe", "followers_count": 12}
INSTANCE = {
    "domain": "mastodon.example",
    "title": "Example",
    "version": "4.5.1",
    "configuration": {
        "urls": {"streaming": ""},
        "statuses": {"max_characters": 500, "characters_reserved_per_url": 23},
    },
}


def status(number: int, content: str = "", **more: Any) -> dict[str, Any]:
    """A status with the fields that every server gives; ids sort as their numbers do."""
    return {
        "id": f"{number:06d}",
        "created_at": f"2026-11-23T11:{number % 60:02d}:00.000Z",
        "edited_at": None,
        "in_reply_to_id": None,
        "spoiler_text": "",
        "visibility": "public",
        "language": "da",
        "uri": f"https://mastodon.example/users/ann/statuses/{number}",
        "url": f"https://mastodon.example/@ann/{number}",
        "reblogs_count": 0,
        "content": content or f"<p>Post {number}</p>",
        "reblog": None,
        "account": {
            "id": "7",
            "acct": "ann@other.example",
            "display_name": "Ann",
            "followers_count": 321,
        },
        "media_attachments": [],
        "mentions": [],
        **more,
    }


def shape(data: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps(data).encode(), status, {"Content-Type": "application/json", **named})


class Timeline:
    """A list of statuses that pages as Mastodon does: newest first, forward by min_id."""

    def __init__(self, server: Peer, path: str, wrapped: str = "") -> None:
        self.statuses: list[dict[str, Any]] = []
        self._path = path
        self._url = server.url
        self._wrapped = wrapped
        server.answers[path] = self._answer

    def _answer(self, call: Call) -> Answer:
        query = {k: v[0] for k, v in parse_qs(urlsplit(call.path).query).items()}
        found = sorted(self.statuses, key=lambda each: each["id"])
        size = int(query.get("limit", 20))
        if "min_id" in query:
            page = [each for each in found if each["id"] > query["min_id"]][:size]
        else:
            page = [each for each in found if each["id"] < query.get("max_id", "~")][-size:]
        page.reverse()
        if not page:
            return shape([])
        link = (
            f'<{self._url}{self._path}?limit={size}&max_id={page[-1]["id"]}>; rel="next", '
            f'<{self._url}{self._path}?limit={size}&min_id={page[0]["id"]}>; rel="prev"'
        )
        return shape([self._wrap(each) for each in page], Link=link)

    def _wrap(self, each: dict[str, Any]) -> dict[str, Any]:
        if not self._wrapped:
            return each
        # The id of a notification is not that of its status.
        return {"id": each["id"], "type": self._wrapped, "status": {**each, "id": "s" + each["id"]}}


class Account:
    """The account's own posts, as the server shows them; `keys` is honoured or not."""

    def __init__(self, server: Peer, *, keys: bool) -> None:
        self.posts: list[dict[str, Any]] = []
        self.lose_answer = False
        self._keys: dict[str, dict] | None = {} if keys else None
        self.server = server
        server.answers["/api/v1/accounts/1/statuses"] = self._list
        server.answers["/api/v1/statuses"] = self._publish

    def _list(self, call: Call) -> Answer:
        before = call.path.partition("max_id=")[2].split("&")[0] or "~"
        return shape([post for post in self.posts[::-1] if post["id"] < before])

    def _publish(self, call: Call) -> Answer:
        asked, key = json.loads(call.body), call.headers["Idempotency-Key"]
        made = self._keys.get(key) if self._keys else None
        if made is None:
            made = status(
                50 + len(self.posts),
                f"<p>{asked['status']}</p>",
                account=ME,
                created_at=datetime.now(UTC).isoformat(),
                in_reply_to_id=asked.get("in_reply_to_id"),
                visibility=asked["visibility"],
            )
            self.posts.append(made)
        if self._keys is not None:
            self._keys[key] = made
        return Answer(status=502) if self.lose_answer else shape(made)

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(call.body) for call in self.server.calls if call.method == "POST"]


@contextmanager
def mastodon() -> Iterator[Peer]:
    """A server of one account that has nothing yet."""
    with peer() as server:
        server.answers["/api/v1/accounts/verify_credentials"] = shape(ME)
        server.answers["/api/v2/instance"] = shape(INSTANCE)
        yield server


def connection(server: Peer, **config: Any) -> Connection:
    return Connection({"server": server.url, **config}, {"token": "t0ken"}, "Fjordkaffe")


def client(server: Peer, **config: Any) -> Client:
    return Client(connection(server, **config))
