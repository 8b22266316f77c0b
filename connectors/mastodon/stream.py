"""Follows a server's streams (server-sent events), and reads what no stream brought.

Only reading moves the cursor, never a stream: events may come in any order or not at all. What a
stream has brought is read once more a little later, and ingest knows it; so nothing is missed
over a broken line, a killed process or an event that the server dropped.
"""

import contextlib
import http.client
import json
import queue
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.utils.translation import gettext_noop as _

from connectors.base import Batch, Post, ReadError, Unauthorized
from connectors.network import Wanted
from core import gate
from core.words import Words

from .client import Client, text
from .posts import post_of
from .reader import MastodonReader, Part, parts_of

# Seconds until a line must stand, and after which a silent one is dead: servers send a sign of
# life every fifteen.
OPEN = 20.0
SILENCE = 60.0
# Seconds between readings of everything: with streams, and of what has none.
CATCH_UP = 120.0
POLL = 30.0
# Seconds after which we give a sign of life ourselves.
BEAT = 10.0
# Events waiting to be taken in, and together in one batch; longest line of an event in bytes.
WAITING = 500
TOGETHER = 200
MAX_LINE = 1024 * 1024
# Streams of one source at once; hashtags beyond are polled.
MAX_STREAMS = 8

Event = tuple[str, str]
# An edit, as Mastodon names it, and as some others do.
_EDITS = {"status.update", "status_update"}


def path_of(part: Part) -> str:
    """Return where the events of a part come from, "" where there is no stream for it."""
    if part.kind == "mentions":
        return "/api/v1/streaming/user"
    if part.kind == "hashtag":
        return "/api/v1/streaming/hashtag?" + urlencode({"tag": part.name.lstrip("#")})
    if part.kind == "public":
        return "/api/v1/streaming/public" + ("/local" if part.query else "")
    return ""


def has_stream(wanted: Wanted) -> bool:
    """Whether any of what a source reads comes over a stream; searches do not."""
    try:
        return any(path_of(part) for part in parts_of(wanted))
    except ReadError:
        return False


class MastodonStreamer:
    """Brings mentions, hashtags and the public timeline as they happen; polls searches."""

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._client = client
        self._reader = MastodonReader(client, wanted)
        self._parts = [part for part in parts_of(wanted) if path_of(part)][:MAX_STREAMS]
        self._all_stream = len(self._parts) == len(parts_of(wanted))

    def stream(self, cursor: dict[str, Any], *, stop: Callable[[], bool]) -> Iterator[Batch]:
        """See Streamer. The lines stand before the first reading: between them is no gap."""
        events: queue.Queue[tuple[Part, Event]] = queue.Queue(WAITING)
        base = self._client.limits.streams or self._client.server
        lines = [Line(part, base, self._client.token, events) for part in self._parts]
        try:
            unheard = [_unheard(line.part) for line in lines if not line.stands()]
            every = CATCH_UP if self._all_stream and not unheard else POLL
            yield from self._follow(cursor, lines, events, stop=stop, every=every, said=unheard)
        finally:
            for line in lines:
                line.close()

    def _follow(
        self,
        cursor: dict[str, Any],
        lines: list["Line"],
        events: "queue.Queue[tuple[Part, Event]]",
        *,
        stop: Callable[[], bool],
        every: float,
        said: list[str],
    ) -> Iterator[Batch]:
        read_at = beat_at = time.monotonic()
        while not stop():
            if time.monotonic() >= read_at:
                batch = self._reader.fetch(cursor, now=datetime.now(UTC))
                batch.refused.extend(said)
                cursor = batch.cursor
                read_at = time.monotonic() + (0 if batch.more else max(every, batch.wait or 0))
                said = []
                yield batch
                beat_at = time.monotonic() + BEAT
            batch = _gathered(_drain(events), cursor)
            if batch.posts or batch.gone or time.monotonic() >= beat_at:
                yield batch
                beat_at = time.monotonic() + BEAT
            for line in lines:
                line.check()


@dataclass(slots=True)
class _Taken:
    posts: dict[str, Post] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)


def _drain(events: "queue.Queue[tuple[Part, Event]]") -> list[tuple[Part, Event]]:
    """Wait a moment for the first event, and for none after it."""
    found = []
    with contextlib.suppress(queue.Empty):
        found.append(events.get(timeout=0.5))
        while len(found) < TOGETHER:
            found.append(events.get_nowait())
    return found


def _gathered(events: list[tuple[Part, Event]], cursor: dict[str, Any]) -> Batch:
    taken = _Taken()
    for part, event in events:
        _take(part, event, cursor.get("me", ""), taken)
    return Batch(list(taken.posts.values()), cursor, gone=taken.gone)


def _take(part: Part, event: Event, me: str, taken: _Taken) -> None:
    name, data = event
    if name == "delete":
        external_id = data.strip()[:200]
        taken.posts.pop(external_id, None)
        taken.gone.append(external_id)
        return
    post = post_of(_status(part, name, data, me), me=me)
    if post is not None:
        taken.posts[post.external_id] = post


