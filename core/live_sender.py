"""The thread that sends a process's frames to Redis, at most twice a second per group.

The first frame of a group goes out at once; what follows within half a second is merged by part
and goes out together. Nobody waits for Redis but this thread. When Redis is away, frames are
dropped: the counter rows stand, and the hub finds out from them (core.hub).
"""

import atexit
import json
import logging
import os
import threading
import time
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

# Half of "at most two a second".
GATHER_SECONDS = 0.5
REDIS_SECONDS = 0.5
# How long Redis is left alone after it has failed.
PAUSE_SECONDS = 1.0
CLOSING_SECONDS = 1.0

Message = tuple[str, str]


def channel_prefix() -> str:
    """Named by our database: Redis tells its own databases apart for keys, not for channels."""
    return f"crisisdesk:{connection.settings_dict['NAME']}:live:"


def connect() -> redis.Redis:
    """A client that answers or fails within half a second, without trying again by itself."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


class Waiting:
    """What is to be told about one part: its latest data and every number that it stands for."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.numbers: list[int] = []

    def add(self, data: dict[str, Any], number: int) -> None:
        # A frame with an older number may come later, from another thread: its data is older too.
        newest = not self.numbers or not number or number > max(self.numbers)
        self.data = {**self.data, **data} if newest else {**data, **self.data}
        if number:
            self.numbers.append(number)

    def encode(self, group: str, part: str) -> str:
        """`{"g", "n", "part", "data"}`; `also` lists further numbers that this frame stands for."""
        frame: dict[str, Any] = {"g": group, "n": None, "part": part, "data": self.data}
        if self.numbers:
            *others, frame["n"] = sorted(self.numbers)
            if others:
                frame["also"] = others
        return json.dumps(frame, separators=(",", ":"))


class Sender:
    """Gathers and sends. One per process, its thread started by the first frame."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: dict[str, dict[str, Waiting]] = {}
        # When each group that was told of lately may be told again, by the monotonic clock.
        self._not_before: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._prefix = ""
        self._sending = False
        self._hurry = False
        self._client: redis.Redis | None = None
        self._leave_alone_until = 0.0

    def put(self, group: str, part: str, data: dict[str, Any], number: int) -> None:
        with self._condition:
            # Read here: the connection belongs to the thread that made the change.
            self._prefix = channel_prefix()
            self._waiting.setdefault(group, {}).setdefault(part, Waiting()).add(data, number)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live-sender", daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def flush(self, seconds: float) -> bool:
        """Send what waits without gathering further; False if it took longer than `seconds`."""
        with self._condition:
            self._hurry = True
            self._condition.notify_all()
            done = self._condition.wait_for(
                lambda: not self._waiting and not self._sending, timeout=seconds
            )
            self._hurry = False
        return done

    def _run(self) -> None:
        while True:
            with self._condition:
                messages = self._take_due(time.monotonic())
                while not messages:
                    self._condition.wait(self._next_due(time.monotonic()))
                    messages = self._take_due(time.monotonic())
                self._sending = True
            try:
                self._send(messages)
            except Exception:
                logger.exception("Live frames were not sent")
            with self._condition:
                self._sending = False
                self._condition.notify_all()

    def _take_due(self, now: float) -> list[Message]:
        self._not_before = {group: at for group, at in self._not_before.items() if at > now}
        due = [group for group in self._waiting if self._hurry or group not in self._not_before]
        messages = []
        for group in due:
            self._not_before[group] = now + GATHER_SECONDS
            for part, waiting in self._waiting.pop(group).items():
                messages.append((self._prefix + group, waiting.encode(group, part)))
        return messages

    def _next_due(self, now: float) -> float | None:
        """Seconds until the first group that waits may be told again; None while none waits."""
        moments = [self._not_before.get(group, now) for group in self._waiting]
        return max(min(moments) - now, 0.0) if moments else None

    def _send(self, messages: list[Message]) -> None:
        if time.monotonic() < self._leave_alone_until:
            return
        try:
            if self._client is None:
                self._client = connect()
            pipeline = self._client.pipeline(transaction=False)
            for channel, text in messages:
                pipeline.publish(channel, text)
            pipeline.execute()
        except (redis.RedisError, OSError) as error:
            self._leave_alone_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("Redis does not take live frames, pages fall back to beats: %s", error)


_sender = Sender()


def send(group: str, part: str, data: dict[str, Any], number: int) -> None:
    """Hand a frame to the thread; returns at once. `number` 0 is for frames without one."""
    _sender.put(group, part, data, number)


def flush(seconds: float = CLOSING_SECONDS) -> bool:
    """Send what waits now, as at the end of the process. False if it took longer."""
    return _sender.flush(seconds)


def _start_afresh() -> None:
    # A forked child has the parent's data but not its thread, nor a socket of its own.
    global _sender  # noqa: PLW0603
    _sender = Sender()


os.register_at_fork(after_in_child=_start_afresh)
atexit.register(flush)
