"""Bluesky: search, what mentions the account, the stream of everything; posts and answers."""

# ruff: noqa: PLC0415 - what speaks WebSocket is loaded by those who follow a stream, by nobody else
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as _noop

from connectors import counting
from connectors.base import Can, Connection, ReadError, Setting
from connectors.declared import BadSetting
from connectors.network import Network, Wanted

from . import richtext
from .publisher import BlueskyPublisher
from .reader import Lists, Looker, notifications, search, words
from .session import SERVICE, Session

if TYPE_CHECKING:
    from .prober import Prober
    from .streamer import Streamer

# Days that a gap of the stream may be searched back.
GAP = 30
# Jetstream: posts only, as JSON. A relay's (wss://bsky.network) has everything, in CBOR.
STREAM = "wss://jetstream2.us-east.bsky.network/subscribe"


def _streams(wanted: Wanted) -> bool:
    return wanted.get("what") == "stream"


def _check(wanted: Wanted) -> None:
    if wanted.get("what") == "search" and not words(wanted):
        raise BadSetting(gettext("There are no words to search for. Enter some."), name="words")


def _reader(connection: Connection, wanted: Wanted) -> Lists:
    session = Session(connection)
    if wanted.get("what") == "notifications":
        return notifications(session, wanted)
    if not words(wanted):
        raise ReadError(_noop("There are no words to search for. Enter some."))
    # Where a stream left a gap, it is read by search as far back as the gap goes.
    return search(session, {**wanted, "days": GAP} if _streams(wanted) else wanted)


def _streamer(connection: Connection, wanted: Wanted) -> "Streamer":
    from .firehose import dialect
    from .streamer import Streamer

    if not words(wanted) and not wanted.get("match"):
        raise ReadError(
            _noop(
                "All of Bluesky would be kept. Enter words, or keep only what answers the "
                "brand's queries."
            )
        )
    session = Session(connection) if connection.config.get("handle") else None
    return Streamer(
        dialect(str(wanted.get("stream") or STREAM)),
        words=words(wanted),
        session=session,
        lists=search(session, wanted) if session else None,
    )


def _prober(connection: Connection, wanted: Wanted) -> "Prober":
    from .prober import Prober

    readable = words(wanted) or wanted.get("what") == "notifications"
    lists = _reader(connection, wanted) if readable else None
    stream = str(wanted.get("stream") or STREAM) if _streams(wanted) else ""
    return Prober(Session(connection), lists, stream)


def _looker(connection: Connection, _wanted: Wanted) -> Looker:
    return Looker(Session(connection))


def _publisher(connection: Connection) -> BlueskyPublisher:
    language = str(connection.config.get("language") or "").strip()
    return BlueskyPublisher(Session(connection), language)


NETWORK = Network(
    label="Bluesky",
    icon="brand-bluesky",
    can=(
        Can.SEARCH
        | Can.NOTIFICATIONS
        | Can.STREAM
        | Can.BACKFILL
        | Can.SEES_EDITS
        | Can.SEES_DELETIONS
        | Can.LOOK_UP
        | Can.POST
        | Can.REPLY
        | Can.DELETE
        | Can.FIND
        | Can.IMAGES
    ),
    max_length=BlueskyPublisher.max_length,
    measure=counting.by_graphemes(richtext.MAX_GRAPHEMES, richtext.MAX_BYTES),
    counts=_("An emoji is one character."),
    threads=True,
    account=(
        Setting("handle", _("Handle"), help=_("As in yourbrand.bsky.social.")),
        Setting(
            "app_password",
            _("App password"),
            secret=True,
            help=_(
                "Made on Bluesky under Settings → Privacy and security → App passwords. "
                "Never the password of the account itself."
            ),
        ),
        Setting(
            "service",
            _("Server of the account"),
            kind="url",
            required=False,
            default=SERVICE,
            help=_("Only where the account lives on a server of its own."),
        ),
        Setting(
            "language",
            _("Language of what is published"),
            required=False,
            help=_("Two letters, such as da."),
        ),
    ),
    source=(
        Setting(
            "what",
            _("What is read"),
            kind="choice",
            default="search",
            choices=(
                ("search", _("What a search for the words finds")),
                ("notifications", _("What mentions, answers or quotes the account")),
                ("stream", _("Everything, the moment it is said (the stream)")),
            ),
        ),
        Setting(
            "words",
            _("Words"),
            kind="lines",
            required=False,
            help=_(
                "One search a line; words of one line must all be there, in quotes side by side. "
                "With the stream: a post with any of the lines is taken; without any, every "
                "post is held against the brand's queries, and its author stays a number."
            ),
        ),
        Setting(
            "days",
            _("Days to look back at the beginning"),
            kind="number",
            required=False,
            default=1,
        ),
        Setting(
            "stream",
            _("Address of the stream"),
            kind="text",
            required=False,
            default=STREAM,
            help=_("Jetstream (ends in /subscribe) or a relay such as wss://bsky.network."),
        ),
    ),
    poll_every=60,
    shortest_poll=15,
    reader=_reader,
    streamer=_streamer,
    streams=_streams,
    in_order=True,
    check=_check,
    prober=_prober,
    looker=_looker,
    publisher=_publisher,
    retractor=_publisher,
)
