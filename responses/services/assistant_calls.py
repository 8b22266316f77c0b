"""Calling the language model: by the engine, outside any transaction, each question at most once.

A question whose engine died is told as lost and never asked again by itself: asking costs money.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext_noop as _

from accounts import audit
from accounts.enums import Permission
from accounts.rules import allowed
from core import crypto
from core.clock import database_now
from core.errors import Refused
from core.words import Words
from responses.assistant import MOST_TOKENS, Answer, Endpoint, ModelError, complete, messages
from responses.enums_assistant import SuggestionState, Wish
from responses.models import Draft
from responses.models_assistant import LanguageModel, ModelUse, Suggestion
from responses.texts import MAX_LENGTH

from .assistant import brief, context, usable
from .telling import refresh, subject

logger = logging.getLogger(__name__)
WORKERS = 4
# After a call's own patience: time to write its outcome down.
GRACE = timedelta(seconds=30)
_pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="language-model")


def call_due(*, now: datetime) -> int:
    """Start the calls that are due, each in a thread of its own; return how many."""
    lose(now=now)
    claimed = claim(now=now)
    for pk in claimed:
        _pool.submit(_in_thread, pk)
    return len(claimed)


@transaction.atomic
def claim(*, now: datetime, limit: int = WORKERS) -> list[int]:
    """Take questions for this process: nobody else calls for them, now or later."""
    rows = Suggestion.objects.filter(state=SuggestionState.WAITING).order_by("at")
    found = list(
        rows.select_for_update(skip_locked=True, of=("self",)).select_related(
            "draft__incident__brand__language_model"
        )[:limit]
    )
    for each in found:
        model = getattr(each.draft.incident.brand, "language_model", None)
        patience = timedelta(seconds=model.patience if model else 0)
        each.state, each.asked_at, each.lost_at = SuggestionState.ASKED, now, now + patience + GRACE
        each.save(update_fields=["state", "asked_at", "lost_at"])
    return [each.pk for each in found]


def _in_thread(pk: int) -> None:
    try:
        call(pk)
    except Exception:
        # It is told as lost in its time.
        logger.exception("Suggestion %s could not be asked for", pk)
    finally:
        connection.close()


def call(pk: int) -> None:
    """Ask for one that was claimed, and keep the outcome."""
    suggestion = Suggestion.objects.select_related("by", "draft__incident__brand").get(pk=pk)
    try:
        endpoint, told = _question(suggestion)
        answer = complete(endpoint, told, most_tokens=MOST_TOKENS)
    except ModelError as error:
        _settle(pk, error=error)
    except Refused as refused:
        _settle(pk, error=ModelError(Words(str(refused))), called=False)
    else:
        _settle(pk, answer=answer)


def _question(suggestion: Suggestion) -> tuple[Endpoint, list[dict[str, str]]]:
    """Judge anew what may be told: rights and switches may have changed since it was asked."""
    by, draft = suggestion.by, suggestion.draft
    visible = by is not None and Draft.objects.visible_to(by).filter(pk=draft.pk).exists()
    if by is None or not visible or not allowed(by, Permission.DRAFT, draft.incident.brand_id):
        raise Refused(_("Whoever asked may not see the draft any more."))
    model = usable(draft)
    try:
        key = (
            crypto.unseal(bytes(model.sealed), context=context(model.brand_id))
            if model.sealed
            else b""
        )
    except crypto.Unsealable as error:
        raise ModelError(_("The key of the language model cannot be read any more.")) from error
    endpoint = Endpoint(model.url, model.model, key.decode(), model.patience)
    return endpoint, messages(brief(draft, Wish(suggestion.wish), by=by))


@transaction.atomic
def _settle(
    pk: int, *, answer: Answer | None = None, error: ModelError | None = None, called: bool = True
) -> None:
    """Keep the outcome, unless it was cancelled; what was not used goes back into the budget."""
    suggestion = Suggestion.objects.select_for_update(of=("self",)).get(pk=pk)
    used = suggestion.reserved
    if not called:
        used = 0
    elif answer and answer.tokens is not None:
        used = answer.tokens
    elif error and error.rest:
        used = 0
    suggestion.tokens = used
    if suggestion.state == SuggestionState.ASKED:
        suggestion.state = SuggestionState.READY if answer else SuggestionState.FAILED
        suggestion.text = answer.text[:MAX_LENGTH] if answer else ""
        suggestion.error = error.words.stored()[:500] if error else ""
    suggestion.save(update_fields=["state", "text", "error", "tokens"])
    draft = Draft.objects.select_related("incident__brand").get(pk=suggestion.draft_id)
    _count(suggestion, draft, used=used, called=called)
    if error and error.rest:
        rests = database_now() + timedelta(seconds=error.rest)
        LanguageModel.objects.filter(brand=draft.incident.brand_id).update(rests_until=rests)
    action = "language_model.answered" if answer else "language_model.failed"
    audit.record(
        action, actor=suggestion.by, brand=draft.incident.brand, subject=subject(draft), count=used
    )
    refresh(draft)


def _count(suggestion: Suggestion, draft: Draft, *, used: int, called: bool) -> None:
    ModelUse.objects.filter(brand=draft.incident.brand_id, month=suggestion.month).update(
        tokens=Greatest(F("tokens") + (used - suggestion.reserved), 0),
        calls=F("calls") - (0 if called else 1),
    )


def lose(*, now: datetime) -> int:
    """Tell those that nobody will answer any more; what they may have cost stays counted."""
    lost = Suggestion.objects.filter(state=SuggestionState.ASKED, lost_at__lt=now)
    error = Words(_("The answer was lost. Ask again if you still want it.")).stored()
    found = list(lost.select_related("draft__incident__brand"))
    count = lost.update(state=SuggestionState.FAILED, error=error, tokens=F("reserved"))
    with transaction.atomic():
        for each in found:
            refresh(each.draft)
    return count
