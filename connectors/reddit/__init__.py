"""Reddit: communities, searches, and mentions of the account; answers by it."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.consent import Consent
from connectors.network import Network, made_by

_READER = made_by("connectors.reddit.reader:RedditReader")
_PUBLISHER = made_by("connectors.reddit.publisher:RedditPublisher")
_APPS = _("At reddit.com/prefs/apps, once Reddit has approved your use of its data.")

NETWORK = Network(
    label="Reddit",
    icon="brand-reddit",
    can=(
        Can.SEARCH
        | Can.NOTIFICATIONS
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
        Setting("client_id", _("Client ID"), help=_APPS),
        Setting("client_secret", _("Client secret"), help=_APPS, secret=True),
        Setting(
            "username",
            _("User name"),
            help=_("Of the account that was approved. Reddit wants it in every call."),
        ),
        Setting(
            "refresh_token",
            _("Refresh token"),
            secret=True,
            required=False,
            help=_(
                "Of the account itself, with the scopes identity, read, history, submit, edit "
                "and privatemessages. Needed for mentions and for answering."
            ),
        ),
    ),
    source=(
        Setting(
            "searches",
            _("Searches"),
            kind="lines",
            required=False,
            help=_("One a line. Reddit's search finds posts, not comments."),
        ),
        Setting(
            "communities",
            _("Communities"),
            kind="lines",
            required=False,
            help=_("One a line, without “r/”: posts and comments in them are all read."),
        ),
        Setting(
            "mentions",
            _("Mentions of the account"),
            kind="choice",
            default="no",
            required=False,
            choices=(("yes", _("Read them")), ("no", _("Leave them out"))),
        ),
    ),
    poll_every=180,
    shortest_poll=60,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
    consent=Consent(
        page="https://www.reddit.com/api/v1/authorize",
        tokens="https://www.reddit.com/api/v1/access_token",
        scopes=("identity", "read", "history", "submit", "edit", "privatemessages"),
        more=(("duration", "permanent"),),
    ),
)
