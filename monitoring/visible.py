"""Which mentions may still be shown: not those taken away, nor those of authors who left.

Every reading of mentions' words goes by this: selectors by `STANDING`, querysets by `standing()`.
"""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from .models import HiddenAuthor

# For our own statements: filled with the name of monitoring_mention there.
STANDING = """{0}.gone_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM monitoring_hiddenauthor AS left_us
    WHERE left_us.source_id = {0}.source_id AND left_us.author_id = {0}.author_id AND left_us.gone)
"""


def standing(mentions: "QuerySet[Any]") -> "QuerySet[Any]":
    """Return those of `mentions` whose words may be shown."""
    return mentions.filter(Q(gone_at=None) & ~Exists(_left()))


def emptied(mention: Any) -> Any:
    """Return the mention as it may be shown: without words where its author has left."""
    gone = mention.gone_at is not None
    if not gone and mention.author_id:
        hidden = _hidden().filter(source_id=mention.source_id, author_id=mention.author_id)
        gone = hidden.exists()
    if gone:
        mention.text = mention.title = mention.author = mention.author_id = mention.url = ""
        mention.gone_at = mention.gone_at or timezone.now()
    return mention


def _left() -> "QuerySet[Any]":
    return _hidden().filter(source_id=OuterRef("source_id"), author_id=OuterRef("author_id"))


def _hidden() -> "QuerySet[Any]":
    return HiddenAuthor.objects.filter(gone=True)
