"""What a way out of the app is given, and how it says that it failed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Letter:
    """One message for one person or channel, in their language.

    `reference` is the same on each attempt. `answers` are what can be done without signing in:
    (words, address). `brief` is for a lock screen: nothing in it tells what it is about.
    """

    reference: str
    recipient: str
    subject: str
    text: str
    url: str
    answers: tuple[tuple[str, str], ...] = ()
    brief: str = ""
    urgent: bool = False
    language: str = "en"
    # After which a push service need not deliver it any more.
    until: datetime | None = None
    # Further headers of a mail: how to leave a list.
    headers: tuple[tuple[str, str], ...] = ()


class Failed(Exception):
    """Why it could not be sent, for the reader. `place` is the "host:port" that was called."""

    def __init__(self, words: str, *, place: str = "") -> None:
        super().__init__(words)
        self.place = place


class Undeliverable(Failed):
    """Trying again cannot help: the address is refused."""


class Gone(Undeliverable):
    """The address is no more and never comes back: it may be forgotten."""


class TryLater(Failed):
    """The server is away, slow or busy."""
