"""What a network is to the rest of the product: readers, publishers and their errors.

Connectors are pure input and output: no ORM (the simulator, which *is* rows, excepted), no Celery,
no clock of their own. Credentials and settings are handed in as a Connection.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, auto
from typing import Any, Protocol

from django.utils.functional import Promise

from core.words import Worded, Words


class Can(Flag):
    """What a network, or one connected account on it, is able to do."""

    NOTHING = 0
    SEARCH = auto()
    NOTIFICATIONS = auto()
    STREAM = auto()
    WEBHOOK = auto()
    BACKFILL = auto()
    # It tells us of edits and of deletions, or can be asked whether posts still exist.
    SEES_EDITS = auto()
    SEES_DELETIONS = auto()
    LOOK_UP = auto()
    POST = auto()
    REPLY = auto()
    DELETE = auto()
    # It can be asked whether a publication whose answer was lost is out.
    FIND = auto()
    EDIT = auto()
    # Publications can show images with alt texts.
    IMAGES = auto()


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a network's form. Secrets are stored encrypted and never shown again.

    `kind` is "text", "url", "number", "lines" (a list of strings) or "choice"; `choices` are
    (value, label). `default` is what an empty field means. `must_hold` is a piece of text that a
    value that is given must contain.
    """

    name: str
    label: str | Promise
    kind: str = "text"
    help: str | Promise = ""
    secret: bool = False
    required: bool = True
    default: Any = ""
    choices: tuple[tuple[str, str | Promise], ...] = ()
    must_hold: str = ""


def _nothing_to_renew(_exchange: "Exchange") -> Mapping[str, Any]:
    raise NotImplementedError("This connection's secrets are not stored, so none can be renewed.")


# Takes the secrets as they are stored now and returns those that replace them.
Exchange = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Connection:
    """An account or source as a connector sees it: settings, secrets, and a way to renew these.

    `renew(exchange)` calls `exchange` with the stored secrets, one caller at a time for all
    processes, stores what it returns before anybody uses it, and returns it. Whoever waited
    gets what the other has stored, without a second exchange.
    """

    config: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(default_factory=dict)
    # The account's own name at the network or in the product.
    name: str = ""
    renew: Callable[[Exchange], Mapping[str, Any]] = _nothing_to_renew


@dataclass(frozen=True, slots=True)
class Probe:
    """What "test the connection" found: who we are there, what we may do, some of what is there.

    `expires_at` is when the credentials end, if the network says; `notes` are sentences about what
    is missing or limited.
    """

    account: str = ""
    can: Can = Can.NOTHING
    sample: list[str] = field(default_factory=list)
    expires_at: datetime | None = None
    notes: list[str] = field(default_factory=list)
    # What the network told of itself that its other makers need: kept among the account's settings.
    learned: Mapping[str, Any] = field(default_factory=dict)


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
    # The author's own id within the source, where names can change ("did:plc:…"); else "".
    author_id: str = ""
    # External id of the post that this one answers, or "".
    parent_id: str = ""
    # Of a review: 1 to 5, in halves where the site has them. None: not a review.
    stars: float | None = None
    # When it was last edited, where the network says. A later edit of a known post replaces it.
    edited_at: datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quota:
    """What the network said is left: calls or units, of how many, and when it begins anew."""

    left: int
    limit: int = 0
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What one fetch brought. The cursor is opaque and is stored together with the posts.

    A post whose id is known is an edit where its `edited_at` is later than what is stored, else
    it changes nothing. What is `gone` stays gone, even if it is brought again later.
    """

    posts: list[Post]
    cursor: dict[str, Any]
    # Ask again at once: there is more.
    more: bool = False
    # Seconds the network asks us to stay away (Retry-After); None for the usual interval.
    wait: float | None = None
    # What was left out and why, in words for the source's health page.
    refused: list[str] = field(default_factory=list)
    # External ids of posts that their authors or the network took away.
    gone: list[str] = field(default_factory=list)
    # Ids (`Post.author_id`) of authors who left or were suspended, and of those who came back.
    authors_gone: list[str] = field(default_factory=list)
    authors_back: list[str] = field(default_factory=list)
    # When the network said so of these authors; None: just now. What it said earlier never
    # overrules what it said later, so events may come doubled and in any order. No author stands
    # in both lists of one batch.
    authors_at: datetime | None = None
    quota: Quota | None = None
    # When the credentials end, where the network says.
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that goes out with a text: a still JPEG or PNG of at most 1,000,000 bytes, and what
    it shows in words."""

    data: bytes
    media_type: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be published: exactly these bytes."""

    text: str
    idempotency_key: str
    # The external id of the post that this answers, or "".
    reply_to: str = ""
    # When it was queued: what was on the network before then cannot be it. None: not known.
    since: datetime | None = None
    # At most four, only where the network Can.IMAGES; needed to publish, not to find.
    images: tuple[Picture, ...] = ()
    # Whether `reply_to` is our own post, which this goes on from: the next part of a thread.
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a publication: the network's id and where people can see it."""

    external_id: str
    url: str = ""


