"""Announcements after commit: ids only, past tense. Losing one costs seconds, never a fact.

A lower room declares an event in its `events.py` as a module-level `Event`; a room above listens
with `@event.listener` in its `receivers.py`. A listener does nothing but send its own task or
frame; the fact itself is a row that a sweep finds (docs/architecture.md, section 4).
"""

import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction

logger = logging.getLogger(__name__)
REGISTRY: dict[str, "Event"] = {}


class Event:
    """A kind of announcement, named `room.past_tense`, with the names of the ids it carries."""

    def __init__(self, name: str, *fields: str) -> None:
        if name in REGISTRY:
            raise ValueError(f"The event {name} is declared twice.")
        self.name = name
        self.fields = fields
        self.listeners: list[Callable[..., None]] = []
        REGISTRY[name] = self

    def listener(self, function: Callable[..., None]) -> Callable[..., None]:
        """Register `function` to be called with the event's ids as keywords, after the commit."""
        self.listeners.append(function)
        return function

    def announce(self, **ids: Any) -> None:
        """Tell the listeners once the current transaction has committed; at once outside of one."""
        if set(ids) != set(self.fields):
            raise ValueError(f"{self.name} carries {self.fields}, not {tuple(ids)}.")

        def tell() -> None:
            for function in self.listeners:
                try:
                    function(**ids)
                except Exception:
                    # One failure must not keep the news from the other listeners: a sweep follows.
                    logger.exception("A listener of %s failed", self.name)

        transaction.on_commit(tell)
