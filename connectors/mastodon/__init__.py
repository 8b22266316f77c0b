"""Mastodon, and the other servers that speak its API."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection, Setting
from connectors.network import Network, Wanted

from .client import Client
from .looker import MastodonLooker
from .prober import MastodonProber
from .publisher import MastodonPublisher, measure
from .reader import MastodonReader
from .stream import MastodonStreamer, has_stream


def _reader(connection: Connection, wanted: Wanted) -> MastodonReader:
    return MastodonReader(Client(connection), wanted)


def _streamer(connection: Connection, wanted: Wanted) -> MastodonStreamer:
    return MastodonStreamer(Client(connection), wanted)


def _looker(connection: Connection, _wanted: Wanted) -> MastodonLooker:
    return MastodonLooker(Client(connection))


def _publisher(connection: Connection) -> MastodonPublisher:
    return MastodonPublisher(Client(connection), connection)


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
    ),
    max_length=MastodonPublisher.max_length,
    measure=measure,
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
                "read and write:statuses."
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
    streams=has_stream,
    prober=MastodonProber,
    looker=_looker,
    publisher=_publisher,
    retractor=_publisher,
)
