"""A Facebook Page: comments and posts on it, posts that mention it; posts and answers by it."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.meta.settings import APP_SECRET, VERIFY_TOKEN, VERSION
from connectors.meta.webhook import challenge, verify
from connectors.network import Network, Webhook, made_by

from .webhook import receive

_READER = made_by("connectors.facebook.reader:FacebookReader")
_PUBLISHER = made_by("connectors.facebook.publisher:FacebookPublisher")

NETWORK = Network(
    label=_("Facebook Page"),
    icon="brand-facebook",
    can=(
        Can.NOTIFICATIONS
        | Can.WEBHOOK
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
    max_length=8_000,
    answers_show_images=False,
    account=(
        Setting(
            "page",
            _("Page ID"),
            help=_("The number of the Page: on the Page under “About”, “Page transparency”."),
        ),
        Setting(
            "access_token",
            _("Page access token"),
            secret=True,
            help=_(
                "Made from a long-lived user token of somebody who manages the Page: such a "
                "token does not end by time."
            ),
        ),
        APP_SECRET,
        VERIFY_TOKEN,
        VERSION,
    ),
    source=(
        Setting(
            "tagged",
            _("Posts that mention the Page"),
            kind="choice",
            default="yes",
            required=False,
            choices=(("yes", _("Read them")), ("no", _("Leave them out"))),
        ),
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
