"""Places on this room's pages that the rooms above fill. Each URL takes the reference."""

from core.panels import Slot

WAR_ROOM = Slot("incidents.war_room")
REVIEW = Slot("incidents.review")
