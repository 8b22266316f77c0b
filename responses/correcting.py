"""Published texts that rest on facts which have been withdrawn since."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from incidents.citing import cited
from incidents.enums_record import FactStatus
from incidents.models_facts import Fact

from .enums import DraftState, PublicationState
from .models import Draft, Publication


def standing(incident_id: int) -> QuerySet[Publication]:
    """What stands out there of an incident: published, and not taken down."""
    return Publication.objects.filter(
        version__draft__incident=incident_id, state=PublicationState.SENT, gone_at=None
    ).select_related("account", "version__draft__incident", "edited_to")


def to_correct(incident_id: int) -> list[tuple[Publication, list[int]]]:
    """Return what stands out there and cites a withdrawn fact, with the facts' numbers.

    A published correction of it ends that. Three queries.
    """
    corrected = Draft.objects.filter(
        corrects__version=OuterRef("version"),
        corrects__account=OuterRef("account"),
        state=DraftState.PUBLISHED,
    )
    citing = Q(version__cited__icontains="[F") | Q(version__text__icontains="[F")
    citing |= Q(edited_to__cited__icontains="[F")
    rows = list(
        standing(incident_id).filter(citing).exclude(Exists(corrected)).order_by("-sent_at")
    )
    found = withdrawn(rows)
    return [(row, found[row.pk]) for row in rows if row.pk in found]


def withdrawn(publications: Collection[Publication]) -> dict[int, list[int]]:
    """Return, for each that cites any, the numbers of its withdrawn facts; of a thread, for the
    first part that stands. One query."""
    incidents = {each.version.draft.incident_id for each in publications}
    facts = Fact.objects.filter(incident__in=incidents, status=FactStatus.WITHDRAWN)
    gone = set(facts.values_list("incident", "number"))
    found: dict[int, list[int]] = {}
    marked: set[tuple[int, int]] = set()
    for each in sorted(publications, key=lambda each: each.part):
        thread = (each.version_id, each.account_id)
        incident = each.version.draft.incident_id
        numbers = sorted(n for n in cited(each.shown.written) if (incident, n) in gone)
        if numbers and thread not in marked and not each.gone_at:
            found[each.pk] = numbers
            marked.add(thread)
    return found
