"""What each network's folder declares about itself: `NETWORK` in its `__init__`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from .base import Can, Connection, LookUp, Prober, Publisher, Reader, Retractor, Setting, Streamer

# What a source of the network is set to read: the `Network.source` fields, filled in.
Wanted = Mapping[str, Any]


@dataclass(frozen=True)
class Network:
    """A network's name, abilities, forms and the makers of its readers and publishers.

    `icon` names a picture of the design's sprite; `max_length` 0 means no maximum. `account` are
    the fields by which an account is connected (none: nothing to connect), `source` those that
    say what is read. `can` is the most that the network allows; what one account may do is found by
    its probe. Makers import their client when called: an unused network costs no memory.
    """

    label: str | Promise
    icon: str
    can: Can
    max_length: int = 0
    account: tuple[Setting, ...] = ()
    source: tuple[Setting, ...] = ()
    # Seconds between polls: the usual, and the least that the network's rules bear.
    poll_every: int = 300
    shortest_poll: int = 60
    reader: Callable[[Connection, Wanted], Reader] | None = None
    streamer: Callable[[Connection, Wanted], Streamer] | None = None
    prober: Callable[[Connection, Wanted], Prober] | None = None
    looker: Callable[[Connection, Wanted], LookUp] | None = None
    publisher: Callable[[Connection], Publisher] | None = None
    retractor: Callable[[Connection], Retractor] | None = None

    @property
    def can_read(self) -> bool:
        return self.reader is not None or self.streamer is not None

    @property
    def can_publish(self) -> bool:
        return self.publisher is not None
