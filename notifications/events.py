"""What this room announces (docs/events.md)."""

from core.events import Event

# A page has reached its person by none of their addresses: Notice.unreached_at.
page_unreached = Event("notifications.page_unreached", "notice_id")
