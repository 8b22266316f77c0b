"""Reviews of apps on Google Play, and answers to them."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.network import Group, Network, made_by

_READER = made_by("connectors.googleplay.reader:GooglePlayReader")
_PUBLISHER = made_by("connectors.googleplay.publisher:GooglePlayPublisher")

NETWORK = Network(
    label=_("Google Play reviews"),
    icon="brand-google-play",
    group=Group.REVIEWS,
    can=Can.SEES_EDITS | Can.SEES_DELETIONS | Can.LOOK_UP | Can.REPLY | Can.FIND,
    max_length=350,
    account=(
        Setting(
            "service_account",
            _("Key file of the service account"),
            secret=True,
            help=_(
                "All of its JSON. Made in the Google Cloud console; the service account is then "
                "invited in the Play Console with the right to answer reviews."
            ),
        ),
        Setting(
            "package",
            _("Package name of the app"),
            help=_("Such as dk.example.shop: it stands in the app's address in the store."),
        ),
    ),
    poll_every=600,
    shortest_poll=120,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    looked_up_a_minute=2,
    publisher=_PUBLISHER,
)
