"""What each network's folder declares about itself: `NETWORK` in its `__init__`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from importlib import import_module
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as _noop

from .base import (
    Batch,
    Can,
    Connection,
    Editor,
    LookUp,
    Prober,
    Publisher,
    Reader,
    ReadError,
    Retractor,
    Setting,
    Streamer,
)
from .consent import Consent

# What a source of the network is set to read: the `Network.source` fields, filled in.
Wanted = Mapping[str, Any]


class Group(Enum):
    """Under which heading a network is offered."""

    SOCIAL = _("Social networks and forums")
    NEWS = _("News and the web")
    REVIEWS = _("Reviews")
    DIRECT = _("Mail and messages")
    TOOLS = _("Tools, files and drills")


def made_by(place: str) -> Callable[..., Any]:
    """Return a maker that imports what it makes when it is first called: "package.module:Name"."""

    def make(*args: Any) -> Any:
        module, _colon, name = place.partition(":")
        return getattr(import_module(module), name)(*args)

    return make


class Unreadable(ReadError):
    """A call's body is not what the network writes: sending it again will not help."""


@dataclass(frozen=True, slots=True)
class Event:
    """A call that a network made to us. `headers` have lower-case names; `body` is as it came."""

    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str]

    def document(self) -> Any:
        """Return the body's JSON. Raises Unreadable."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unreadable(_noop("The body of the call is no JSON.")) from None


@dataclass(frozen=True)
class Webhook:
    """How a network calls us, at /hooks/<network>/<the source's public id>/, by its own rules.

    `verify` says whether the network sent this (constant time, over the raw bytes); no answer
    depends on anything unverified. `challenge` answers a network that asks whether the address is
    ours, with a content type and a text, or None where the question is not the network's. `receive`
    makes a batch of what was verified, for one source: its cursor stays {}, for it moves none. It
    raises Unreadable where the body is none, ReadError where a call back to the network failed.
    """

    verify: Callable[[Event, Mapping[str, Any]], bool]
    receive: Callable[[Event, Connection, Wanted, datetime], Batch]
    challenge: Callable[[Mapping[str, str], Mapping[str, Any]], tuple[str, str] | None] | None = (
        None
    )


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
    # The setting without which an account only reads, where not every account publishes.
    publishes_by: str = ""
    # How long a text is in an account with these settings, and how long it may be, where that is
    # not so many code points and `max_length`.
    measure: Callable[[Mapping[str, Any], str], tuple[int, int]] | None = None
    # What a writer should know of that, in a sentence.
    counts: str | Promise = ""
    # Whether what answers somebody can show images too, where the network Can.IMAGES.
    answers_show_images: bool = True
    # Whether a text may go out as several posts, each in answer to the one before.
    threads: bool = False
    group: Group = Group.SOCIAL
    # The name under which mentions are counted that bring none; "" is the network's own.
    counted_as: str = ""
    account: tuple[Setting, ...] = ()
    source: tuple[Setting, ...] = ()
    # Whether its stream tells of everybody, in order: then what it takes away unseen leaves no
    # trace here, since nothing can come after.
    in_order: bool = False
    # Judges a source's settings together. Raises declared.BadSetting.
    check: Callable[[Wanted], None] | None = None
    # Whether we make the account's secret and show it once; its owner enters it on their side.
    makes_secret: bool = False
    # Whether a source reads by an account's credentials, where accounts have any that are required.
    reads_by_account: bool = True
    # Seconds between polls: the usual, and the least that the network's rules bear.
    poll_every: int = 300
    shortest_poll: int = 60
    reader: Callable[[Connection, Wanted], Reader] | None = None
    streamer: Callable[[Connection, Wanted], Streamer] | None = None
    # Whether a source with these settings is followed by the streamer. None: whenever there is one.
    streams: Callable[[Wanted], bool] | None = None
    prober: Callable[[Connection, Wanted], Prober] | None = None
    looker: Callable[[Connection, Wanted], LookUp] | None = None
    # Posts asked after in a minute, where each is a call by itself. 0: as many as are due.
    looked_up_a_minute: int = 0
    publisher: Callable[[Connection], Publisher] | None = None
    retractor: Callable[[Connection], Retractor] | None = None
    editor: Callable[[Connection], Editor] | None = None
    # Where a person can grant access by agreeing, instead of pasting tokens.
    consent: Consent | None = None
    webhook: Webhook | None = None

    @property
    def can_read(self) -> bool:
        return self.reader is not None or self.streamer is not None

    def follows(self, wanted: Wanted) -> bool:
        """Whether a source with these settings is streamed rather than polled."""
        if self.streamer is None:
            return False
        return self.streams(wanted) if self.streams else True

    @property
    def needs_account(self) -> bool:
        """Whether nothing can be read without a connected account."""
        return self.reads_by_account and any(field.required for field in self.account)

    @property
    def can_connect(self) -> bool:
        """Whether there is an account to connect."""
        return bool(self.account)

    @property
    def can_publish(self) -> bool:
        return self.publisher is not None
