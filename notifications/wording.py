"""What this room's own notices say. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions

from . import codes
from .carriers import provider_label
from .messages import register

register(codes.KIND, title=_("Your code"), body=_("Type it where you added %(address)s."))
register(
    "notifications.ring",
    title=_("A test: this is how you are called"),
    body=_("You asked CrisisDesk to ring you by %(address)s. There is nothing to do."),
)
register(
    "notifications.provider_down",
    words={"provider": provider_label},
    title=_("%(provider)s does not carry notices"),
    body=_("It is passed over until it answers again. People are told by their other addresses."),
)
register(
    "notifications.answered",
    title="%(words)s",
    body=_("This is about your answer to CrisisDesk by mail."),
)
register_actions(
    {
        "address.added": _("Added an address for notices"),
        "address.verified": _("Confirmed an address for notices"),
        "address.removed": _("Removed an address for notices"),
        "channel.added": _("Added a channel for notices"),
        "channel.removed": _("Removed a channel for notices"),
    }
)
