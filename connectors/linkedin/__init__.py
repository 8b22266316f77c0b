"""A company's page on LinkedIn: comments on its posts, mentions and shares; posts and answers."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.consent import Consent
from connectors.network import Network, Webhook, made_by

from .webhook import challenge, receive, verify

_READER = made_by("connectors.linkedin.reader:LinkedInReader")
_PUBLISHER = made_by("connectors.linkedin.publisher:LinkedInPublisher")
_APP = _("In the app's page at linkedin.com/developers under “Auth”.")

NETWORK = Network(
    label=_("LinkedIn page"),
    icon="brand-linkedin",
    can=(
        Can.NOTIFICATIONS
        | Can.WEBHOOK
        | Can.BACKFILL
        | Can.SEES_EDITS
        | Can.SEES_DELETIONS
        | Can.POST
        | Can.REPLY
        | Can.DELETE
        | Can.FIND
        | Can.IMAGES
    ),
    max_length=3_000,
    answers_show_images=False,
    account=(
        Setting(
            "organization",
            _("Organisation ID"),
            help=_("The number in the page's address when you manage it."),
        ),
        Setting("client_id", _("Client ID"), help=_APP),
        Setting(
            "client_secret",
            _("Client secret"),
            secret=True,
            help=_("In the same place. It also proves the webhook's calls."),
        ),
        Setting(
            "access_token",
            _("Access token"),
            secret=True,
            required=False,
            help=_(
                "Of an administrator of the page, with the rights r_organization_social, "
                "w_organization_social and rw_organization_admin. It lasts sixty days."
            ),
        ),
        Setting(
            "refresh_token",
            _("Refresh token"),
            secret=True,
            required=False,
            help=_("LinkedIn gives one to approved apps. It lasts a year."),
        ),
        Setting(
            "version",
            _("Version of the API"),
            required=False,
            default="202607",
            help=_("Year and month. LinkedIn ends each version after about a year."),
        ),
    ),
    poll_every=900,
    shortest_poll=300,
    reader=_READER,
    prober=_READER,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
    consent=Consent(
        page="https://www.linkedin.com/oauth/v2/authorization",
        tokens="https://www.linkedin.com/oauth/v2/accessToken",
        scopes=("r_organization_social", "w_organization_social", "rw_organization_admin"),
        basic=False,
    ),
    webhook=Webhook(verify=verify, receive=receive, challenge=challenge),
)
