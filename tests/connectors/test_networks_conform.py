"""The networks of tests/connectors/worlds, held to what every network is held to."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from connectors.base import LookUp, Publisher, Reader, Retractor
from connectors.registry import NETWORKS
from tests.connectors.conformance import (
    NOW,
    LookUpConformance,
    PublisherConformance,
    ReaderConformance,
)
from tests.connectors.test_networks import WORLDS
from tests.connectors.worlds import Answer, Asked, World, running

_LOOKED_UP = [name for name in WORLDS if NETWORKS[name].looker]
_POSTING = ["x", "facebook", "threads", "linkedin"]
# Whose tokens can be renewed, and whose pages have names that can be forgotten.
_RENEWING = {"x", "youtube", "googleplay", "googlebusiness", "reddit", "tiktok", "trustpilot"}


class Script:
    """A world as the suite drives it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.network = NETWORKS[world.network]
        self.nowhere = False

    def _connection(self) -> Any:
        connection = self.world.connection()
        if self.nowhere:
            return replace(connection, config={**connection.config, "api": "http://127.0.0.1:1"})
        return connection

    def reader(self) -> Reader:
        connection = self._connection()
        return self.network.reader(connection, self._wanted())

    def looker(self) -> LookUp:
        connection = self._connection()
        return self.network.looker(connection, self._wanted())

    def publisher(self) -> Publisher:
        return self.network.publisher(self._connection())

    def retractor(self) -> Retractor:
        return self.network.retractor(self._connection())

    def _wanted(self) -> Mapping[str, Any]:
        # One list of those that a source can read: the same post in two of them comes twice.
        return {**self.world.wanted, **({"words": []} if self.world.network == "threads" else {})}

    def put(self, text: str, *, at: datetime | str) -> str:
        when = at if isinstance(at, datetime) else NOW
        [item] = self.world.add(1, text=text, at=when)
        return item.id

    def edit(self, external_id: str, text: str) -> None:
        for item in self.world.items:
            if item.id == external_id:
                item.text = text

    def delete(self, external_id: str) -> None:
        self.world.items = [item for item in self.world.items if item.id != external_id]

    def forget_pages(self) -> None:
        self.world.forgotten |= self.world.given

    def fail(
        self, status: int, headers: Mapping[str, str] | None = None, *, times: int = 1
    ) -> None:
        self._next(Answer(b'{"message": "no"}', status, dict(headers or {})), times)

    def talk_nonsense(self, *, times: int = 1) -> None:
        self._next(Answer(b"<html>Please sign in</html>"), times)

    def cut(self, *, times: int = 1) -> None:
        broken = Answer(b'{"data": [', headers={"Content-Length": "5000"}, sized=False)
        self._next(broken, times)

    def _next(self, answer: Answer, times: int) -> None:
        """The next calls fail; of what is published in steps, the one that makes it public."""
        right, left = type(self.world).answer, [times]

        def failing(asked: Asked) -> Any:
            step = asked.method == "POST" and not self.world.changes(asked)
            if not left[0] or step:
                return right(self.world, asked)
            left[0] -= 1
            return answer

        self.world.answer = failing

    def expire(self) -> None:
        if self.world.network not in _RENEWING:
            pytest.skip("its credentials are not renewed by us")
        self.world.expired = True

    def revoke(self) -> None:
        if not self.network.account:
            pytest.skip("open to everybody")
        self.world.token = "none"
        if hasattr(self.world, "refresh"):
            self.world.refresh = "none"

    def lose_answers(self, *, keeps: bool, status: int = 0, times: int = 1) -> None:
        lost = (
            Answer(b"", status) if status else Answer(headers={"Content-Length": "9"}, sized=False)
        )
        right, left = type(self.world).answer, [times]

        def answer(asked: Asked) -> Any:
            if not (self.world.changes(asked) and left[0]):
                return right(self.world, asked)
            left[0] -= 1
            if keeps:
                right(self.world, asked)
            return lost

        self.world.answer = answer

    def published(self) -> list[str]:
        return [each["text"] for each in self.world.published.values()]

    def vanish(self) -> None:
        self.nowhere = True


def _script(name: str, settings: Any) -> Iterator[Script]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(WORLDS[name]()) as world:
        yield Script(world)


class TestReading(ReaderConformance):
    pages = 90

    @pytest.fixture(params=WORLDS)
    def script(self, request: pytest.FixtureRequest, settings: object) -> Iterator[Script]:
        yield from _script(request.param, settings)


class TestLookingUp(LookUpConformance):
    @pytest.fixture(params=_LOOKED_UP)
    def script(self, request: pytest.FixtureRequest, settings: object) -> Iterator[Script]:
        yield from _script(request.param, settings)


class TestPublishing(PublisherConformance):
    # None of these networks keeps a key: that a text goes out once is the outbox's doing, which
    # looks for what it may have sent before it sends anything again.
    test_the_same_key_twice_makes_one_post = None

    @pytest.fixture(params=_POSTING)
    def script(self, request: pytest.FixtureRequest, settings: object) -> Iterator[Script]:
        yield from _script(request.param, settings)
