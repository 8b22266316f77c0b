"""What a channel out of the app is given, and how it says that it failed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """One notice for one person, in their language. `reference` is the same on each attempt."""

    reference: str
    recipient: str
    subject: str
    text: str
    url: str


class Undeliverable(Exception):
    """Trying again cannot help: the address is refused. The text says why, for the reader."""


class TryLater(Exception):
    """The server is away, slow or busy."""
