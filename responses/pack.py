"""Texts of an incident in its offline pack: what is approved may be read out as it is."""

from django.utils.translation import gettext as _

from core.document import Block, Heading, Text
from incidents.models import Incident
from incidents.pack_parts import part

from .enums import DraftState
from .models import Draft, Version

# Approved ones first: in the hour without a desk they are what may be said.
ORDER = (DraftState.APPROVED, DraftState.PUBLISHED, DraftState.SUBMITTED, DraftState.WRITING)


@part(order=10)
def statements(incident: Incident) -> tuple[Block, ...]:
    """Every draft with its newest text and whether it may be used: two queries."""
    drafts = list(Draft.objects.filter(incident=incident, state__in=ORDER))
    if not drafts:
        return ()
    drafts.sort(key=lambda draft: ORDER.index(DraftState(draft.state)))
    newest = Version.objects.filter(draft__in=drafts).order_by("draft", "-number")
    texts = dict(newest.distinct("draft").values_list("draft", "text"))
    found: list[Block] = [Heading(_("Statements"))]
    for draft in drafts:
        allowed = draft.state in (DraftState.APPROVED, DraftState.PUBLISHED)
        state = {"title": draft.title, "state": draft.get_state_display()}
        words = _("%(title)s: %(state)s") % state
        found.append(Text(words, "" if allowed else "warning"))
        found.append(Text(texts.get(draft.pk, "")))
    return tuple(found)
