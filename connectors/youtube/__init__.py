"""Comments on the videos of a YouTube channel, and answers by it."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.google import consent
from connectors.network import Network, made_by

_READER = made_by("connectors.youtube.reader:YouTubeReader")
_PUBLISHER = made_by("connectors.youtube.publisher:YouTubePublisher")
_CONSOLE = _("In the Google Cloud console under “APIs & Services”, “Credentials”.")

NETWORK = Network(
    label=_("YouTube comments"),
    icon="brand-youtube",
    can=(
        Can.NOTIFICATIONS
        | Can.BACKFILL
        | Can.SEES_EDITS
        | Can.SEES_DELETIONS
        | Can.LOOK_UP
        | Can.REPLY
        | Can.DELETE
        | Can.FIND
    ),
    max_length=10_000,
    account=(
        Setting(
            "channel",
            _("Channel ID"),
            help=_("Begins with “UC”: in YouTube under “Settings”, “Advanced settings”."),
        ),
        Setting("api_key", _("API key"), help=_CONSOLE, secret=True, required=False),
        Setting("client_id", _("Client ID"), help=_CONSOLE, required=False),
        Setting("client_secret", _("Client secret"), help=_CONSOLE, secret=True, required=False),
        Setting(
            "refresh_token",
            _("Refresh token"),
            secret=True,
            required=False,
            help=_("Of the channel's owner, with the scope youtube.force-ssl. For answering."),
        ),
    ),
    poll_every=300,
    shortest_poll=60,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
    consent=consent("youtube.force-ssl"),
)
