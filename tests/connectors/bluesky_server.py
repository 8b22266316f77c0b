"""A Bluesky server on loopback: shapes as a real PDS and AppView gave them; faults on request."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.base import Connection
from connectors.bluesky import NETWORK
from connectors.bluesky.reader import Looker
from connectors.network import Wanted
from tests.peer import Answer, Call, Peer, peer

OWN = "did:plc:brand"
PASSWORD = "aaaa-bbbb-cccc-dddd"
STRANGER = "did:plc:stranger"
POSTS = "app.bsky.feed.post"
Query = dict[str, list[str]]


def answer(data: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(json.dumps(data).encode(), status, headers)


def refusal(status: int, name: str, message: str = "", **headers: str) -> Answer:
    return answer({"error": name, "message": message}, status, **headers)


@dataclass
class Bluesky:
    """The network; `search` lists at most `depth` posts a query, as the real one does."""

    peer: Peer
    wanted: Wanted = field(default_factory=lambda: {"what": "search", "words": ["coffee"]})
    depth: int = 10_000
    page: int = 100
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    # What the account was told of: ids of posts, and the reason.
    told: list[tuple[str, str]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    followers: dict[str, int] = field(default_factory=dict)
    hidden_authors: set[str] = field(default_factory=set)
    left_authors: set[str] = field(default_factory=set)
    faults: list[Answer] = field(default_factory=list)
    lost: list[tuple[bool, int]] = field(default_factory=list)
    secrets: dict[str, Any] = field(default_factory=lambda: {"app_password": PASSWORD})
    password: str = PASSWORD
    access: str = "access-1"
    refresh: str = "refresh-1"
    signed_in: int = 0
    renewed: int = 0
    pages_known: int = 1
    # When everything came, for the network: what claims to be younger is sorted there.
    indexed: str = "2026-11-23T13:00:00.000Z"

    def __post_init__(self) -> None:
        server, repo = "com.atproto.server", "com.atproto.repo"
        self._open(f"{server}.createSession", self._create_session)
        self._open(f"{server}.refreshSession", self._refresh_session)
        for method, reply in {
            f"{server}.getSession": self._get_session,
            "app.bsky.feed.searchPosts": self._search,
            "app.bsky.notification.listNotifications": self._notifications,
            "app.bsky.actor.getProfiles": self._profiles,
            "app.bsky.feed.getPosts": self._get_posts,
            "com.atproto.identity.resolveHandle": self._resolve,
            f"{repo}.createRecord": self._create,
            f"{repo}.getRecord": self._get,
            f"{repo}.deleteRecord": self._delete,
        }.items():
            self._open(method, self._guarded(reply))
        self._open(f"{repo}.uploadBlob", self._upload)

    # As the product sees it

    def connection(self) -> Connection:
        config = {"handle": "@brand.example ", "service": self.peer.url + "/"}
        return Connection(config, dict(self.secrets), "brand", self._renew)

    def reader(self) -> Any:
        assert NETWORK.reader
        return NETWORK.reader(self.connection(), self.wanted)

    def looker(self) -> Looker:
        assert NETWORK.looker
        return NETWORK.looker(self.connection(), {})

    def publisher(self) -> Any:
        assert NETWORK.publisher
        return NETWORK.publisher(self.connection())

    retractor = publisher

    def _renew(self, exchange: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Any:
        self.secrets = json.loads(json.dumps(exchange(dict(self.secrets))))
        return self.secrets

    # As a test tells it

    def put(self, text: str, *, at: datetime | str, did: str = STRANGER, **record: Any) -> str:
        claimed = at if isinstance(at, str) else at.astimezone(UTC).isoformat()
        uri = f"at://{did}/{POSTS}/{len(self.posts):013d}"
        self.posts[uri] = {"$type": POSTS, "text": text, "createdAt": claimed, **record}
        return uri

    def edit(self, uri: str, text: str) -> None:
        self.posts[uri] = {**self.posts[uri], "text": text}

    def delete(self, uri: str) -> None:
        del self.posts[uri]

    def fail(
        self, status: int, headers: Mapping[str, str] | None = None, *, times: int = 1
    ) -> None:
        self.faults = [refusal(status, "Fault", "as told", **(headers or {}))] * times

    def talk_nonsense(self, *, times: int = 1) -> None:
        self.faults = [Answer(b"<html>Welcome!</html>")] * times

    def cut(self, *, times: int = 1) -> None:
        self.faults = [Answer(b'{"po', headers={"Content-Length": "80"}, sized=False)] * times

    def expire(self) -> None:
        self.access = "another"

    def revoke(self) -> None:
        self.access = self.refresh = self.password = "another"

    def forget_pages(self) -> None:
        self.pages_known += 1

    def lose_answers(self, *, keeps: bool, status: int = 0, times: int = 1) -> None:
        self.lost = [(keeps, status)] * times

    def published(self) -> list[str]:
        return [post["text"] for uri, post in self.posts.items() if uri.startswith(f"at://{OWN}/")]

    def vanish(self) -> None:
        """The address still has a name, but nobody listens at it: a port that was just free."""
        self.secrets["session"] = None
        import socket

        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.peer.url = f"http://127.0.0.1:{closed.getsockname()[1]}"

    # The methods

    def _upload(self, call: Call) -> Answer:
        """As a real PDS answers: the content's address, and what kind it says it is."""
        if self.faults:
            return self.faults.pop(0)
        if call.headers.get("Authorization") != f"Bearer {self.access}":
            return refusal(400, "ExpiredToken", "Token has expired")
        cid = f"bafkrei{hashlib.sha256(call.body).hexdigest()[:52]}"
        self.blobs[cid] = call.body
        kind = call.headers["Content-Type"]
        blob = {"$type": "blob", "ref": {"$link": cid}, "mimeType": kind, "size": len(call.body)}
        return answer({"blob": blob})

    def _open(self, method: str, reply: Callable[[Call], Answer]) -> None:
        self.peer.answers[f"/xrpc/{method}"] = reply

    def _guarded(
        self, reply: Callable[[Query, dict[str, Any]], Answer]
    ) -> Callable[[Call], Answer]:
        def guarded(call: Call) -> Answer:
            if self.faults:
                return self.faults.pop(0)
            if call.headers.get("Authorization") != f"Bearer {self.access}":
                return refusal(400, "ExpiredToken", "Token has expired")
            query = parse_qs(urlsplit(call.path).query)
            return reply(query, json.loads(call.body or b"{}"))

        return guarded

    def _session(self) -> Answer:
        self.access = f"access-{self.signed_in}-{self.renewed}"
        self.refresh = f"refresh-{self.signed_in}-{self.renewed}"
        return answer(
            {
                "did": OWN,
                "handle": "brand.example",
                "accessJwt": self.access,
                "refreshJwt": self.refresh,
                "active": True,
            }
        )

    def _create_session(self, call: Call) -> Answer:
        given = json.loads(call.body)
        if given != {"identifier": "brand.example", "password": self.password}:
            return refusal(401, "AuthenticationRequired", "Invalid identifier or password")
        self.signed_in += 1
        return self._session()

    def _refresh_session(self, call: Call) -> Answer:
        if call.headers.get("Authorization") != f"Bearer {self.refresh}":
            return refusal(400, "ExpiredToken", "Token has been revoked")
        self.renewed += 1
        return self._session()

    def _get_session(self, _query: Query, _body: Any) -> Answer:
        return answer({"did": OWN, "handle": "brand.example", "active": True})

    def _view(self, uri: str) -> dict[str, Any]:
        did = uri.split("/")[2]
        record = self.posts[uri]
        return {
            "uri": uri,
            "cid": f"bafy{abs(hash(record['text'])):x}",
            "author": {"did": did, "handle": did.rsplit(":", 1)[1] + ".example"},
            "record": record,
            "indexedAt": self.indexed,
        }

    def _paged(self, views: list[dict[str, Any]], query: Query, name: str) -> Answer:
        at = 0
        if "cursor" in query:
            known, at_text = query["cursor"][0].split("-")
            if int(known) != self.pages_known:
                return refusal(400, "InvalidRequest", "Malformed cursor")
            at = int(at_text)
        end = at + min(self.page, int(query.get("limit", ["50"])[0]))
        said: dict[str, Any] = {name: views[at:end]}
        if end < len(views):
            said["cursor"] = f"{self.pages_known}-{end}"
        quota = {"RateLimit-Limit": "3000", "RateLimit-Remaining": "2990"}
        return answer(said, **quota, **{"RateLimit-Reset": "1795435200"})

    def _search(self, query: Query, _body: Any) -> Answer:
        assert query["sort"] == ["latest"]
        until = query.get("until", ["9"])[0]
        [word] = query["q"]
        found = [self._view(uri) for uri, post in self.posts.items() if word in post["text"]]
        newest = sorted(found, key=_sorted_at, reverse=True)
        return self._paged(
            [view for view in newest if _sorted_at(view) < until][: self.depth], query, "posts"
        )

    def _notifications(self, query: Query, _body: Any) -> Answer:
        views = [{**self._view(uri), "reason": why, "isRead": False} for uri, why in self.told]
        return self._paged(sorted(views, key=_sorted_at, reverse=True), query, "notifications")

    def _profiles(self, query: Query, _body: Any) -> Answer:
        assert len(query["actors"]) <= 25
        return answer(
            {
                "profiles": [
                    {
                        "did": did,
                        "handle": did.rsplit(":", 1)[1] + ".example",
                        "followersCount": self.followers.get(did, 0),
                        "viewer": {"blockedBy": did in self.hidden_authors},
                    }
                    for did in query["actors"]
                    if did not in self.left_authors
                ]
            }
        )

    def _get_posts(self, query: Query, _body: Any) -> Answer:
        assert len(query["uris"]) <= 25
        unseen = self.hidden_authors | self.left_authors
        there = [u for u in query["uris"] if u in self.posts and u.split("/")[2] not in unseen]
        return answer({"posts": [self._view(uri) for uri in there]})

    def _resolve(self, query: Query, _body: Any) -> Answer:
        [handle] = query["handle"]
        if handle != "stranger.example":
            return refusal(400, "InvalidRequest", "Unable to resolve handle")
        return answer({"did": STRANGER})

    def _create(self, _query: Query, body: dict[str, Any]) -> Answer:
        keeps, status = self.lost.pop(0) if self.lost else (True, 200)
        uri = f"at://{body['repo']}/{body['collection']}/{body['rkey']}"
        if uri in self.posts:
            # As the real one does.
            return refusal(500, "InternalServerError", "Internal Server Error")
        if keeps:
            self.posts[uri] = body["record"]
        if not status:
            return Answer(b"", headers={"Content-Length": "80"}, sized=False)
        if status != 200:
            return refusal(status, "InternalServerError")
        return answer({"uri": uri, "cid": "bafy"})

    def _get(self, query: Query, _body: Any) -> Answer:
        uri = f"at://{query['repo'][0]}/{query['collection'][0]}/{query['rkey'][0]}"
        if uri not in self.posts:
            return refusal(400, "RecordNotFound", f"Could not locate record: {uri}")
        return answer({"uri": uri, "cid": "bafy", "value": self.posts[uri]})

    def _delete(self, _query: Query, body: dict[str, Any]) -> Answer:
        self.posts.pop(f"at://{body['repo']}/{body['collection']}/{body['rkey']}", None)
        return answer({})


def _sorted_at(view: dict[str, Any]) -> str:
    """By the claimed time, or when it came where that was earlier; odd times come last."""
    claimed = view["record"]["createdAt"]
    try:
        at = datetime.fromisoformat(claimed).astimezone(UTC)
    except (ValueError, OverflowError):
        return view["indexedAt"]
    written = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return min(written, view["indexedAt"])


@contextmanager
def bluesky(**how: Any) -> Iterator[Bluesky]:
    with peer() as server:
        yield Bluesky(server, **how)
