"""A storm by webhook with the whole product running: web, engine and worker on the same machine.

Two hundred calls a second of one mention each for a minute, each timed from when it was due; then
as many calls as ninety-six clients can send, which is more than is taken: those are told to come
again, and do, until every mention is stored.
"""

import functools
import http.client
import json
import math
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .figures import Measured, figure
from .serving import Server, running, serving
from .webhook import Sender

RATE, SECONDS = 200, 60
CLIENTS = 32
WARM_UP = 60
FLOOD_CLIENTS, FLOOD_CALLS, FLOOD_SIZE = 96, 8, 100
Call = tuple[bytes, dict[str, str]]


@figure("storm, 200 calls a second for a minute, answer p99", unit="ms", must="<= 1", issue=3)
def answers() -> Measured:
    """Milliseconds from the moment a call was due to its answer; every call must be taken."""
    with _product() as (server, sender):
        _warm_up(server.port, sender)
        delays = _paced(server.port, sender, rate=RATE, seconds=SECONDS)
        _all_stored(RATE * SECONDS + WARM_UP)
    return Measured(delays[math.ceil(len(delays) * 0.99) - 1] * 1000, 500)


@figure("storm above the bound, lost or answered by anything but 200 and 429", unit="calls",
        must="<= 0.001", issue=3)  # fmt: skip
def flood() -> Measured:
    """Of calls by ninety-six clients at once; against the number of calls."""
    wrong = sum(n for status, n in _flooded().answers.items() if status not in {200, 429})
    return Measured(wrong, FLOOD_CLIENTS * FLOOD_CALLS)


@figure("storm above the bound, memory of the web process", unit="MB", must="<= 1.5", issue=3)
def memory() -> Measured:
    """The most that it took, against what it took after the first calls."""
    return Measured(_flooded().most, _flooded().before)


@dataclass(frozen=True)
class Flooded:
    """How often each status was answered; megabytes of the web process before and at most."""

    answers: Counter[int]
    before: float
    most: float


@functools.cache
def _flooded() -> Flooded:
    """One run for both figures."""
    with _product() as (server, sender):
        _warm_up(server.port, sender)
        before = _megabytes(server.pid, "VmRSS")
        answers = _flood(server.port, sender)
        most = _megabytes(server.pid, "VmHWM")
        _all_stored(WARM_UP + FLOOD_CLIENTS * FLOOD_CALLS * FLOOD_SIZE)
    if not answers[429]:
        raise AssertionError("The bound was not reached: nothing was measured.")
    return Flooded(answers, before, most)


def _megabytes(pid: int, what: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{what}:")).split()[1]) / 1024


@contextmanager
def _product() -> Iterator[tuple[Server, Sender]]:
    from core.clock import database_now
    from monitoring.enums import SourceKind
    from monitoring.services.sources import create_source
    from tests.factories.accounts import BrandFactory

    now = database_now()
    brand = BrandFactory.create()
    made = create_source(brand, kind=SourceKind.WEBHOOK, name="Hook", config={}, by=None, now=now)
    with ExitStack() as stack:
        server = stack.enter_context(serving("crisisdesk.asgi:application"))
        stack.enter_context(running("manage.py", "engine"))
        stack.enter_context(running("-m", "celery", "-A", "crisisdesk", "worker", "-c", "1"))
        yield server, Sender(server.port, f"/hooks/{made.source.public_id}/", made.secret)


def _warm_up(port: int, sender: Sender) -> None:
    """One call after the other: the first ones load the models."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for call in sender.prepare(WARM_UP, 1):
        if _sent(line, sender.address, call)[0] != 200:
            raise AssertionError("A call at rest was not taken.")
    line.close()


def _paced(port: int, sender: Sender, *, rate: int, seconds: int) -> list[float]:
    """Send at an even rate whatever the answers take; return their delays, ascending."""
    calls = sender.prepare(rate * seconds, 1)
    due: queue.SimpleQueue[tuple[float, Call] | None] = queue.SimpleQueue()
    start = time.monotonic() + 0.5
    for number, call in enumerate(calls):
        due.put((start + number / rate, call))
    for _client in range(CLIENTS):
        due.put(None)
    delays: list[float] = []
    _crowd(CLIENTS, lambda: _send_when_due(port, sender.address, due, delays))
    if len(delays) != len(calls):
        raise AssertionError(f"{len(calls) - len(delays)} calls of {len(calls)} were not taken")
    return sorted(delays)


def _send_when_due(port: int, address: str, due: Any, delays: list[float]) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while (next_one := due.get()) is not None:
        at, call = next_one
        time.sleep(max(at - time.monotonic(), 0))
        if _sent(line, address, call)[0] == 200:
            delays.append(time.monotonic() - at)
    line.close()


def _flood(port: int, sender: Sender) -> Counter[int]:
    """Send as fast as can be, again what was told to come again; count the answers."""
    prepared = [sender.prepare(FLOOD_CALLS, FLOOD_SIZE) for _ in range(FLOOD_CLIENTS)]
    answered: Counter[int] = Counter()

    def insist() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for call in prepared.pop():
            while (told := _sent(line, sender.address, call))[0] == 429:
                answered[429] += 1
                time.sleep(float(told[1]))
            answered[told[0]] += 1
        line.close()

    _crowd(FLOOD_CLIENTS, insist)
    return answered


def _sent(line: http.client.HTTPConnection, address: str, call: Call) -> tuple[int, str]:
    """Return the status and what Retry-After says."""
    line.request("POST", address, *call)
    answer = line.getresponse()
    json.loads(answer.read())
    return answer.status, answer.headers.get("Retry-After", "")


def _crowd(size: int, work: Any) -> None:
    threads = [threading.Thread(target=work) for _ in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _all_stored(count: int) -> None:
    from monitoring.models import Mention

    stored = Mention.objects.count()
    if stored != count:
        raise AssertionError(f"{count} mentions were taken, {stored} are stored")
