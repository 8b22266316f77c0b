"""Reviews of a business on Google (Maps and Search), and answers to them."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.google import consent
from connectors.network import Group, Network, made_by

_READER = made_by("connectors.googlebusiness.reader:GoogleBusinessReader")
_PUBLISHER = made_by("connectors.googlebusiness.publisher:GoogleBusinessPublisher")
_CONSOLE = _("In the Google Cloud console under “APIs & Services”, “Credentials”.")

NETWORK = Network(
    label=_("Google Business Profile"),
    icon="brand-google",
    group=Group.REVIEWS,
    can=(
        Can.BACKFILL
        | Can.SEES_EDITS
        | Can.SEES_DELETIONS
        | Can.LOOK_UP
        | Can.REPLY
        | Can.DELETE
        | Can.FIND
    ),
    max_length=4_000,
    account=(
        Setting("client_id", _("Client ID"), help=_CONSOLE),
        Setting("client_secret", _("Client secret"), help=_CONSOLE, secret=True),
        Setting(
            "refresh_token",
            _("Refresh token"),
            secret=True,
            required=False,
            help=_("Of somebody who manages the profile, with the scope business.manage."),
        ),
    ),
    source=(
        Setting(
            "locations",
            _("Locations"),
            kind="lines",
            help=_("One a line, as the API names them: accounts/123/locations/456."),
        ),
    ),
    poll_every=600,
    shortest_poll=120,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    looked_up_a_minute=20,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
    consent=consent("business.manage"),
)
