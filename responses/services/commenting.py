"""Comments on a draft: among colleagues, in threads, never part of what goes out."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed, require
from core.errors import Refused
from core.text import clean
from responses.models import Draft
from responses.models_composing import DraftComment

from .rows import lock_draft
from .telling import refresh

LONGEST_COMMENT = 2_000


def may_comment(user: User, draft: Draft) -> bool:
    """Whoever writes or approves may say something, also of a draft that is closed."""
    brand = draft.incident.brand_id
    return allowed(user, Permission.DRAFT, brand) or allowed(user, Permission.APPROVE, brand)


@transaction.atomic
def add_comment(
    draft_id: int, *, text: str, by: User, now: datetime, thread_id: int | None = None
) -> DraftComment:
    """Say something about a draft, or answer in a thread of it, which opens that thread again."""
    draft = lock_draft(draft_id)
    _require(by, draft)
    text = clean(text).strip()
    if not text:
        raise Refused(_("Write what you want to say."))
    if len(text) > LONGEST_COMMENT:
        raise Refused(_("A comment has at most %(limit)d characters.") % {"limit": LONGEST_COMMENT})
    thread = _thread(draft, thread_id) if thread_id else None
    if thread and thread.resolved_at:
        _write_resolved(thread, None, None)
    comment = DraftComment.objects.create(
        draft=draft, thread=thread, author=by, text=text, version=draft.version, at=now
    )
    refresh(draft)
    return comment


@transaction.atomic
def resolve_comment(
    draft_id: int, thread_id: int, *, by: User, now: datetime, resolved: bool = True
) -> DraftComment:
    """Close a thread, or open it again. Doing so twice changes nothing."""
    draft = lock_draft(draft_id)
    _require(by, draft)
    thread = _thread(draft, thread_id)
    if bool(thread.resolved_at) != resolved:
        _write_resolved(thread, now if resolved else None, by if resolved else None)
        refresh(draft)
    return thread


def _require(user: User, draft: Draft) -> None:
    if not may_comment(user, draft):
        require(user, Permission.DRAFT, draft.incident.brand_id)


def _thread(draft: Draft, thread_id: int) -> DraftComment:
    found = draft.comments.filter(pk=thread_id, thread=None).first()
    if found is None:
        raise Refused(_("There is no such comment."))
    return found


def _write_resolved(thread: DraftComment, at: datetime | None, by: User | None) -> None:
    thread.resolved_at, thread.resolved_by = at, by
    thread.save(update_fields=["resolved_at", "resolved_by"])
