"""Mastodon, and the other servers that speak its API."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from connectors.base import (
    Can,
    Connection,
    Editor,
    LookUp,
    Prober,
    Publisher,
    Reader,
    Retractor,
    Setting,
    Streamer,
)
from connectors.network import Network, Wanted


def _reader(connection: Connection, wanted: Wanted) -> Reader:
    from .client import Client  # noqa: PLC0415
    from .reader import MastodonReader  # noqa: PLC0415

    return MastodonReader(Client(connection), wanted)


def _streamer(connection: Connection, wanted: Wanted) -> Streamer:
    from .client import Client  # noqa: PLC0415
    from .stream import MastodonStreamer  # noqa: PLC0415

    return MastodonStreamer(Client(connection), wanted)


def _streams(wanted: Wanted) -> bool:
    from .stream import has_stream  # noqa: PLC0415

    return has_stream(wanted)


def _prober(connection: Connection, wanted: Wanted) -> Prober:
    from .prober import MastodonProber  # noqa: PLC0415

    return MastodonProber(connection, wanted)


def _looker(connection: Connection, _wanted: Wanted) -> LookUp:
    from .client import Client  # noqa: PLC0415
    from .looker import MastodonLooker  # noqa: PLC0415

    return MastodonLooker(Client(connection))


def _publisher(connection: Connection) -> Publisher:
    from .client import Client  # noqa: PLC0415
    from .publisher import MastodonPublisher  # noqa: PLC0415

    return MastodonPublisher(Client(connection), connection)


def _retractor(connection: Connection) -> Retractor:
    from .client import Client  # noqa: PLC0415
    from .publisher import MastodonPublisher  # noqa: PLC0415

    return MastodonPublisher(Client(connection), connection)


def _editor(connection: Connection) -> Editor:
    from .client import Client  # noqa: PLC0415
    from .publisher import MastodonPublisher  # noqa: PLC0415

    return MastodonPublisher(Client(connection), connection)


def _measure(config: Mapping[str, Any], text: str) -> tuple[int, int]:
    from .publisher import measure  # noqa: PLC0415

    return measure(config, text)


NETWORK = Network(
    label=_("Mastodon"),
    icon="brand-mastodon",
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
        | Can.EDIT
    ),
    max_length=500,
    measure=_measure,
    counts=_("A link counts 23, a person’s server nothing."),
    threads=True,
    account=(
        Setting(
            "server",
            _("Server"),
            kind="url",
            help=_("Where the account lives, such as https://mastodon.social."),
        ),
        Setting(
            "token",
            _("Access token"),
            secret=True,
            help=_(
                "On your server under Preferences → Development → New application, with the rights "
                "read, write:statuses and write:media."
            ),
        ),
        Setting(
            "visibility",
            _("Who sees what is published"),
            kind="choice",
            required=False,
            default="public",
            choices=(
                ("public", _("Everybody")),
                ("unlisted", _("Everybody who comes by")),
            ),
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
            "mentions",
            _("Posts that name or quote the account"),
            kind="choice",
            required=False,
            default="yes",
            choices=(("yes", _("Read them")), ("no", _("Leave them out"))),
        ),
        Setting("hashtags", _("Hashtags"), kind="lines", required=False, help=_("One a line.")),
        Setting(
            "words",
            _("Words to search for"),
            kind="lines",
            required=False,
            help=_("One search a line. Finds only posts whose authors let themselves be searched."),
        ),
        Setting(
            "timeline",
            _("Public timeline"),
            kind="choice",
            required=False,
            help=_("All that passes by; filter it by the brand's words."),
            choices=(
                ("", _("Not read")),
                ("local", _("Of this server")),
                ("public", _("Of all servers that it knows")),
            ),
        ),
    ),
    poll_every=120,
    shortest_poll=30,
    reader=_reader,
    streamer=_streamer,
    streams=_streams,
    prober=_prober,
    looker=_looker,
    publisher=_publisher,
    retractor=_retractor,
    editor=_editor,
)
