"""Calls from outside: each id once, and all of a call or nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from connectors.base import Post
from core import signatures
from core.errors import Conflict
from monitoring import ingest
from monitoring.models import InboundCall, Source

# After this a replayed call is refused by its timestamp alone.
REMEMBERED = timedelta(seconds=2 * signatures.TOLERANCE + 60)
_REMEMBER = """
INSERT INTO monitoring_inboundcall (source_id, call_id, at) VALUES (%s, %s, %s)
ON CONFLICT DO NOTHING
"""


class NothingUsable(Exception):
    """No row of the call could be taken; `outcome.refused` says why. Nothing was kept."""

    def __init__(self, outcome: ingest.Accepted) -> None:
        super().__init__()
        self.outcome = outcome


@transaction.atomic
def receive(
    source: Source, posts: Sequence[Post], *, call_id: str, now: datetime
) -> ingest.Accepted:
    """Take a call's posts in; refuses an id that was accepted before.

    The id is remembered in the transaction that writes the posts: a call that failed may be sent
    again under its id, one that succeeded may not.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, [source.pk, call_id, now])
        if not cursor.rowcount:
            raise Conflict(_("A call with this webhook-id has already been accepted."))
    outcome = ingest.accept(source, posts, now=now)
    if posts and len(outcome.refused) == len(posts):
        raise NothingUsable(outcome)
    return outcome


def forget_old_calls(*, now: datetime) -> int:
    """Delete ids that can no longer be replayed; return how many."""
    deleted, _by_model = InboundCall.objects.filter(at__lt=now - REMEMBERED).delete()
    return deleted
