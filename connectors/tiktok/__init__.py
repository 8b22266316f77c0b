"""TikTok, as far as its API for business accounts goes: comments on one's own videos."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.network import Network, made_by

_READER = made_by("connectors.tiktok.reader:TikTokReader")
_PUBLISHER = made_by("connectors.tiktok.publisher:TikTokPublisher")
_PORTAL = _("In the developer portal at business-api.tiktok.com, under the app's details.")

NETWORK = Network(
    label="TikTok",
    icon="brand-tiktok",
    can=Can.NOTIFICATIONS | Can.BACKFILL | Can.REPLY | Can.DELETE | Can.FIND,
    max_length=150,
    account=(
        Setting(
            "business",
            _("Business account ID"),
            help=_("The “open_id” that came with the access token."),
        ),
        Setting("username", _("User name"), help=_("The account's name on TikTok, without “@”.")),
        Setting("client_id", _("App ID"), help=_PORTAL),
        Setting("client_secret", _("App secret"), help=_PORTAL, secret=True),
        Setting(
            "refresh_token",
            _("Refresh token"),
            secret=True,
            help=_("It lasts a year; the access token that we make with it lasts a day."),
        ),
    ),
    source=(
        Setting(
            "mentions",
            _("Videos that mention the account"),
            kind="choice",
            default="no",
            required=False,
            help=_("Needs TikTok's approval for its Mentions API."),
            choices=(("yes", _("Read them")), ("no", _("Leave them out"))),
        ),
    ),
    poll_every=600,
    shortest_poll=120,
    reader=_READER,
    prober=_READER,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
)