def _status(part: Part, name: str, data: str, me: str) -> Any:
    """Return the status that an event brings, None where it concerns something else."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    if part.kind != "mentions":
        return told if name in {"update", *_EDITS} else None
    if name == "notification":
        return told.get("status") if told.get("type") in {"mention", "quote"} else None
    # The line of our own account also carries whom it follows: only what names us is ours.
    return told if name in _EDITS and _names(told, me) else None


def _names(status: dict[str, Any], me: str) -> bool:
    mentions = status.get("mentions")
    named = mentions if isinstance(mentions, list) else []
    return any(isinstance(each, dict) and text(each.get("id")) == me for each in named)


def _unheard(part: Part) -> str:
    words = Words(_("%(name)s: no stream here, so it is polled."), {"name": part.name})
    return words.stored()


class Line:
    """One stream, read by a thread of its own into a queue that holds it back when it is full."""

    def __init__(
        self, part: Part, base: str, token: str, events: "queue.Queue[tuple[Part, Event]]"
    ) -> None:
        self.part = part
        self._address = urlsplit(base + path_of(part))
        self._token = token
        self._events = events
        self._sock: socket.socket | None = None
        self._closed = False
        # Whether the server streams at all; and what ended the line.
        self._opened: Future[bool] = Future()
        self._ended: ReadError | None = None
        Thread(target=self._run, name=f"mastodon-{part.kind}", daemon=True).start()

    def stands(self) -> bool:
        """Wait until it is clear whether this server streams. Raises ReadError."""
        try:
            return self._opened.result(timeout=OPEN)
        except TimeoutError:
            raise ReadError(_("The server's stream did not answer in time.")) from None

    def check(self) -> None:
        """Raise what ended the line, if anything did and all that it brought is taken in."""
        if self._ended is not None and self._events.empty():
            raise self._ended

    def close(self) -> None:
        """Wake the thread, which then hangs up. TLS itself is left alone: it is being read."""
        self._closed = True
        if self._sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            error = self._listen()
        except ReadError as refused:
            error = refused
        except (OSError, ValueError, http.client.HTTPException, gate.HttpError) as failed:
            why = str(failed) or type(failed).__name__
            error = ReadError(_("The server's stream broke off: %(error)s"), error=why)
        self._ended = error
        if not self._opened.done():
            self._opened.set_exception(error or ReadError(""))

    def _listen(self) -> ReadError | None:
        """Hear the stream to its end; None where the server has none."""
        with contextlib.ExitStack() as ends:
            answer = self._open(ends)
            self._opened.set_result(answer is not None)
            if answer is None:
                return None
            for event in events_of(answer):
                self._put(event)
        return ReadError(_("The server ended its stream."))

    def _open(self, ends: contextlib.ExitStack) -> http.client.HTTPResponse | None:
        """Return the open stream; None where the server says that it has none."""
        secure = self._address.scheme == "https"
        host, port = self._address.hostname or "", self._address.port or (443 if secure else 80)
        connection = http.client.HTTPConnection(host, port)
        connection.default_port = 443 if secure else 80
        self._sock = connection.sock = gate.connect(host, port, tls=secure, timeout=OPEN)
        ends.enter_context(self._sock)
        if self._closed:
            raise OSError("closed meanwhile")
        path = f"{self._address.path}?{self._address.query}".rstrip("?")
        connection.request(
            "GET",
            path,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "text/event-stream",
                "Accept-Encoding": "identity",
            },
        )
        answer = ends.enter_context(connection.getresponse())
        if answer.status == 401:
            raise Unauthorized(_("The server's stream refuses the access token. Enter a new one."))
        if answer.status >= 500 or answer.status == 429:
            raise ReadError(
                _("The server's stream answered with status %(status)d."), status=answer.status
            )
        streams = answer.headers.get("Content-Type", "").startswith("text/event-stream")
        if answer.status != 200 or not streams:
            return None
        self._sock.settimeout(SILENCE)
        return answer

    def _put(self, event: Event) -> None:
        while not self._closed:
            with contextlib.suppress(queue.Full):
                self._events.put((self.part, event), timeout=1)
                return


def events_of(answer: Any) -> Iterator[Event]:
    """Yield (name, data) of server-sent events until the line ends; ValueError for endless lines.

    `answer` gives lines as http.client does: an empty one at the end of it.
    """
    name, data, size = "", [], 0
    while line := answer.readline(MAX_LINE + 1):
        size += len(line)
        if size > MAX_LINE:
            raise ValueError("an event without end")
        field_name, _colon, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
        if field_name == "event":
            name = value.strip()
        elif field_name == "data":
            data.append(value.removeprefix(" "))
        elif not field_name and not _colon:
            if name:
                yield name, "\n".join(data)
            name, data, size = "", [], 0
        elif not field_name:  # a comment: a sign of life
            size -= len(line)
