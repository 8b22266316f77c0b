"""The socket behind every live page, `/ws/live/`.

The page says `{"join": ["incident.42"], "since": "<when it was rendered>", "present": [...]}` and
may say so again; the answer is `{"part": "hello", "numbers": {group: number}, "refused": [...],
"stale": bool, "now": moment}`, where stale means that a group has changed since the page was
rendered. Then frames follow (core.live_sender), beats, and `{"part": "resync"}` (core.hub).
Close codes: 4401 not signed in any more, 4403 a group is no longer allowed, 4400 not understood,
4429 too many messages, 1009 too large.
"""

import asyncio
import contextlib
import json
import logging
from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.dateparse import parse_datetime

from . import hub, live, presence
from .standing import SIGNED_OUT, Claim

logger = logging.getLogger(__name__)

# The overview joins every brand of its reader.
MAX_GROUPS = 500
MAX_BYTES = 64 * 1024
# A page says one sentence when it opens and one when its groups change.
MAX_SENTENCES = 20
SENTENCES_SECONDS = 10.0
CLOSING_SECONDS = 5.0
# A change is stamped before its commit, by another clock than the page.
MARGIN = timedelta(seconds=2)

NOT_UNDERSTOOD, TOO_MANY, TOO_LARGE = 4400, 4429, 1009


class BadSentence(ValueError):
    """What the page said is not in the form above."""


def person(cookies: dict[str, str]) -> AbstractBaseUser | None:
    """Return who is signed in by the session cookie at this moment, read afresh."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    session = store(cookies.get(settings.SESSION_COOKIE_NAME))
    user: Any = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]
    return user if user.is_authenticated else None


async def live_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI application: one page's socket from connect to close."""
    await Visit(scope, receive, send).run()


async def nowhere(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuse the handshake at any other path; the router alone would answer with a crash."""
    await receive()
    await send({"type": "websocket.close"})


class Visit:
    """One page's connection. Whichever of reading, writing and watching ends first ends it."""

    def __init__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self._cookies: dict[str, str] = scope["cookies"]
        self._receive = receive
        self._send = send
        self._said: list[float] = []
        self._hub = hub.current()
        key = self._cookies.get(settings.SESSION_COOKIE_NAME, "")
        self._outbox = hub.Outbox(send, Claim(key, 0))

    async def run(self) -> None:
        await self._receive()
        await self._send({"type": "websocket.accept"})
        user = await database_sync_to_async(person)(self._cookies)
        if user is None:
            # Accepted first: a browser does not tell the page why a handshake was refused.
            await self._close(SIGNED_OUT)
            return
        self._claim(user.pk, [])
        try:
            await self._hub.enter(self._outbox)
            code = await self._first_of(self._read(), self._pump(), self._end())
        finally:
            await self._hub.leave(self._outbox)
            await self._show([])
        if code:
            await self._close(code)

    async def _first_of(self, *works: Any) -> int:
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            codes: list[int] = [task.result() for task in done]
            return max(codes)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self, code: int) -> None:
        try:
            # A client that stopped reading may never let this out.
            await asyncio.wait_for(
                self._send({"type": "websocket.close", "code": code}), CLOSING_SECONDS
            )
        except (TimeoutError, OSError):
            logger.info("A live socket did not take its closing")

    async def _pump(self) -> int:
        # An OSError is a client that went away while it was written to.
        with contextlib.suppress(OSError):
            await self._outbox.pump()
        return 0

    async def _end(self) -> int:
        return await self._outbox.ended

    def _claim(self, user_id: int, groups: list[str]) -> None:
        self._outbox.claim = Claim(self._outbox.claim.session, user_id, tuple(groups))

    async def _read(self) -> int:
        """Follow what the page says until it goes; return the code to close with, 0 for none."""
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                return 0
            text = event.get("text") or ""
            if len(text) > MAX_BYTES:
                return TOO_LARGE
            if self._too_many():
                return TOO_MANY
            try:
                await self._hear(_sentence(text))
            except BadSentence:
                return NOT_UNDERSTOOD

    def _too_many(self) -> bool:
        now = asyncio.get_running_loop().time()
        self._said = [at for at in self._said if at > now - SENTENCES_SECONDS]
        self._said.append(now)
        return len(self._said) > MAX_SENTENCES

    async def _hear(self, sentence: dict[str, Any]) -> None:
        wanted, since = _groups(sentence, "join"), _moment(sentence)
        rooms = _groups(sentence, "present")
        user_id = self._outbox.claim.user_id
        allowed = await database_sync_to_async(_permitted)(self._cookies, user_id, wanted)
        self._claim(user_id, allowed)
        joined = list(dict.fromkeys([*allowed, f"user.{user_id}"]))
        # Joined before the numbers are read: a frame in between is then heard twice, not never.
        self._hub.join(self._outbox, joined)
        numbers = await database_sync_to_async(live.numbers)(joined)
        stale = since is not None and await database_sync_to_async(live.changed_since)(
            joined, since - MARGIN
        )
        self._outbox.put(
            hub.message(
                part="hello",
                numbers=numbers,
                refused=[group for group in wanted if group not in joined],
                stale=stale,
                now=datetime.now(UTC).isoformat(),
            )
        )
        await self._show([room for room in rooms if room in allowed])

    async def _show(self, rooms: list[str]) -> None:
        """Be seen in `rooms`, and no longer in any other."""
        seen = (self._outbox.claim.user_id, self._outbox.name)
        for room in set(self._outbox.rooms) - set(rooms):
            await asyncio.to_thread(presence.leave, room, *seen)
        for room in set(rooms) - set(self._outbox.rooms):
            await asyncio.to_thread(presence.enter, room, *seen)
        self._outbox.rooms = rooms


def _permitted(cookies: dict[str, str], user_id: int, groups: list[str]) -> list[str]:
    """Return which of `groups` the person may hear now; none if the session is another's by now."""
    user = person(cookies)
    if user is None or user.pk != user_id:
        return []
    return [group for group in groups if live.may_join(user, group)]


def _sentence(text: str) -> dict[str, Any]:
    try:
        sentence = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSentence from error
    if not isinstance(sentence, dict):
        raise BadSentence
    return sentence


def _groups(sentence: dict[str, Any], name: str) -> list[str]:
    """Read a list of at most MAX_GROUPS groups; each once, in their order."""
    groups = sentence.get(name, [])
    if not isinstance(groups, list) or len(groups) > MAX_GROUPS:
        raise BadSentence
    if not all(isinstance(group, str) and live.GROUP.fullmatch(group) for group in groups):
        raise BadSentence
    return list(dict.fromkeys(groups))


def _moment(sentence: dict[str, Any]) -> datetime | None:
    since = sentence.get("since")
    try:
        moment = parse_datetime(since) if isinstance(since, str) else None
    except ValueError as error:
        raise BadSentence from error
    if moment is None or moment.tzinfo is None:
        return None
    return moment
