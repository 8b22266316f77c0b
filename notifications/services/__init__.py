"""What this room does: tell people once, send what goes outside the app, take their answers."""

from .answers import answer_link
from .channels import notify_channel
from .inbox import mark_all_read, mark_read, notify
from .outbox import send_due

__all__ = [
    "answer_link",
    "mark_all_read",
    "mark_read",
    "notify",
    "notify_channel",
    "send_due",
]
