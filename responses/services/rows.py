"""The rows that every service here starts from, and the one order in which they are locked.

Draft, then its publications, then the incident (write_entry), then the audit trail, then the live
counters. Whoever locks in another order can deadlock with the engine.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from core.errors import Conflict
from responses.enums import Act, DraftState, PublicationState
from responses.models import Draft, Publication, Version
from responses.states import FELL, GONE, HELD


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


def thread_of(publication: Publication) -> QuerySet[Publication]:
    """Every part of the thread that it is one of, in order; itself where it goes out whole."""
    rows = Publication.objects.filter(version=publication.version_id)
    return rows.filter(account=publication.account_id).order_by("part")


def in_turn() -> Q:
    """Rows that nothing has to go out before: the first of a thread, those whose part before is
    out, and what takes parts down."""
    before = Publication.objects.filter(
        version=OuterRef("version"),
        account=OuterRef("account"),
        part=OuterRef("part") - 1,
        state=PublicationState.SENT,
    )
    return Q(part=1) | Q(version__draft__act=Act.DELETE) | Q(Exists(before))


def left_unsaid(version: Version) -> QuerySet[Publication]:
    """The rest of threads that have begun, called back because an approval fell."""
    before = Publication.objects.filter(
        version=OuterRef("version"),
        account=OuterRef("account"),
        part__lt=OuterRef("part"),
        state__in=GONE,
    )
    rows = Publication.objects.filter(version=version, state=PublicationState.CANCELLED)
    return rows.filter(Exists(before), error__in=FELL)


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
