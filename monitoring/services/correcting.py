"""A person's word on what a mention means. The machine's label stays beside it, to learn from."""

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.live import publish
from monitoring.enums import About, Sentiment
from monitoring.models import Mention

# The minute's counts follow, so that shares and charts agree with the stream. Closed steps and
# what was detected stay as they were judged.
_MOVE = """
UPDATE monitoring_mentioncount
SET negative = greatest(0, negative + %s), positive = greatest(0, positive + %s)
WHERE brand_id = %s AND minute = date_trunc('minute', %s::timestamptz)
    AND network = %s AND crisis_type = %s
"""
_MOVE_QUERIES = """
UPDATE monitoring_querycount
SET negative = greatest(0, negative + %s), positive = greatest(0, positive + %s)
WHERE query_id = ANY(%s) AND hour = date_trunc('hour', %s::timestamptz, 'UTC')
"""


def correct_sentiment(mention: Mention, sentiment: str, *, by: User) -> Mention:
    """Set what the mention means; the same word twice changes nothing.

    Raises Refused for an unknown sentiment and Conflict when the mention has left meanwhile.
    """
    if sentiment not in Sentiment.values:
        raise Refused(_("That is not a sentiment."))
    with transaction.atomic():
        row = _locked(mention)
        before = row.corrected_sentiment or row.sentiment
        if before == sentiment:
            return row
        # The primary key is (id, published_at): naming the month keeps the update in it.
        Mention.objects.filter(pk=row.pk, published_at=row.published_at).update(
            corrected_sentiment=sentiment
        )
        row.corrected_sentiment = sentiment
        if row.about == About.BRAND:
            _move_counts(row, before, sentiment)
        _move_query_counts(row, before, sentiment)
        audit.record(
            "mention.corrected",
            actor=by,
            brand=row.brand_id,
            subject=str(row.pk),
            before=before,
            after=sentiment,
        )
        publish(f"brand.{row.brand_id}", "volume")
    return row


def _locked(mention: Mention) -> Mention:
    rows = Mention.objects.filter(pk=mention.pk, published_at=mention.published_at)
    row: Mention | None = rows.select_for_update().first()
    if row is None:
        raise Conflict(_("The mention is no longer there."))
    return row


def _move_counts(row: Mention, before: str, after: str) -> None:
    change = _change(before, after)
    minute = (row.brand_id, row.published_at, row.network, row.crisis_type)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, (*change, *minute))


def _move_query_counts(row: Mention, before: str, after: str) -> None:
    if row.queries:
        with connection.cursor() as cursor:
            values = (*_change(before, after), row.queries, row.published_at)
            cursor.execute(_MOVE_QUERIES, values)


def _change(before: str, after: str) -> tuple[int, int]:
    """What a correction adds to the negative and to the positive ones."""
    negative, positive = Sentiment.NEGATIVE, Sentiment.POSITIVE
    return (after == negative) - (before == negative), (after == positive) - (before == positive)