class Reader(Protocol):
    """Fetches what is new since a cursor. Raises ReadError, nothing else.

    An empty cursor means: from now on, with what the network gives of the recent past.
    """

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch: ...


class Streamer(Protocol):
    """Follows a network as it happens (Can.STREAM).

    `stream` yields batches for as long as the connection holds, an empty one at least every
    twenty seconds as a sign of life; each batch's cursor is where a later call goes on, without
    gap. `stop()` says true once it is to end. Raises ReadError, nothing else.
    """

    def stream(self, cursor: dict[str, Any], *, stop: Callable[[], bool]) -> Iterator[Batch]: ...


class Prober(Protocol):
    """Tests a connection without keeping anything. Raises ReadError."""

    def probe(self, *, now: datetime) -> Probe: ...


class LookUp(Protocol):
    """Says what became of known posts (Can.LOOK_UP): those still there as they are now, and the
    ids of those gone. For networks that do not tell of deletions. Raises ReadError."""

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch: ...


class Publisher(Protocol):
    """Publishes and finds again. Raises PublishError, nothing else.

    `find` returns the receipt of an earlier publication of this message, by its key where the
    network keeps keys, else by its text among what the account has posted since; or None if the
    network surely does not have it. It raises UncertainError where it cannot tell.
    """

    max_length: int

    def publish(self, message: Message) -> Receipt: ...

    def find(self, message: Message) -> Receipt | None: ...


class Retractor(Protocol):
    """Takes a publication back (Can.DELETE); what is gone already is no error."""

    def retract(self, external_id: str) -> None: ...


class Editor(Protocol):
    """Puts other words in the place of a publication's (Can.EDIT). Raises PublishError.

    The same edit made twice changes nothing more, so one whose answer was lost can be repeated.
    """

    def edit(self, external_id: str, message: Message) -> Receipt: ...


class ReadError(Worded):
    """A fetch failed. Its words say what to do; `retry_after` in seconds where known.

    Write the sentence with `gettext_noop as _` and its figures as keywords, so that it can be kept
    and read in any language: `ReadError(_("It answered %(status)d."), status=500)`.
    """

    def __init__(
        self, message: str | Words | Worded, *, retry_after: float | None = None, **params: Any
    ) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after


class Unauthorized(ReadError):
    """The credentials are wrong, ended, or lack a right: nothing is read until somebody acts."""


class CursorLost(ReadError):
    """The network no longer knows the place where we stood. Reading goes on from `cursor`; what
    lies between is fetched by search where the network has one, else it is a gap and said so."""

    def __init__(
        self, message: str | Words | Worded, *, cursor: dict[str, Any], **params: Any
    ) -> None:
        super().__init__(message, **params)
        self.cursor = cursor


class PublishError(Worded):
    """Base of the three ways in which publishing fails. The words are for the person who waits;
    see ReadError for how to write them."""


class PermanentError(PublishError):
    """Refused: repeating it will not help. Shown, with what to do."""


class TemporaryError(PublishError):
    """Surely not published, and may work later: retried by the machine."""

    def __init__(
        self, message: str | Words | Worded, *, retry_after: float | None = None, **params: Any
    ) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after


class UncertainError(PublishError):
    """It may or may not be out. Never repeated by a machine: looked for, then a person decides."""
