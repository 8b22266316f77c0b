"""Places on this room's pages that the rooms above fill. Each URL takes the mention's id."""

from core.panels import Slot

MENTION = Slot("monitoring.mention")
