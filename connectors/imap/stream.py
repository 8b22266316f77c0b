"""Waits for mails with IDLE, so that they are there within a second; polls where there is none."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import Batch
from connectors.network import Wanted
from core.words import Words

from .line import Client, Mailbox, opened
from .reader import ImapReader

# Seconds between two looks at `stop`; after which we give a sign of life; for which one IDLE
# lasts (servers end it after thirty minutes, some boxes in between much earlier); and between
# polls of a server without it.
LOOK = 1.0
BEAT = 15.0
IDLE = 240.0
POLL = 30.0
_NO_IDLE = Words(_("This server does not tell of new mails (IDLE), so it is polled."))


class ImapStreamer:
    """Reads over one line for as long as it holds. Reading alone moves the cursor."""

    def __init__(self, mailbox: Mailbox, wanted: Wanted) -> None:
        self._mailbox = mailbox
        self._reader = ImapReader(mailbox, wanted)

    def stream(self, cursor: dict[str, Any], *, stop: Callable[[], bool]) -> Iterator[Batch]:
        with opened(self._mailbox) as client:
            idles = client.has_capability("IDLE")
            said = [] if idles else [_NO_IDLE.stored()]
            wait = self._idle if idles else self._rest
            while not stop():
                batch = self._reader.read(client, cursor, now=datetime.now(UTC))
                batch.refused.extend(said)
                cursor, said = batch.cursor, []
                yield batch
                if not batch.more:
                    for _beat in wait(client, stop):
                        yield Batch([], cursor)

    def _idle(self, client: Client, stop: Callable[[], bool]) -> Iterator[None]:
        """Wait until the server has something to tell; what it is, reading finds out."""
        client.idle()
        for _beat in _beats(client.wait, stop, IDLE):
            yield
        client.idle_done()

    def _rest(self, client: Client, stop: Callable[[], bool]) -> Iterator[None]:
        yield from _beats(_sleep, stop, POLL)
        client.noop()


def _beats(
    wait: Callable[[float], bool], stop: Callable[[], bool], seconds: float
) -> Iterator[None]:
    """Wait until `wait` is true or the time is over, with a sign of life now and then."""
    ends = time.monotonic() + seconds
    beat = time.monotonic() + BEAT
    while time.monotonic() < ends and not stop() and not wait(LOOK):
        if time.monotonic() >= beat:
            beat = time.monotonic() + BEAT
            yield


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
