"""Reviews of a business on Trustpilot, and answers to them."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.network import Group, Network, Webhook, made_by

from .webhook import receive, verify

_READER = made_by("connectors.trustpilot.reader:TrustpilotReader")
_PUBLISHER = made_by("connectors.trustpilot.publisher:TrustpilotPublisher")
_KEYS = _("In Trustpilot Business under “Integrations”, “Developers”, “APIs”.")

NETWORK = Network(
    label="Trustpilot",
    icon="star",
    group=Group.REVIEWS,
    can=(
        Can.WEBHOOK
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
        Setting("business_unit", _("Business unit ID"), help=_KEYS),
        Setting("api_key", _("API key"), help=_KEYS, secret=True),
        Setting("api_secret", _("API secret"), help=_KEYS, secret=True),
        Setting(
            "business_user",
            _("Business user ID"),
            required=False,
            help=_("The person in whose name reviews are answered. Needed for answering."),
        ),
        Setting(
            "hook_key",
            _("Key of the webhook"),
            secret=True,
            required=False,
            help=_(
                "Any long word. Trustpilot does not sign its calls: give it the webhook's address "
                "with ?key= and this word at its end."
            ),
        ),
    ),
    poll_every=300,
    shortest_poll=60,
    reader=_READER,
    prober=_READER,
    looker=_READER,
    looked_up_a_minute=20,
    publisher=_PUBLISHER,
    retractor=_PUBLISHER,
    webhook=Webhook(verify=verify, receive=receive),
)
