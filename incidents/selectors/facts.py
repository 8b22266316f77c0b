"""The fact ledger: what is claimed, how sure it is, and where it is cited."""

from collections.abc import Iterable

from django.db.models import QuerySet

from incidents import citing
from incidents.citing import Place, cited
from incidents.enums_record import FactStatus
from incidents.models import Incident
from incidents.models_facts import Fact, FactChange

__all__ = ["citations", "cited", "facts", "get_fact", "history", "known", "standing", "unverified"]
# In which order the ledger is worked through: what is open first.
WORK = (FactStatus.DISPUTED, FactStatus.UNCONFIRMED, FactStatus.VERIFIED, FactStatus.WITHDRAWN)


def facts(incident: Incident) -> QuerySet[Fact]:
    """Return every fact of the incident, by number, with its owner."""
    return incident.facts.select_related("owner")


def worklist(incident: Incident) -> list[Fact]:
    """Return the facts with the open ones first, the newest first among equals."""
    return sorted(
        facts(incident), key=lambda fact: (WORK.index(FactStatus(fact.status)), -fact.number)
    )


def get_fact(incident: Incident, number: int) -> Fact:
    """Return one fact by number; Fact.DoesNotExist if there is none."""
    return facts(incident).get(number=number)


def history(fact: Fact) -> QuerySet[FactChange]:
    """Return how it stood after each change, the latest first."""
    return fact.changes.select_related("by")


def standing(incident_id: int, numbers: Iterable[int] | None = None) -> dict[int, str]:
    """Return each fact's status by number: one query, none for no numbers."""
    if numbers is not None and not (numbers := set(numbers)):
        return {}
    found = Fact.objects.filter(incident=incident_id)
    if numbers is not None:
        found = found.filter(number__in=numbers)
    return dict(found.values_list("number", "status"))


def unverified(incident: Incident, numbers: Iterable[int]) -> list[Fact]:
    """Return those of the cited facts that are not verified (any more), by number."""
    found = incident.facts.filter(number__in=set(numbers))
    return list(found.exclude(status=FactStatus.VERIFIED).order_by("number"))


def known(incident: Incident) -> tuple[list[Fact], list[Fact]]:
    """Return (what we know, what we do not): the verified facts, and those that are not sure."""
    found = list(incident.facts.exclude(status=FactStatus.WITHDRAWN))
    sure = [fact for fact in found if fact.status == FactStatus.VERIFIED]
    return sure, [fact for fact in found if fact.status != FactStatus.VERIFIED]


def citations(incident: Incident) -> dict[int, list[Place]]:
    """Return where each fact is cited: in the timeline, and in what the rooms above tell."""
    found: dict[int, list[Place]] = {}
    for finder in citing.FINDERS:
        for place in finder(incident.pk):
            for number in cited(place.text):
                found.setdefault(number, []).append(place)
    return found
