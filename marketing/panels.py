"""What this room shows on pages below it. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from core.panels import STRIPS, Panel
from incidents.panels import WAR_ROOM

WAR_ROOM.add(Panel("marketing", _("Marketing"), "marketing:panel", order=52, live="calendar"))
STRIPS.add(Panel("pause", _("Pause"), "marketing:banner", order=10, live="pause"))
