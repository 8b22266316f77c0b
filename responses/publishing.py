"""The publications as a book of the outbox: what is asked again before anything goes out."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from connectors.base import Message
from connectors.outbox import STALE_AFTER, Book, Claim, Outbox

from .enums import PublicationState
from .models import Draft, Publication
from .services import publications as outcome


class Publications(Book):
    """Versions on their way out. Each claim asks again whether the approval still stands."""

    noun = "Publication"
    record_sent = staticmethod(outcome.record_sent)
    record_failed = staticmethod(outcome.record_failed)
    record_not_sent = staticmethod(outcome.record_not_sent)
    record_uncertain = staticmethod(outcome.record_uncertain)
    record_look = staticmethod(outcome.record_look)

    def due(self, *, now: datetime, busy: Collection[int], limit: int) -> Iterable[tuple[int, int]]:
        return (
            Publication.objects.filter(state=PublicationState.QUEUED, publish_at__lte=now)
            .exclude(account_id__in=busy)
            .order_by("publish_at", "pk")
            .values_list("pk", "account_id")[:limit]
        )

    @transaction.atomic
    def claim(self, row_id: int, *, now: datetime) -> Claim | None:
        """Everything that was true when it was approved is asked again, under the draft's lock."""
        drafts = Draft.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        draft = (
            drafts.select_related("incident__brand", "author")
            .filter(pk__in=Publication.objects.filter(pk=row_id).values("version__draft_id"))
            .first()
        )
        if draft is None:
            return None
        rows = Publication.objects.select_for_update(no_key=True, of=("self",))
        publication = (
            rows.select_related("account", "version__draft")
            .filter(pk=row_id, state=PublicationState.QUEUED, publish_at__lte=now)
            .first()
        )
        if publication is None or _refused(draft, publication, now=now):
            return None
        publication.state = PublicationState.SENDING
        publication.attempts += 1
        publication.sending_since = now
        publication.save(update_fields=["state", "attempts", "sending_since"])
        return _claim_of(publication)

    def postpone(self, row_id: int, *, until: datetime) -> None:
        queued = Publication.objects.filter(pk=row_id, state=PublicationState.QUEUED)
        queued.update(publish_at=until)

    def left_behind(self, *, now: datetime, limit: int) -> list[int]:
        rows = Publication.objects.order_by("pk")
        stale = rows.filter(state=PublicationState.SENDING, sending_since__lte=now - STALE_AFTER)
        unsure = rows.filter(state=PublicationState.UNCERTAIN, look_at__lte=now)
        return [row.pk for row in (*stale[:limit], *unsure[:limit])][:limit]

    def unfinished(self, row_id: int) -> tuple[Claim, bool] | None:
        rows = Publication.objects.select_related("account", "version__draft")
        row = rows.filter(pk=row_id).first()
        return (_claim_of(row), row.state == PublicationState.UNCERTAIN) if row else None


def _refused(draft: Draft, publication: Publication, *, now: datetime) -> bool:
    """Whether it must not go out after all; then the row and the people know why."""
    text = publication.version.text
    bytes_differ = hashlib.sha256(text.encode()).hexdigest() != publication.sha256
    if bytes_differ or not outcome.is_covered(draft, publication):
        outcome.approval_fell(draft, publication, now=now)
    elif publication.account.brand_id != draft.incident.brand_id:
        outcome.fail(draft, publication, error="account_foreign", now=now)
    elif not publication.account.is_active:
        outcome.fail(draft, publication, error="account_inactive", now=now)
    else:
        return False
    return True


def _claim_of(publication: Publication) -> Claim:
    return Claim(
        publication.pk,
        publication.attempts,
        publication.account,
        Message(
            publication.version.text,
            publication.idempotency_key,
            reply_to=publication.reply_to,
            since=publication.created_at,
        ),
    )


# The one of this process.
OUTBOX = Outbox(Publications())
claim_due = OUTBOX.claim_due
deliver = OUTBOX.deliver
look_for = OUTBOX.look_for
publish_due = OUTBOX.publish_due
