"""What this room announces (docs/events.md)."""

from core.events import Event

# What became of a page that can be answered is known: it was sent, or failed, or was passed over.
page_settled = Event("notifications.page_settled", "notice_id")
# A page has reached its person by none of their addresses: Notice.unreached_at.
page_unreached = Event("notifications.page_unreached", "notice_id")
