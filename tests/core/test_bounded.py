"""What outside programs may have under way at once."""

import asyncio
import json
from typing import Any

from core.bounded import Bounded

BODY = [
    {"type": "http.request", "body": b"a" * 1000, "more_body": True},
    {"type": "http.request", "body": b"b", "more_body": False},
]


class Caller:
    """One request: hands its body out bit by bit and keeps what is sent."""

    def __init__(self) -> None:
        self.left = list(BODY)
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        return self.left.pop(0) if self.left else {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


def test_more_than_the_bound_is_asked_to_come_again_and_later_let_in() -> None:
    async def run() -> None:
        gate = asyncio.Event()
        entered = []

        async def inner(scope: Any, receive: Any, send: Any) -> None:
            entered.append(scope)
            await gate.wait()
            if scope.get("fails"):
                raise ValueError("inside")
            await send({"type": "http.response.start", "status": 200, "headers": []})

        bounded = Bounded(inner, most=2)
        first, second, third = Caller(), Caller(), Caller()
        waiting = [
            asyncio.create_task(bounded({}, first.receive, first.send)),
            asyncio.create_task(bounded({"fails": True}, second.receive, second.send)),
        ]
        await asyncio.sleep(0)
        await bounded({}, third.receive, third.send)
        assert len(entered) == 2
        assert third.sent[0]["status"] == 429
        assert dict(third.sent[0]["headers"])[b"retry-after"] == b"1"
        assert json.loads(third.sent[1]["body"])["detail"]
        # It was heard out, or it would not hear the answer.
        assert third.left == []
        gate.set()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None), ValueError]
        # Also after the one that failed there is room again.
        again = Caller()
        await bounded({}, again.receive, again.send)
        assert again.sent[0]["status"] == 200

    asyncio.run(run())
