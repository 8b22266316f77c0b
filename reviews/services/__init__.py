"""Writing in the reviews room."""

from .lessons import add_lesson, remove_lesson
from .reckoning import enrol_ended, reckon_next

__all__ = ["add_lesson", "enrol_ended", "reckon_next", "remove_lesson"]
