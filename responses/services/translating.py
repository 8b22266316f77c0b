"""One text in two languages: two drafts beside each other, each approved by itself."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core.errors import Conflict, Refused
from responses.enums import Act, DraftState
from responses.models import Draft

from .drafting import create_draft
from .rows import latest_version, lock_draft
from .telling import refresh


@transaction.atomic
def start_translation(draft_id: int, *, by: User, now: datetime) -> Draft:
    """Begin the same text in another language: a draft with its words, to be written over.

    It goes nowhere until its writer chooses accounts. Refused for an edit or removal, and where
    there is one already.
    """
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    if draft.act != Act.POST:
        raise Refused(_("This is about one published text. It has no translation of its own."))
    if draft.beside and draft.beside.state != DraftState.DROPPED:
        raise Conflict(_("There is a translation already: “%(title)s”.") % {"title": draft.beside})
    latest = latest_version(draft)
    other = create_draft(
        draft.incident_id,
        title=(_("Translation: %(title)s") % {"title": draft.title})[:120],
        text=latest.written,
        shows=latest,
        by=by,
        now=now,
        reply_to=draft.reply_to,
        thread=draft.thread,
    )
    draft.beside, draft.beside_version = other, 0
    other.beside, other.beside_version = draft, 0
    for each in (draft, other):
        each.save(update_fields=["beside", "beside_version"])
    return other


@transaction.atomic
def say_same(draft_id: int, *, version: int, other_version: int, by: User) -> Draft:
    """Say that both say the same, in these versions. Conflict if either has changed since."""
    other_id = Draft.objects.values_list("beside", flat=True).get(pk=draft_id)
    if other_id is None:
        raise Refused(_("There is no translation."))
    # Whoever begins at the other one locks in the same order.
    locked = {pk: lock_draft(pk) for pk in sorted((draft_id, other_id))}
    draft, other = locked[draft_id], locked[other_id]
    require(by, Permission.DRAFT, draft.incident.brand_id)
    if (draft.version, other.version) != (version, other_version):
        raise Conflict(_("One of both was changed while you read. Look at it again."))
    draft.beside_version, other.beside_version = other.version, draft.version
    for each in (draft, other):
        each.save(update_fields=["beside_version"])
    refresh(draft)
    return draft
