"""The rows that every service here starts from, and the one order in which they are locked.

Draft, then its publications, then the incident (write_entry), then the audit trail, then the live
counters. Whoever locks in another order can deadlock with the engine.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import Conflict
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication, Version
from responses.states import HELD


def lock_draft(draft_id: int) -> Draft:
    """Return the draft, with its incident and brand, locked against every other change of it."""
    return (
        Draft.objects.select_for_update(no_key=True, of=("self",))
        .select_related("incident__brand", "author")
        .get(pk=draft_id)
    )


def latest_version(draft: Draft) -> Version:
    return draft.versions.get(number=draft.version)


def publications(draft: Draft) -> QuerySet[Publication]:
    return Publication.objects.filter(version__draft=draft)


def call_back(draft: Draft) -> int:
    """Cancel what has not left yet; what is out, or may be, stays. Expects the draft's lock."""
    return publications(draft).filter(state__in=HELD).update(state=PublicationState.CANCELLED)


def refuse_closed(draft: Draft) -> None:
    """Conflict if the draft's life is over."""
    if draft.state == DraftState.DROPPED:
        raise Conflict(_("This draft has been dropped."))
    if draft.state == DraftState.PUBLISHED:
        raise Conflict(_("This draft is published. Write a new one to correct or add to it."))


def move_draft(draft: Draft, state: DraftState, **stamps: object) -> None:
    """Write the draft's state together with the moments that belong to it."""
    draft.state = state
    for name, value in stamps.items():
        setattr(draft, name, value)
    draft.save(update_fields=["state", *stamps])
