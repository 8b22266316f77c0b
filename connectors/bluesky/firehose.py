"""What is said on the two streams of the network, put into the same four facts.

`Firehose` is the protocol's own: every change of every repository, signed, in CBOR; what a PDS and
a relay serve. `Jetstream` is the same in JSON and filtered by the server: a hundredth of the bytes,
and therefore what is followed unless another address is set.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

import libipld

from connectors.base import Post

from .posts import COLLECTION, moment, of_record

# States of an account that are the server's, not its own: its posts are still there.
_HICCUPS = {"desynchronized", "throttled"}
# Jetstream begins at its oldest event, without a word, where it no longer has the one asked for.
_NEAR = timedelta(minutes=5)


class Lost(Exception):
    """The server no longer knows, or does not know yet, the place where we stood."""


class Refused(Exception):
    """The server ends the stream; `str` is its own word for why."""


@dataclass
class Gathered:
    """What was heard since the last batch; later facts about the same thing replace earlier ones.

    `place` is where to go on, `at` the time of the last event.
    """

    place: dict[str, Any]
    posts: dict[str, Post] = field(default_factory=dict)
    gone: dict[str, None] = field(default_factory=dict)
    # By DID: whether the account is there; and when the network last said so of any.
    there: dict[str, bool] = field(default_factory=dict)
    there_at: datetime | None = None

    def __len__(self) -> int:
        return len(self.posts) + len(self.gone) + len(self.there)

    def posted(self, did: str, rkey: str, record: Any, *, edited_at: datetime | None) -> None:
        uri = f"at://{did}/{COLLECTION}/{rkey}"
        post = of_record(uri, record, edited_at=edited_at) if isinstance(record, dict) else None
        if post:
            self.gone.pop(uri, None)
            self.posts[uri] = post
        elif edited_at:
            # Edited until nothing is left of it.
            self.deleted(did, rkey)

    def deleted(self, did: str, rkey: str) -> None:
        uri = f"at://{did}/{COLLECTION}/{rkey}"
        self.posts.pop(uri, None)
        self.gone[uri] = None

    def account(self, did: str, said: Any, at: datetime) -> None:
        """Take up what the network says of an account: {"active", "status"}."""
        active = said["active"] is True
        if active or said.get("status") not in _HICCUPS:
            self.there[did] = active
            self.there_at = at

    def changed(self, did: str, change: Any, record: Any, at: datetime) -> None:
        """Take up a change of a repository: {"action", "rkey"}."""
        action, rkey = change["action"], change["rkey"]
        if action == "delete":
            self.deleted(did, rkey)
        elif action in {"create", "update"}:
            self.posted(did, rkey, record, edited_at=at if action == "update" else None)


class Dialect(Protocol):
    """How one of the streams is asked and read."""

    def url(self, place: dict[str, Any]) -> str:
        """The address at which the stream goes on after `place`; {} is from now on."""

    def take(self, message: str | bytes, gathered: Gathered) -> None:
        """Take up a message. Raises Lost and Refused; what is not to be understood is passed."""


def dialect(address: str) -> Dialect:
    """Return how the stream at this address speaks: Jetstream's ends in /subscribe."""
    address = address.strip().rstrip("/")
    return Jetstream(address) if address.endswith("/subscribe") else Firehose(address)


class Firehose:
    """com.atproto.sync.subscribeRepos. Place: {"seq", "at"}; the server begins after `seq`."""

    def __init__(self, address: str) -> None:
        self._address = address.partition("/xrpc/")[0]
        self._asked: int | None = None

    def url(self, place: dict[str, Any]) -> str:
        self._asked = place.get("seq")
        query = "" if self._asked is None else f"?cursor={self._asked}"
        return f"{self._address}/xrpc/com.atproto.sync.subscribeRepos{query}"

    def take(self, message: str | bytes, gathered: Gathered) -> None:
        head, body = _frame(message)
        if head.get("op") == -1:
            error = body.get("error")
            raise Lost if error == "FutureCursor" else Refused(str(error or "")[:80])
        kind = head.get("t")
        # Whoever asks for everything since 0 is told that it is not everything.
        if kind == "#info" and body.get("name") == "OutdatedCursor" and self._asked != 0:
            raise Lost
        try:
            if kind == "#commit":
                _commit(body, gathered)
            elif kind == "#account":
                gathered.account(body["did"], body, _time(body))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            """Not as the protocol says: nothing can be learned from it."""
        if isinstance(body.get("seq"), int):
            gathered.place = {"seq": body["seq"], "at": body.get("time")}


def _frame(message: str | bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the head and the body of a message; {} for what is none."""
    try:
        parts = libipld.decode_dag_cbor_multi(message) if isinstance(message, bytes) else []
    except (ValueError, TypeError, RecursionError):
        return {}, {}
    if len(parts) != 2 or not all(isinstance(part, dict) for part in parts):
        return {}, {}
    return parts[0], parts[1]


def _commit(body: dict[str, Any], gathered: Gathered) -> None:
    changes = [op for op in body["ops"] if op["path"].startswith(COLLECTION + "/")]
    if not changes:
        return
    # Unpacked only for those few in a hundred that hold a post.
    blocks = libipld.decode_car(body["blocks"])[1] if body.get("blocks") else {}
    for op in changes:
        change = {"action": op["action"], "rkey": op["path"].split("/", 1)[1]}
        record = blocks.get(op["cid"]) if op.get("cid") is not None else None
        gathered.changed(body["repo"], change, record, _time(body))


def _time(body: dict[str, Any]) -> datetime:
    return moment(body.get("time")) or datetime.now(UTC)


class Jetstream:
    """Place: {"us", "at"}, microseconds since 1970; the server begins with `us` itself."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._asked: int | None = None

    def url(self, place: dict[str, Any]) -> str:
        self._asked = place.get("us")
        query: dict[str, Any] = {"wantedCollections": COLLECTION}
        if self._asked is not None:
            query["cursor"] = self._asked
        return f"{self._address}?{urlencode(query)}"

    def take(self, message: str | bytes, gathered: Gathered) -> None:
        try:
            event = json.loads(message)
            did, us = event["did"], int(event["time_us"])
            at = datetime.fromtimestamp(us / 1_000_000, tz=UTC)
        except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
            return
        self._compare(us)
        try:
            if event["kind"] == "commit" and event["commit"]["collection"] == COLLECTION:
                commit = event["commit"]
                change = {"action": commit["operation"], "rkey": commit["rkey"]}
                gathered.changed(did, change, commit.get("record"), at)
            elif event["kind"] == "account":
                gathered.account(did, event["account"], at)
        except (KeyError, TypeError, AttributeError):
            """Not as Jetstream says: nothing can be learned from it."""
        gathered.place = {"us": us, "at": at.isoformat()}

    def _compare(self, us: int) -> None:
        """The first event after a resumption tells whether there is a gap."""
        asked, self._asked = self._asked, None
        if asked is not None and us - asked > _NEAR / timedelta(microseconds=1):
            raise Lost
