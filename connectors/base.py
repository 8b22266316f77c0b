"""What a network is to the rest of the product: readers, publishers and their errors.

Connectors are pure input and output: no ORM (the simulator, which *is* rows, excepted), no Celery,
no clock of their own. Credentials and settings are handed in.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Post:
    """One item as a network gave it, before anything is known about it.

    `external_id` identifies it within its source for ever. `published_at` is aware or None where
    the network does not say; `reach` is the author's followers or the outlet's readers.
    """

    external_id: str
    text: str
    author: str = ""
    url: str = ""
    published_at: datetime | None = None
    lang: str = ""
    reach: int = 0
    # The network it appeared on, where the source carries several ("x", "news", …).
    network: str = ""
    title: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one fetch brought. The cursor is opaque and is stored together with the posts."""

    posts: list[Post]
    cursor: dict[str, Any]
    # Ask again at once: there is more.
    more: bool = False
    # Seconds the network asks us to stay away (Retry-After); None for the usual interval.
    wait: float | None = None
    # What was left out and why, in words for the source's health page.
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be published: exactly these bytes."""

    text: str
    idempotency_key: str
    # The external id of the post that this answers, or "".
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a publication: the network's id and where people can see it."""

    external_id: str
    url: str = ""


class Reader(Protocol):
    """Fetches what is new since a cursor. Raises ReadError, nothing else."""

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch: ...


class Publisher(Protocol):
    """Publishes and finds again. Raises PublishError, nothing else.

    `find` returns the receipt of an earlier publication with this key, or None if the network
    surely does not have it; it raises PublishError(uncertain) where it cannot tell.
    """

    max_length: int

    def publish(self, message: Message) -> Receipt: ...

    def find(self, idempotency_key: str) -> Receipt | None: ...


class ReadError(Exception):
    """A fetch failed. `str(error)` says what to do; `retry_after` in seconds where known."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PublishError(Exception):
    """Base of the three ways in which publishing fails. The text is for the person who waits."""


class PermanentError(PublishError):
    """Refused: repeating it will not help. Shown, with what to do."""


class TemporaryError(PublishError):
    """Surely not published, and may work later: retried by the machine."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UncertainError(PublishError):
    """It may or may not be out. Never repeated by a machine: looked for, then a person decides."""
