"""What this room does: tell people once, and send what goes outside the app."""

from .inbox import mark_all_read, mark_read, notify
from .outbox import send_due

__all__ = ["mark_all_read", "mark_read", "notify", "send_due"]
