"""What stands between Redis and a process's sockets: heard once, encoded once, handed to many.

A consumer per socket on a channel layer costs fifteen times as much. Each socket has a short
buffer of its own; one that does not drain it loses it and is told to fetch everything afresh
(`resync`), and nobody waits for it.

Every few seconds a beat tells each group's committed number. It proves that the connection lives,
and shows a page that it missed a frame. While Redis is away the beats come quickly and carry the
pages alone.
"""

import asyncio
import json
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from . import live, live_sender

logger = logging.getLogger(__name__)

# The longest line of frames that a socket may leave unread.
BUFFER = 64
# Between beats while Redis is away.
FALLBACK_SECONDS = 3.0
# An idle subscription is asked for a sign of life after this long, and given up after twice that.
SILENCE_SECONDS = 10.0
CONNECT_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]


def message(**frame: Any) -> Message:
    return {"type": "websocket.send", "text": json.dumps(frame, separators=(",", ":"))}


class Outbox:
    """What one socket has yet to be sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: deque[Message] = deque()
        self._wake = asyncio.Event()
        # Set when what its person may see has changed.
        self.doubt = asyncio.Event()

    def put(self, item: Message) -> None:
        if len(self._waiting) >= BUFFER:
            self._waiting.clear()
            self._waiting.append(message(part="resync"))
        self._waiting.append(item)
        self._wake.set()

    async def pump(self) -> None:
        """Send whatever arrives until the client is gone. Only this task waits for a slow one."""
        while True:
            self._wake.clear()
            while self._waiting:
                await self._send(self._waiting.popleft())
            await self._wake.wait()


class Hub:
    """The sockets of one event loop by the groups that they have joined."""

    def __init__(self) -> None:
        self._groups: dict[str, set[Outbox]] = {}
        self._outboxes: set[Outbox] = set()
        # Kept here: the loop itself holds tasks only weakly.
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = asyncio.Event()
        self._beat_now = asyncio.Event()
        self._prefix = live_sender.channel_prefix()

    async def enter(self, outbox: Outbox) -> None:
        """Take a socket in; the first one starts the subscription and waits for it, a while."""
        self._outboxes.add(outbox)
        if self._tasks:
            return
        self._tasks = [
            asyncio.create_task(self._forever(self._listen)),
            asyncio.create_task(self._forever(self._beat)),
        ]
        try:
            await asyncio.wait_for(self._listening.wait(), CONNECT_SECONDS)
        except TimeoutError:
            logger.warning("Redis is away: live pages are carried by beats")

    def join(self, outbox: Outbox, groups: Iterable[str]) -> None:
        """Make `groups` the ones that the socket hears, instead of any before."""
        self._forget(outbox)
        for group in groups:
            self._groups.setdefault(group, set()).add(outbox)

    async def leave(self, outbox: Outbox) -> None:
        """Let a socket go; with the last one the subscription ends."""
        self._forget(outbox)
        self._outboxes.discard(outbox)
        if self._outboxes:
            return
        tasks, self._tasks = self._tasks, []
        self._listening.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def deliver(self, group: str, text: str) -> None:
        """Hand a frame to every socket in its group."""
        outboxes = self._groups.get(group)
        if not outboxes:
            return
        item: Message = {"type": "websocket.send", "text": text}
        for outbox in outboxes:
            outbox.put(item)
        if group.startswith("user.") and json.loads(text)["part"] == "membership":
            for outbox in outboxes:
                outbox.doubt.set()

    def _forget(self, outbox: Outbox) -> None:
        for group in [group for group, members in self._groups.items() if outbox in members]:
            self._groups[group].discard(outbox)
            if not self._groups[group]:
                del self._groups[group]

    async def _forever(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do `work`, and again when it fails, after a pause that grows with each failure."""
        pause = 0.1
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await work()
            except Exception as error:
                logger.warning("Live hub, %s: %r", work.__name__, error)
            self._listening_lost(work)
            if asyncio.get_running_loop().time() - started > LONGEST_PAUSE_SECONDS:
                pause = 0.1
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 (spreads the load)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _listening_lost(self, work: Callable[..., Any]) -> None:
        if work == self._listen and self._listening.is_set():
            self._listening.clear()
            self._beat_now.set()

    async def _listen(self) -> None:
        """Subscribe to this database's frames and hand them out until the connection breaks."""
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL,
            # redis-py 8 ends a quiet subscription after five seconds otherwise.
            socket_timeout=None,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        async with client, client.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.psubscribe(self._prefix + "*")
            self._listening.set()
            # Frames sent before this moment are gone; the beat shows who missed one.
            self._beat_now.set()
            await self._hear(subscription)

    async def _hear(self, subscription: Any) -> None:
        asked = False
        while True:
            heard = await subscription.get_message(timeout=SILENCE_SECONDS)
            if heard is None and asked:
                raise ConnectionError("Redis does not answer")
            asked = heard is None
            if asked:
                await subscription.ping()
            elif heard["type"] == "pmessage":
                group = heard["channel"].decode().removeprefix(self._prefix)
                self.deliver(group, heard["data"].decode())
                # A burst that has arrived already would be read without a pause, and fill the
                # buffers of sockets that never got their turn.
                await asyncio.sleep(0)

    async def _beat(self) -> None:
        while True:
            groups = list(self._groups)
            if groups:
                numbers = await database_sync_to_async(live.numbers)(groups)
                for group, number in numbers.items():
                    self.deliver(group, message(g=group, n=number, part="beat")["text"])
            await self._until_next_beat()

    async def _until_next_beat(self) -> None:
        usual = float(settings.LIVE_BEAT_SECONDS)
        pause = usual if self._listening.is_set() else min(FALLBACK_SECONDS, usual)
        try:
            await asyncio.wait_for(self._beat_now.wait(), pause)
        except TimeoutError:
            return
        self._beat_now.clear()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running event loop: in production there is one of each per process."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
