"""Comments on a draft: among colleagues, in threads, never part of what goes out.

Notices of them carry no words: what was said stands in the comment's own row and nowhere else.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed, require
from core.errors import Refused
from core.text import clean
from incidents import composer
from incidents.selectors import insiders
from responses.models import Draft
from responses.models_composing import DraftComment

from .rows import lock_draft
from .telling import notice, refresh

LONGEST_COMMENT = 2_000


def may_comment(user: User, draft: Draft) -> bool:
    """Whoever writes or approves may say something, also of a draft that is closed."""
    brand = draft.incident.brand_id
    return allowed(user, Permission.DRAFT, brand) or allowed(user, Permission.APPROVE, brand)


@transaction.atomic
def add_comment(
    draft_id: int, *, text: str, by: User, now: datetime, thread_id: int | None = None
) -> DraftComment:
    """Say something about a draft, or answer in a thread of it, which opens that thread again.

    Its writers, who spoke in the thread, and whom an @ names are told, as far as they may comment.
    Refused for an @ that fits several people.
    """
    draft = lock_draft(draft_id)
    _require(by, draft)
    text = clean(text).strip()
    if not text:
        raise Refused(_("Write what you want to say."))
    if len(text) > LONGEST_COMMENT:
        raise Refused(_("A comment has at most %(limit)d characters.") % {"limit": LONGEST_COMMENT})
    thread = _thread(draft, thread_id) if thread_id else None
    able = able_to(draft)
    named = composer.named(able, text) if "@" in text else {}
    if thread and thread.resolved_at:
        _write_resolved(thread, None, None)
    comment = DraftComment.objects.create(
        draft=draft, thread=thread, author=by, text=text, version=draft.version, at=now
    )
    _tell(comment, able, set(named.values()), now=now)
    refresh(draft)
    return comment


def able_to(draft: Draft) -> list[User]:
    """Who may see the draft's incident and comment here."""
    write = insiders(draft.incident, permission=Permission.DRAFT)
    approve = insiders(draft.incident, permission=Permission.APPROVE)
    return list({user.pk: user for user in (*write, *approve)}.values())


def _tell(comment: DraftComment, able: list[User], named: set[User], *, now: datetime) -> None:
    """Tell each once: whom it names, else who wrote the draft, else who spoke in the thread."""
    draft = comment.draft
    wrote = {draft.author_id, *draft.versions.values_list("editor_id", flat=True)}
    spoke = set()
    if comment.thread:
        answers = comment.thread.answers.values_list("author_id", flat=True)
        spoke = {comment.thread.author_id, *answers}
    told = {user.pk: user for user in able if user.pk != comment.author_id}
    groups = (
        ("comment_named", {user.pk for user in named}),
        ("commented", wrote),
        ("comment_answered", spoke),
    )
    for kind, wanted in groups:
        people = [told.pop(pk) for pk in list(told) if pk in wanted]
        key = f"comment.{comment.pk}"
        notice(people, kind, draft=draft, key=key, now=now, person=str(comment.author))


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
