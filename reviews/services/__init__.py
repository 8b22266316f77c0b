"""Writing in the reviews room."""

from .follow_ups import (
    Wanted,
    add_follow_up,
    change_follow_up,
    remind_next,
    reopen_follow_up,
    settle_follow_up,
)
from .lessons import add_lesson, remove_lesson
from .reckoning import enrol_ended, reckon_next

__all__ = [
    "Wanted",
    "add_follow_up",
    "add_lesson",
    "change_follow_up",
    "enrol_ended",
    "reckon_next",
    "remind_next",
    "remove_lesson",
    "reopen_follow_up",
    "settle_follow_up",
]
