"""What a network or account may do (connectors.base.Can), in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .base import Can

WORDS: dict[Can, str | Promise] = {
    Can.SEARCH: _("Search"),
    Can.NOTIFICATIONS: _("Read notifications"),
    Can.STREAM: _("Follow live"),
    Can.WEBHOOK: _("Be called by the network"),
    Can.BACKFILL: _("Fetch what is past"),
    Can.SEES_EDITS: _("Notice edits"),
    Can.SEES_DELETIONS: _("Notice deletions"),
    Can.LOOK_UP: _("Ask whether posts are still there"),
    Can.POST: _("Publish"),
    Can.REPLY: _("Reply"),
    Can.DELETE: _("Take back"),
    Can.IMAGES: _("Show images with alt text"),
    Can.FIND: _("Find what was published"),
}


def words(can: Can) -> list[str | Promise]:
    return [text for flag, text in WORDS.items() if flag in can]
