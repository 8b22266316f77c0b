"""Instagram of a business or creator: comments, mentions and tags; answers by the account."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.meta.settings import APP_SECRET, VERIFY_TOKEN, VERSION
from connectors.meta.webhook import challenge, verify
from connectors.network import Network, Webhook, made_by

from .webhook import receive

_READER = made_by("connectors.instagram.reader:InstagramReader")
_PUBLISHER = made_by("connectors.instagram.publisher:InstagramPublisher")

NETWORK = Network(
    label="Instagram",
    icon="brand-instagram",
    can=(
        Can.NOTIFICATIONS
        | Can.WEBHOOK
        | Can.BACKFILL
        | Can.SEES_DELETIONS
        | Can.LOOK_UP
        | Can.REPLY
        | Can.DELETE
        | Can.FIND
    ),
    max_length=2_200,
    account=(
        Setting(
            "user",
            _("Account ID"),
            help=_("The number of the professional account, as the app's dashboard shows it."),
        ),
        Setting(
            "access_token",
            _("Access token"),
            secret=True,
            help=_(
                "By the login of Instagram a sixty-day token, which we renew; by the login of "
                "Facebook the token of the Page that the account belongs to."
            ),
        ),
        Setting(
            "login",
            _("Login that the token is from"),
            kind="choice",
            default="instagram",
            choices=(("instagram", "Instagram"), ("facebook", "Facebook")),
            help=_("Mentions in others' comments and tags need the login of Facebook."),
        ),
        APP_SECRET,
        VERIFY_TOKEN,
        VERSION,
    ),
    poll_every=600,
    shortest_poll=60,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    looked_up_a_minute=20,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
    webhook=Webhook(verify=verify, receive=receive, challenge=challenge),
)
