"""What time does to approvals: what nobody answers is handed on, and what is old ends.

The engine's loop "approvals". Each step in a transaction of its own, under its draft's lock; what
is done moves or clears the due column with it, so that nothing is lost and nothing done twice.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from incidents.enums import State
from responses.enums import DraftState, PublicationState, StepState
from responses.models import Draft
from responses.models_policy import ApprovalStep

from . import chain
from .publications import ask_again
from .rows import latest_version, publications

logger = logging.getLogger(__name__)
BATCH = 50
# A step that breaks is tried again after this, so that it stops nobody else.
AGAIN = timedelta(seconds=60)
SHOWN = (DraftState.SUBMITTED, DraftState.APPROVED)


def act_on_due(*, now: datetime) -> int:
    """Hand on and end what is due; return how many steps were looked at."""
    due = ApprovalStep.objects.filter(due_at__lte=now).order_by("due_at")
    rows = list(due.values_list("pk", "version__draft")[:BATCH])
    for step_id, draft_id in rows:
        try:
            with transaction.atomic():
                _act(step_id, draft_id, now=now)
        except Exception:
            logger.exception("Approval step %s could not be moved on", step_id)
            ApprovalStep.objects.filter(pk=step_id, due_at__lte=now).update(due_at=now + AGAIN)
    return len(rows)


def _act(step_id: int, draft_id: int, *, now: datetime) -> None:
    draft = _locked(draft_id)
    if draft is None:
        return
    step = ApprovalStep.objects.filter(pk=step_id, due_at__lte=now).first()
    if step is None:
        return
    if draft.state not in SHOWN or draft.incident.state == State.RESOLVED:
        step.due_at = None
        step.save(update_fields=["due_at"])
    elif step.state == StepState.OPEN:
        chain.hand_on(draft, step, now=now)
    else:
        _ended(draft, step, now=now)


def _ended(draft: Draft, step: ApprovalStep, *, now: datetime) -> None:
    """An approval has ended: what has not left is called back, and the step is asked anew."""
    step.due_at = None
    step.save(update_fields=["due_at"])
    held = publications(draft).filter(state__in=(PublicationState.QUEUED, PublicationState.FAILED))
    if draft.state == DraftState.APPROVED and not held.exists():
        return
    held.update(state=PublicationState.CANCELLED, error="approval_expired")
    ask_again(draft, now=now, code="expired")
    fresh = ApprovalStep.objects.get(pk=step.pk)
    if fresh.state == StepState.OPEN:
        chain.call_anew(draft, fresh, now=now)


def begin_missing(*, now: datetime) -> int:
    """Ask about drafts that wait without a step: handed in before there were any. How many."""
    none = ~Exists(ApprovalStep.objects.filter(version__draft=OuterRef("pk")))
    waiting = Draft.objects.filter(none, state=DraftState.SUBMITTED)
    found = 0
    for draft_id in list(waiting.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            draft = _locked(draft_id)
            if draft and waiting.filter(pk=draft_id).exists():
                chain.begin(draft, latest_version(draft), now=now)
                found += 1
    return found


def renew_open(*, now: datetime) -> int:
    """Have each open step ask whoever holds its roles by now; return how many were looked at."""
    waiting = ApprovalStep.objects.filter(
        state=StepState.OPEN, version__draft__state=DraftState.SUBMITTED
    )
    rows = list(waiting.values_list("pk", "version__draft"))
    for step_id, draft_id in rows:
        try:
            with transaction.atomic():
                _renew(step_id, draft_id, now=now)
        except Exception:
            logger.exception("Who is asked by approval step %s could not be renewed", step_id)
    return len(rows)


def _renew(step_id: int, draft_id: int, *, now: datetime) -> None:
    draft = _locked(draft_id)
    step = ApprovalStep.objects.filter(pk=step_id, state=StepState.OPEN).first()
    if draft and step:
        chain.renew(draft, step, now=now)


def _locked(draft_id: int) -> Draft | None:
    """The draft, unless somebody else is at it: then the next cycle is soon enough."""
    drafts = Draft.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
    return drafts.select_related("incident__brand", "author").filter(pk=draft_id).first()


def late(*, now: datetime, grace: timedelta) -> list[str]:
    """Steps that should have been moved on by now, a line each, for the auditor."""
    due = ApprovalStep.objects.filter(due_at__lte=now - grace).select_related("version__draft")
    return [f"approval step {step.pk} of draft {step.version.draft_id}" for step in due[:10]]
