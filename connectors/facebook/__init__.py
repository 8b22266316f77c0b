"""A Facebook Page: comments and posts on it, posts that mention it; posts and answers by it."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection, LookUp, Prober, Publisher, Reader, Retractor, Setting
from connectors.meta.webhook import challenge, verify
from connectors.network import Network, Wanted, Webhook

from .webhook import receive


def _reader(connection: Connection, wanted: Wanted) -> Reader:
    from .reader import FacebookReader  # noqa: PLC0415

    return FacebookReader(connection, wanted)


def _prober(connection: Connection, wanted: Wanted) -> Prober:
    from .reader import FacebookReader  # noqa: PLC0415

    return FacebookReader(connection, wanted)


def _looker(connection: Connection, wanted: Wanted) -> LookUp:
    from .reader import FacebookReader  # noqa: PLC0415

    return FacebookReader(connection, wanted)


def _publisher(connection: Connection) -> Publisher:
    from .publisher import FacebookPublisher  # noqa: PLC0415

    return FacebookPublisher(connection)


def _retractor(connection: Connection) -> Retractor:
    from .publisher import FacebookPublisher  # noqa: PLC0415

    return FacebookPublisher(connection)


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
    ),
    max_length=8_000,
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
        Setting(
            "app_secret",
            _("App secret"),
            secret=True,
            required=False,
            help=_("In the app's dashboard under “App settings”, “Basic”. Needed for webhooks."),
        ),
        Setting(
            "verify_token",
            _("Verify token"),
            secret=True,
            required=False,
            help=_("Any long word: enter the same one where the app's webhook is set up."),
        ),
        Setting("version", _("Version of the Graph API"), required=False, default="v24.0"),
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
    reader=_reader,
    prober=_prober,
    looker=_looker,
    publisher=_publisher,
    retractor=_retractor,
    webhook=Webhook(verify=verify, receive=receive, challenge=challenge),
)
