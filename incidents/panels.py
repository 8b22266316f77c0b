"""Places on this room's pages that the rooms above fill. Each URL takes the reference.

And this room's own pages among the settings.
"""

from django.utils.translation import gettext_lazy as _

from accounts.panels import SETTINGS, SettingsPage
from core.panels import Panel, Slot
from monitoring.panels import MENTION

WAR_ROOM = Slot("incidents.war_room")
REVIEW = Slot("incidents.review")

SETTINGS.add(
    SettingsPage(
        "on_call",
        _("On call"),
        "incidents:on_call",
        order=50,
        icon="phone-call",
        about=_("Who is called first, and when."),
        owns=("incidents:on_call", "incidents:remove_shift"),
    )
)
SETTINGS.add(
    SettingsPage(
        "policies",
        _("Escalation policies"),
        "incidents:policies",
        order=60,
        icon="stairs-up",
        about=_("Who is called next, and after how long."),
        owns=("incidents:polic",),
    )
)

# What is spoken of, from the monitoring room, beside what this room has.
WAR_ROOM.add(Panel("themes", _("Themes"), "incidents:themes", order=50, live="themes"))

# What this room shows on a mention's page.
MENTION.add(Panel("incident", _("Incident"), "incidents:mention", order=10, live="incidents"))
