"""What became of an answer: recorded by the engine, settled by a person.

Each locks the answer, then its conversation. The engine's own take the attempt that they speak of
and change nothing when the row has moved on.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.base import Receipt
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from incidents.selectors import insiders
from incidents.services import mark_responded
from notifications.models import Urgency
from notifications.services import notify
from responses.enums import PublicationState
from responses.models_engage import Answer
from responses.services.publications import LONGEST_WAIT, LOOKS, RETRY_DELAYS

from .leaving import answered


def lock_answer(answer_id: int) -> Answer:
    rows = Answer.objects.select_for_update(no_key=True, of=("self",))
    related = rows.select_related(
        "account", "by", "run", "conversation__incident__brand", "version__draft__incident__brand"
    )
    return related.get(pk=answer_id)


def _lock_attempt(answer_id: int, attempt: int, *states: PublicationState) -> Answer | None:
    row = lock_answer(answer_id)
    return row if row.attempts == attempt and row.state in states else None


def move(row: Answer, state: PublicationState, **fields: object) -> None:
    """Write the state with what belongs to it, and refresh the pages. Expects the lock."""
    row.state = state
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *fields])
    incident_id = row.conversation.incident_id
    live.publish(f"incident.{incident_id}", "engage", {"conversation": row.conversation_id})


@transaction.atomic
def record_sent(answer_id: int, attempt: int, receipt: Receipt, /, *, now: datetime) -> bool:
    """It is out, with proof; a late proof is welcome."""
    row = _lock_attempt(answer_id, attempt, PublicationState.SENDING, PublicationState.UNCERTAIN)
    if row:
        _sent(row, receipt, at=now)
    return row is not None


def _sent(row: Answer, receipt: Receipt, *, at: datetime) -> None:
    earlier = Answer.objects.filter(version=row.version_id, state=PublicationState.SENT)
    is_first = not earlier.filter(account=row.account_id).exists()
    move(
        row,
        PublicationState.SENT,
        sent_at=at,
        external_id=clean(receipt.external_id),
        url=clean(receipt.url),
        error="",
        look_at=None,
    )
    answered(row.conversation_id, at=at)
    if is_first:
        # The public heard it once, however many it goes to.
        mark_responded(
            row.conversation.incident_id,
            at=at,
            channel=row.account.network,
            text=row.text,
            url=row.url,
            key=f"answer.{row.version_id}.{row.account_id}",
        )


@transaction.atomic
def record_failed(answer_id: int, attempt: int, error: str, /, *, now: datetime) -> bool:
    """Refused for good: shown, with what to do."""
    row = _lock_attempt(answer_id, attempt, PublicationState.SENDING)
    if row:
        fail(row, error, now=now)
    return row is not None


def fail(row: Answer, error: str, *, now: datetime) -> None:
    """Expects the lock. `error` is the network's words or a code of problems.py."""
    move(row, PublicationState.FAILED, error=clean(error)[:500], look_at=None)
    _notice(row, "answer_failed", now=now)


@transaction.atomic
def record_not_sent(
    answer_id: int, attempt: int, error: str, /, *, now: datetime, wait: float | None = None
) -> bool:
    """Surely nothing left: again soon, unless it is enough. `wait` is what the network asked."""
    row = _lock_attempt(answer_id, attempt, PublicationState.SENDING)
    if not row:
        return False
    tries = attempt % (len(RETRY_DELAYS) + 1)
    if not tries or (wait or 0) > LONGEST_WAIT:
        fail(row, error, now=now)
        return True
    again = now + timedelta(seconds=max(RETRY_DELAYS[tries - 1], wait or 0))
    move(row, PublicationState.QUEUED, publish_at=again, error=clean(error)[:500])
    return True


@transaction.atomic
def record_uncertain(answer_id: int, attempt: int, error: str, /, *, now: datetime) -> bool:
    """Nobody knows: shown, and looked for a few more times; never sent again by the machine."""
    row = _lock_attempt(answer_id, attempt, PublicationState.SENDING)
    if not row:
        return False
    move(row, PublicationState.UNCERTAIN, error=clean(error)[:500], look_at=_next_look(row, now))
    _notice(row, "answer_uncertain", now=now)
    return True


@transaction.atomic
def record_look(answer_id: int, attempt: int, /, *, now: datetime, found: bool | None) -> bool:
    """It was looked for again without proof."""
    row = _lock_attempt(answer_id, attempt, PublicationState.UNCERTAIN)
    if not row:
        return False
    error = "not_there" if found is False else row.error
    move(row, PublicationState.UNCERTAIN, look_at=_next_look(row, now), error=error)
    return True


def _next_look(row: Answer, now: datetime) -> datetime | None:
    start = row.sending_since or now
    looks = (start + timedelta(seconds=each) for each in LOOKS)
    return next((each for each in looks if each > now), None)


def _notice(row: Answer, kind: str, *, now: datetime) -> None:
    """Whoever sent it hears of it: of a run once an hour, for many may fail alike."""
    incident = row.conversation.incident
    which = f"run.{row.run_id}.{now:%Y%m%d%H}" if row.run_id else f"{row.pk}.{row.attempts}"
    notify(
        insiders(incident).filter(pk=row.by_id),
        key=f"engage.{kind}.{which}",
        kind=f"responses.{kind}",
        params={
            "brand": incident.brand.name,
            "reference": incident.reference,
            "account": row.account.name,
        },
        url=reverse("responses:conversation", args=[incident.reference, row.conversation_id]),
        brand=incident.brand,
        urgency=Urgency.NEWS if kind == "answer_failed" else Urgency.PAGE,
        now=now,
    )


# By a person


@transaction.atomic
def settle_answer(answer_id: int, outcome: str, *, by: User, now: datetime) -> Answer:
    """Say what became of an uncertain one: "sent" or "failed". Conflict when it is settled."""
    row = lock_answer(answer_id)
    require(by, Permission.PUBLISH, row.conversation.incident.brand_id)
    if row.state != PublicationState.UNCERTAIN:
        raise Conflict(_("This is already settled."))
    if outcome == "sent":
        _sent(row, Receipt(""), at=row.sending_since or now)
    elif outcome == "failed":
        move(row, PublicationState.FAILED, error="said_not_out", look_at=None)
    else:
        raise Refused(_("Say whether it is out or not."))
    return row


@transaction.atomic
def cancel_answer(answer_id: int, *, by: User, now: datetime) -> Answer:
    """Keep a queued or failed one from going out. Conflict once it may be out."""
    row = lock_answer(answer_id)
    require(by, Permission.DRAFT, row.conversation.incident.brand_id)
    if row.state == PublicationState.CANCELLED:
        return row
    if row.state not in (PublicationState.QUEUED, PublicationState.FAILED):
        raise Conflict(_("It is out, or on its way."))
    move(row, PublicationState.CANCELLED, error="")
    return row
