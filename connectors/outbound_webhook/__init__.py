"""The brand's own system, which is called for each publication."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection, Setting
from connectors.network import Group, Network

from .publisher import WebhookPublisher


def _publisher(connection: Connection) -> WebhookPublisher:
    return WebhookPublisher(connection.config, connection.secrets)


NETWORK = Network(
    label=_("Outbound webhook"),
    icon="webhook",
    can=Can.POST | Can.REPLY | Can.FIND,
    max_length=WebhookPublisher.max_length,
    group=Group.TOOLS,
    account=(
        Setting(
            "url",
            _("Address"),
            kind="url",
            help=_("It receives each publication as a signed POST (Standard Webhooks)."),
        ),
        Setting(
            "lookup_url",
            _("Lookup address"),
            kind="url",
            help=_(
                "Optional: where to look for a publication when the answer was lost."
                " Write {key} where its key goes."
            ),
            required=False,
            must_hold="{key}",
        ),
    ),
    makes_secret=True,
    publisher=_publisher,
)
