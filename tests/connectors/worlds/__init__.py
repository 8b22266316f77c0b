"""Stateful stand-ins for networks that cannot run here, each a small server on loopback.

A world speaks the shapes recorded under tests/connectors/recorded/<network>, which were written
from the networks' official documentation (docs/networks/<network>.md names the pages) with
invented content. It keeps posts, pages through them as the network does, and fails on request.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.base import Connection
from tests.peer import Answer, Call, peer

RECORDED = Path(__file__).parent.parent / "recorded"
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def recorded(network: str, name: str) -> Any:
    """Return one recorded shape, to be filled in."""
    return json.loads((RECORDED / network / f"{name}.json").read_text())


@dataclass
class Item:
    """Something people wrote."""

    id: str
    text: str
    at: datetime
    author: str = "ida"
    stars: int = 1
    parent: str = ""
    edited: datetime | None = None


@dataclass
class Asked:
    """A call as the network sees it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body or b"null")

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


class PageForgotten(Exception):
    """The name of a page that was given out is no longer known."""


@dataclass
class World:
    """One network. `faults` are answers given, in turn, instead of the right ones."""

    network: str = ""
    url: str = ""
    items: list[Item] = field(default_factory=list)
    faults: list[Answer | Callable[[Answer], Answer]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    token: str = "good"
    config: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Any] = field(default_factory=dict)
    wanted: dict[str, Any] = field(default_factory=dict)
    page: int = 20
    # How long ago something may have been written that a first reading still finds.
    reach: timedelta = timedelta(days=6)
    # The token in use ended; renewing it helps. Pages whose names are no longer known.
    expired: bool = False
    given: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    # Called before each answer: something happens on the network while it is being read.
    meanwhile: Callable[[], None] = lambda: None

    def add(self, count: int = 1, *, at: datetime | None = None, **more: Any) -> list[Item]:
        """Let people write; each item a second after the one before, the last at `at`."""
        last = at or NOW - timedelta(minutes=1)
        made = [
            Item(
                id=self.new_id(len(self.items) + number, last),
                text=more.get("text", f"Vare {len(self.items) + number} er for dyr"),
                at=last - timedelta(seconds=count - 1 - number),
                **{k: v for k, v in more.items() if k != "text"},
            )
            for number in range(count)
        ]
        self.items += made
        return made

    def new_id(self, number: int, at: datetime) -> str:
        return str(1000 + number)

    def newest_first(self) -> list[Item]:
        return sorted(self.items, key=lambda item: (item.at, item.id), reverse=True)

    def paged(self, found: list[Item], start: str, size: int) -> tuple[list[Item], str]:
        """Cut a page out of a list by the id of its first item, as cursors of networks do."""
        if start in self.forgotten:
            raise PageForgotten
        ids = [item.id for item in found]
        at = ids.index(start) if start in ids else 0
        after = found[at + size : at + size + 1]
        following = after[0].id if after else ""
        self.given |= {following} - {""}
        self.forgotten.discard(following)
        return found[at : at + size], following

    def answer(self, asked: Asked) -> Any:
        """Return what the network says: JSON, or an Answer."""
        raise NotImplementedError

    def serve(self, call: Call) -> Answer:
        parts = urlsplit(call.path)
        headers = {name.lower(): value for name, value in call.headers.items()}
        asked = Asked(call.method, parts.path, dict(parse_qsl(parts.query)), headers, call.body)
        self.asked.append(asked)
        if self.signs_in(asked):
            self.expired = False
            return self._right(asked)
        self.meanwhile()
        if self.expired:
            return self.unauthorized()
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Answer):
            return fault
        right = self._right(asked)
        return fault(right) if fault else right

    def _right(self, asked: Asked) -> Answer:
        try:
            said = self.answer(asked)
        except PageForgotten:
            said = self.refused()
        return said if isinstance(said, Answer) else reply(said)

    def signs_in(self, asked: Asked) -> bool:
        return "token" in asked.path

    def unauthorized(self) -> Answer:
        return reply({"message": "The token has ended."}, 401)

    def refused(self) -> Answer:
        return reply({"message": "There is no such page."}, 400)

    def changes(self, asked: Asked) -> bool:
        """Whether this call is the one that makes something public."""
        return asked.method in {"POST", "PUT"} and not self.signs_in(asked)

    def connection(self, **more: Any) -> Connection:
        """Return a connection whose renewals are kept in the world's secrets."""

        def renew(exchange: Callable[[Any], Any]) -> Any:
            self.secrets = dict(exchange(self.secrets))
            return self.secrets

        config = {"api": self.url, **self.config, **more}
        return Connection(config=config, secrets=dict(self.secrets), name="Test", renew=renew)


def reply(document: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(document).encode()
    return Answer(body, status, {"Content-Type": "application/json", **named})


def cut(answer: Answer) -> Answer:
    """An answer that ends in the middle."""
    return Answer(answer.body[: len(answer.body) // 2], answer.status, answer.headers)


class _Any(dict):
    """Every path is the world's."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def get(self, _path: str, _default: object = None) -> Any:
        return self._world.serve


@contextmanager
def running(world: World) -> Iterator[World]:
    with peer() as served:
        served.answers = _Any(world)
        world.url = served.url
        yield world


def filled(shape: Any, **values: Any) -> Any:
    """Return a copy of a recorded shape with values at "a.b" paths (written a__b)."""
    made = copy.deepcopy(shape)
    for name, value in values.items():
        *path, last = name.split("__")
        target = made
        for part in path:
            target = target[part]
        target[last] = value
    return made


def shaken(seed: int) -> random.Random:
    return random.Random(seed)
