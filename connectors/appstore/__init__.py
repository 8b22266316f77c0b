"""Reviews of an app in Apple's App Store, and answers to them."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.network import Group, Network, made_by

_READER = made_by("connectors.appstore.reader:AppStoreReader")
_PUBLISHER = made_by("connectors.appstore.publisher:AppStorePublisher")
_KEYS = _("In App Store Connect under “Users and Access”, “Integrations”.")

NETWORK = Network(
    label=_("App Store reviews"),
    icon="brand-appstore",
    group=Group.REVIEWS,
    can=(Can.BACKFILL | Can.SEES_DELETIONS | Can.LOOK_UP | Can.REPLY | Can.DELETE | Can.FIND),
    max_length=5_970,
    account=(
        Setting("issuer", _("Issuer ID"), help=_KEYS),
        Setting("key_id", _("Key ID"), help=_KEYS),
        Setting(
            "private_key",
            _("Private key"),
            secret=True,
            help=_(
                "All of the .p8 file, which Apple gives once. The key needs the role Customer "
                "Support, to read and to answer reviews."
            ),
        ),
    ),
    source=(
        Setting(
            "app",
            _("Apple ID of the app"),
            help=_("The number in the app's address in the store, after “id”."),
        ),
    ),
    poll_every=900,
    shortest_poll=120,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    looked_up_a_minute=20,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
)
