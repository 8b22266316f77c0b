"""What drafts keep of the mention they answer goes when the mention goes; what somebody typed and
never saved goes in time."""

from datetime import datetime, timedelta

from django.db import connection

from monitoring.visible import STANDING
from responses.models_composing import Unsaved

# As long as browsers keep it.
UNSAVED = timedelta(days=7)

_FORGET = """
UPDATE responses_draft AS d SET reply_to = (d.reply_to - 'text' - 'author') || '{{"gone": true}}'
FROM monitoring_mention AS m
WHERE d.reply_to ? 'text' AND m.id = (d.reply_to->>'id')::bigint
    AND m.published_at = (d.reply_to->>'published_at')::timestamptz
    AND NOT ({})
""".format(STANDING.format("m"))


def forget_gone() -> int:
    """Empty what drafts quote of mentions that were taken away, or whose authors have left."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET)
        emptied: int = cursor.rowcount
    return emptied


def forget_unsaved(*, now: datetime) -> int:
    """Delete what was typed a week ago and neither saved nor touched since."""
    gone, _by_model = Unsaved.objects.filter(at__lte=now - UNSAVED).delete()
    return gone
