"""What this room does: tell people once, send what goes outside the app, take their answers."""

from .answers import answer_link
from .channels import notify_channel
from .circuits import probe_due
from .inbox import (
    call_off,
    handled_unreached,
    mark_all_read,
    mark_read,
    notify,
    subject_of,
    unreached,
)
from .outbox import send_due
from .withdrawing import withdraw

__all__ = [
    "answer_link",
    "call_off",
    "handled_unreached",
    "mark_all_read",
    "mark_read",
    "notify",
    "notify_channel",
    "probe_due",
    "send_due",
    "subject_of",
    "unreached",
    "withdraw",
]
