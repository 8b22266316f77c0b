"""X, by its API v2: search, mentions of the account, posts and answers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.consent import Consent
from connectors.network import Network, Webhook, made_by

from .webhook import challenge, receive, verify

_CONSOLE = _("In the developer console (console.x.com), under the app's “Keys and tokens”.")

_READER = made_by("connectors.x.reader:XReader")
_PUBLISHER = made_by("connectors.x.publisher:XPublisher")


def _measure(_config: Mapping[str, Any], text: str) -> tuple[int, int]:
    from .weight import MOST, weigh  # noqa: PLC0415

    return weigh(text), MOST


NETWORK = Network(
    label="X",
    icon="brand-x",
    can=(
        Can.SEARCH
        | Can.NOTIFICATIONS
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
    max_length=280,
    measure=_measure,
    counts=_("A link counts 23, an emoji 2."),
    threads=True,
    account=(
        Setting("bearer_token", _("Bearer token"), help=_CONSOLE, secret=True),
        Setting("client_id", _("Client ID"), help=_CONSOLE, required=False),
        Setting("client_secret", _("Client secret"), help=_CONSOLE, secret=True, required=False),
        Setting(
            "access_token",
            _("Access token"),
            help=_(
                "Of OAuth 2.0, made for the account itself with the scopes tweet.read, "
                "tweet.write, media.write, users.read and offline.access. Needed for posting."
            ),
            secret=True,
            required=False,
        ),
        Setting(
            "refresh_token",
            _("Refresh token"),
            help=_("Comes with the access token, which lasts two hours without it."),
            secret=True,
            required=False,
        ),
        Setting(
            "api_secret",
            _("API secret key"),
            help=_("Only for a webhook of an app without a client secret."),
            secret=True,
            required=False,
        ),
        Setting(
            "answers",
            _("Whom the account may answer"),
            kind="choice",
            default="summoned",
            required=False,
            help=_("X lets programs answer only those who mentioned or quoted the account."),
            choices=(
                ("summoned", _("Those who mentioned or quoted it")),
                ("all", _("Everybody (Enterprise contract)")),
            ),
        ),
    ),
    source=(
        Setting(
            "queries",
            _("Searches"),
            kind="lines",
            required=False,
            help=_("One a line, in the syntax of X, up to 512 characters each."),
        ),
        Setting(
            "mentions",
            _("Mentions of the account"),
            kind="choice",
            default="yes",
            required=False,
            choices=(("yes", _("Read them")), ("no", _("Leave them out"))),
        ),
        Setting(
            "authors",
            _("Names and followers of the authors"),
            kind="choice",
            default="yes",
            required=False,
            help=_("X charges for each author once a day, twice as much as for a post."),
            choices=(("yes", _("Read them")), ("no", _("Leave them out"))),
        ),
    ),
    poll_every=120,
    shortest_poll=15,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
    consent=Consent(
        page="https://x.com/i/oauth2/authorize",
        tokens="https://api.x.com/2/oauth2/token",
        scopes=("tweet.read", "tweet.write", "media.write", "users.read", "offline.access"),
        pkce=True,
    ),
    webhook=Webhook(verify=verify, receive=receive, challenge=challenge),
)
