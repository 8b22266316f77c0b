"""Mentions pushed to a signed webhook by sixteen clients at once: a hundred a call against one.

Everything counts that the product does for a call: the whole web process, the signature, the
scores, the commit. What the clients send is made and signed beforehand.
"""

import http.client
import json
import random
import threading
import time
from datetime import UTC, datetime
from typing import Any

from .figures import Measured, figure, median_of_rounds
from .serving import serving

CLIENTS, SOURCES = 16, 4
MANY = 100
# Calls of each client a round.
CALLS_OF_MANY, CALLS_OF_ONE = 6, 15
ROUNDS = 5
_SENTENCES = (
    "the coffee is cold and staff was rude today we never come again great service love it øl tak"
    " for kaffen ikke god mad men flink betjening nu er det nok hvor bliver svaret af terrible"
)
_WORDS = _SENTENCES.split()


@figure("webhook, 16 clients, 100 mentions a call", unit="mentions/s", must=">= 10", issue=2)
def webhook() -> Measured:
    """Against calls of one mention; any answer but 200 and all accepted fails the figure."""
    hooks = _hooks()
    with serving("crisisdesk.asgi:application") as server:
        senders = [Sender(server.port, *hooks[n % SOURCES]) for n in range(CLIENTS)]
        _rate(senders, calls=2, size=1)
        return median_of_rounds(
            lambda: _rate(senders, calls=CALLS_OF_MANY, size=MANY),
            lambda: _rate(senders, calls=CALLS_OF_ONE, size=1),
            rounds=ROUNDS,
        )


def _hooks() -> list[tuple[str, str]]:
    """Four brands' webhooks: address and secret."""
    from core.clock import database_now
    from monitoring.enums import SourceKind
    from monitoring.services.sources import create_source
    from tests.factories.accounts import BrandFactory

    made = [
        create_source(
            brand, kind=SourceKind.WEBHOOK, name="Hook", config={}, by=None, now=database_now()
        )
        for brand in BrandFactory.create_batch(SOURCES)
    ]
    return [(f"/hooks/{each.source.public_id}/", each.secret) for each in made]


class Sender:
    """One client on a connection that stays open."""

    def __init__(self, port: int, address: str, secret: str) -> None:
        self.port = port
        self.address = address
        self.secret = secret

    def prepare(self, calls: int, size: int) -> list[tuple[bytes, dict[str, str]]]:
        return [self._call(size) for _ in range(calls)]

    def _call(self, size: int) -> tuple[bytes, dict[str, str]]:
        from core.signatures import sign

        name = f"{random.getrandbits(64)}"
        mentions = [
            {
                "external_id": f"{name}-{number}",
                "text": " ".join(random.choices(_WORDS, k=18)),
                "author": f"user{number}",
                "url": f"https://example.org/{name}/{number}",
                "published_at": datetime.now(UTC).isoformat(),
            }
            for number in range(size)
        ]
        body = json.dumps({"mentions": mentions}).encode()
        headers = sign(self.secret, call_id=name, at=datetime.now(UTC), body=body)
        return body, {**headers, "Content-Type": "application/json"}

    def send(self, calls: list[tuple[bytes, dict[str, str]]], size: int, wrong: list[str]) -> None:
        """Send the calls one after the other; what was not taken whole goes into `wrong`."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for body, headers in calls:
            line.request("POST", self.address, body, headers)
            answer = line.getresponse()
            said: Any = json.loads(answer.read())
            if answer.status != 200 or said["accepted"] != size:
                wrong.append(f"{answer.status} {said}")
        line.close()


def _rate(senders: list[Sender], *, calls: int, size: int) -> float:
    """Mentions a second, taken and committed, with all senders at work."""
    wrong: list[str] = []
    threads = [
        threading.Thread(target=sender.send, args=(sender.prepare(calls, size), size, wrong))
        for sender in senders
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    if wrong:
        raise AssertionError(f"{len(wrong)} calls were not taken, such as {wrong[0][:300]}")
    return len(senders) * calls * size / taken
