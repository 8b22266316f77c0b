"""Places on this room's pages that the rooms above fill. Each URL takes the mention's id.

And this room's own page among the settings.
"""

from django.utils.translation import gettext_lazy as _

from accounts.panels import SETTINGS, SettingsPage
from core.panels import Slot

MENTION = Slot("monitoring.mention")

SETTINGS.add(
    SettingsPage(
        "sources",
        _("Sources"),
        "monitoring:sources",
        order=30,
        icon="plug-connected",
        about=_("Where mentions come from, how each source is doing, and the words to listen for."),
        owns=("monitoring:source", "monitoring:import"),
    )
)
