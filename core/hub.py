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
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from . import live, live_sender, presence, standing
from .standing import Claim

logger = logging.getLogger(__name__)

# The longest line of frames that a socket may leave unread.
BUFFER = 64
# Between beats while Redis is away.
FALLBACK_SECONDS = 3.0
# An idle subscription is asked for a sign of life after this long, and given up after twice that.
SILENCE_SECONDS = 10.0
CONNECT_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0
# So many sockets are judged at a time, spread over the interval.
JUDGED_AT_ONCE = 50

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]


def message(**frame: Any) -> Message:
    return {"type": "websocket.send", "text": json.dumps(frame, separators=(",", ":"))}


class Rest:
    """Awaits what is left of an awaitable that was begun by hand."""

    def __init__(self, begun: Any, waits_for: Any) -> None:
        self._begun = begun
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        step = self._waits_for
        while True:
            try:
                try:
                    value = yield step
                except BaseException as error:
                    step = self._begun.throw(error)
                else:
                    step = self._begun.send(value)
            except StopIteration:
                return


class Outbox:
    """What one socket has yet to be sent, and what its person was let in for."""

    def __init__(self, send: Send, claim: Claim) -> None:
        self._send = send
        self.claim = claim
        self.joined: list[str] = []
        # Which pages it shows, and under which name (core.presence).
        self.rooms: list[str] = []
        self.name = uuid.uuid4().hex
        # The code to close the socket with, once the claim does not hold any more.
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting: deque[Message] = deque()
        self._begun: Rest | None = None
        self._gone = False
        # While set, the pump is at work, and everything goes by way of the buffer.
        self._pumping = asyncio.Event()

    def put(self, item: Message) -> None:
        """Send the frame now if the client takes it at once, as nearly all do; never wait.

        Waking a task for each socket would double the price of a frame.
        """
        if self._pumping.is_set():
            self._keep(item)
            return
        sending = self._send(item).__await__()
        try:
            waits_for = next(sending)
        except StopIteration:
            return
        except OSError:
            self._gone = True
        else:
            self._begun = Rest(sending, waits_for)
        self._pumping.set()

    def _keep(self, item: Message) -> None:
        if len(self._waiting) >= BUFFER:
            self._waiting.clear()
            self._waiting.append(message(part="resync"))
        self._waiting.append(item)

    async def pump(self) -> None:
        """Send what the client did not take at once; return when it is gone."""
        while True:
            await self._pumping.wait()
            if self._gone:
                return
            if self._begun is not None:
                await self._begun
                self._begun = None
            while self._waiting:
                await self._send(self._waiting.popleft())
            self._pumping.clear()

    def end(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)


class Hub:
    """The sockets of one event loop by the groups that they have joined."""

    def __init__(self) -> None:
        # In the order of joining: walking memory at random costs a fifth more per frame.
        self._groups: dict[str, dict[Outbox, None]] = {}
        self._outboxes: set[Outbox] = set()
        # Kept here: the loop itself holds tasks only weakly.
        self._tasks: list[asyncio.Task[None]] = []
        self._judging: set[asyncio.Task[None]] = set()
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
            asyncio.create_task(self._forever(self._judge_all)),
        ]
        try:
            await asyncio.wait_for(self._listening.wait(), CONNECT_SECONDS)
        except TimeoutError:
            logger.warning("Redis is away: live pages are carried by beats")

    def join(self, outbox: Outbox, groups: Iterable[str]) -> None:
        """Make `groups` the ones that the socket hears, instead of any before."""
        self._forget(outbox)
        outbox.joined = list(groups)
        for group in outbox.joined:
            self._groups.setdefault(group, {})[outbox] = None

    async def leave(self, outbox: Outbox) -> None:
        """Let a socket go; with the last one the subscription ends."""
        self._forget(outbox)
        self._outboxes.discard(outbox)
        if self._outboxes:
            return
        tasks, self._tasks = [*self._tasks, *self._judging], []
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
            doubted = asyncio.create_task(self._judge(list(outboxes)))
            self._judging.add(doubted)
            doubted.add_done_callback(self._judging.discard)

    def _forget(self, outbox: Outbox) -> None:
        for group in outbox.joined:
            del self._groups[group][outbox]
            if not self._groups[group]:
                del self._groups[group]
        outbox.joined = []

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

    async def _judge_all(self) -> None:
        """Ask for every socket, once in an interval, whether its person may still hear."""
        while True:
            outboxes = list(self._outboxes)
            starts = range(0, max(len(outboxes), 1), JUDGED_AT_ONCE)
            for start in starts:
                await asyncio.sleep(settings.LIVE_RECHECK_SECONDS / len(starts))
                await self._judge(outboxes[start : start + JUDGED_AT_ONCE])

    async def _judge(self, outboxes: Sequence[Outbox]) -> None:
        claims = [outbox.claim for outbox in outboxes]
        verdicts = await database_sync_to_async(standing.judge)(claims)
        for outbox, claim, code in zip(outboxes, claims, verdicts, strict=True):
            # A page that has asked for other groups meanwhile was judged when it did.
            if code and outbox.claim is claim:
                outbox.end(code)
        seen = [
            (room, outbox.claim.user_id, outbox.name)
            for outbox in outboxes
            for room in outbox.rooms
        ]
        if seen:
            await asyncio.to_thread(presence.stay, seen)

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
