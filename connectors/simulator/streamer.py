"""Follows a simulated world as it happens."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from connectors.base import Batch
from core.clock import database_now

from .reader import SimulatorReader

# Seconds between looks, and after which an empty batch says that the line stands.
LOOK, BEAT = 0.2, 10.0
PAGE = 100


class SimulatorStreamer:
    """A reader that is asked all the time. It stands for a network's stream in drills and tests."""

    def __init__(self, reader: SimulatorReader) -> None:
        self._reader = reader

    def stream(self, cursor: dict[str, Any], *, stop: Callable[[], bool]) -> Iterator[Batch]:
        beat_at = 0.0
        while not stop():
            batch = self._reader.fetch(cursor, now=database_now(), limit=PAGE)
            if batch.cursor != cursor or time.monotonic() >= beat_at:
                beat_at = time.monotonic() + BEAT
                yield batch
            cursor = batch.cursor
            if not batch.more:
                time.sleep(LOOK)
