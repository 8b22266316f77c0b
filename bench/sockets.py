"""A room of a thousand: what one frame costs on its way to one socket.

The limit is a bare ASGI application on the same server that sends the same text to every socket in
a loop. The clients live in a process of their own; each checks that it hears every frame, in order.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import psutil

from .figures import Measured, figure
from .serving import ROOT, Server, serving

SOCKETS = 1000
FRAMES = 60
EVERY = 0.1
# So many handshakes at a time: the clients come one after the other in life too.
AT_ONCE = 20
GROUP = "brand.1"
MICROSECOND = 1e-6
Teller = Callable[[int], AbstractContextManager[Callable[[str], Any]]]


@figure("1,000 sockets in one room, 10 frames a second", unit="µs/frame", must="<= 1.5", issue=2)
def sockets() -> Measured:
    """Processor time of the web process per delivered frame; a lost frame fails the figure."""
    ours = _delivered("crisisdesk.asgi:application", _sessions(), _redis)
    limit = _delivered("bench.sockets:bare", [""] * SOCKETS, _conductor)
    return Measured(ours / MICROSECOND, limit / MICROSECOND)


# ---- the limit ----


_lines: list[Any] = []


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Send what comes in at /conductor to everybody else."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] != "/conductor":
        _lines.append(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        _lines.remove(send)
        return
    while (event := await receive())["type"] != "websocket.disconnect":
        message = {"type": "websocket.send", "text": event["text"]}
        for line in _lines:
            await line(message)


# ---- measuring one of them ----


def _delivered(application: str, sessions: list[str], teller: Teller) -> float:
    """Return the seconds of processor time per frame and socket."""
    with serving(application) as server, _listening(server, sessions) as clients:
        process = psutil.Process(server.pid)
        _wait_for(clients, "ready")
        before = process.cpu_times()
        with teller(server.port) as tell:
            _tell_all(tell)
        _wait_for(clients, "heard all")
        after = process.cpu_times()
    used: float = after.user + after.system - before.user - before.system
    return used / (FRAMES * SOCKETS)


def _frame(number: int) -> str:
    data = {"entry": 100_000 + number, "reference": "CD-2026-014", "ids": list(range(40))}
    return json.dumps({"g": GROUP, "n": number, "part": "timeline", "data": data})


def _tell_all(tell: Callable[[str], Any]) -> None:
    start = time.monotonic()
    for number in range(1, FRAMES + 1):
        time.sleep(max(0.0, start + number * EVERY - time.monotonic()))
        tell(_frame(number))


@contextmanager
def _redis(port: int) -> Iterator[Callable[[str], Any]]:
    """Past core.live, which would gather ten frames a second to two."""
    from core import live_sender

    with live_sender.connect() as redis:
        yield lambda text: redis.publish(live_sender.channel_prefix() + GROUP, text)


@contextmanager
def _conductor(port: int) -> Iterator[Callable[[str], Any]]:
    from websockets.sync.client import connect

    with connect(f"ws://127.0.0.1:{port}/conductor") as line:
        yield line.send


def _sessions() -> list[str]:
    """Sign in as many people as there are sockets, members of one brand; return their keys."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from accounts.models import Brand, Membership, User

    brand = Brand.objects.create(pk=1, name="Bench", slug="bench")
    people = User.objects.bulk_create(
        User(email=f"{number}@example.org", name=f"Person {number}", password=f"!{number}")
        for number in range(SOCKETS)
    )
    Membership.objects.bulk_create(
        Membership(user=user, brand=brand, role="LEAD") for user in people
    )
    store = SessionStore()
    backend = "django.contrib.auth.backends.ModelBackend"
    sessions = [
        Session(
            session_key=f"bench{user.pk:027d}",
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: backend,
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
            expire_date=timezone.now() + timedelta(days=1),
        )
        for user in people
    ]
    Session.objects.bulk_create(sessions)
    return [session.session_key for session in sessions]


# ---- the clients, in a process of their own ----


@contextmanager
def _listening(server: Server, sessions: list[str]) -> Iterator[subprocess.Popen[str]]:
    clients = subprocess.Popen(
        [sys.executable, "-m", "bench.sockets", str(server.port)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert clients.stdin
    clients.stdin.write(json.dumps(sessions) + "\n")
    clients.stdin.flush()
    try:
        yield clients
    finally:
        clients.kill()
        clients.wait()


def _wait_for(clients: subprocess.Popen[str], word: str) -> None:
    assert clients.stdout
    said = clients.stdout.readline().strip()
    if said != word:
        raise RuntimeError(f"the clients said {said!r} instead of {word!r}")


async def _clients(port: int, sessions: list[str]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    ready = [asyncio.Event() for _ in sessions]
    lines = [
        asyncio.create_task(_client(port, session, gate, event))
        for session, event in zip(sessions, ready, strict=True)
    ]
    entered = asyncio.create_task(_all(ready))
    # A client that fails ends its task: then nobody waits for it to get ready.
    tasks: list[asyncio.Task[Any]] = [entered, *lines]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for line in lines:
        if line.done():
            line.result()
    # What the handshakes left to do is none of the frames' cost.
    await asyncio.sleep(1)
    print("ready", flush=True)
    done = await asyncio.wait_for(asyncio.gather(*lines), FRAMES * EVERY + 30)
    print("heard all" if all(done) else f"{done.count(False)} clients missed frames", flush=True)


async def _all(events: list[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


async def _client(port: int, session: str, gate: asyncio.Semaphore, ready: asyncio.Event) -> bool:
    from websockets.asyncio.client import connect

    address = f"ws://127.0.0.1:{port}/ws/live/"
    headers = {"Cookie": f"sessionid={session}"}
    async with gate:
        line = await connect(
            address,
            origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
            additional_headers=headers,
            compression=None,
            ping_interval=None,
        )
        await line.send(json.dumps({"join": [GROUP]}))
        if session:
            await _welcome(line)
    ready.set()
    heard: list[int] = []
    while not heard or heard[-1] < FRAMES:
        frame = json.loads(await line.recv())
        if frame["part"] == "timeline":
            heard.append(frame["n"])
        elif frame["part"] == "resync":
            return False
    return heard == list(range(1, FRAMES + 1))


async def _welcome(line: Any) -> None:
    """Wait for the hello; a beat may come before it."""
    while (frame := json.loads(await line.recv()))["part"] != "hello":
        pass
    assert frame["refused"] == []


if __name__ == "__main__":
    asyncio.run(_clients(int(sys.argv[1]), json.loads(sys.stdin.readline())))
