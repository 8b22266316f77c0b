"""The order in which an incident's audiences are told, and whether the public's turn has come."""

from collections.abc import Iterable

from incidents.models import Incident
from responses.enums import Act
from responses.enums_plan import Audience
from responses.models import Draft
from responses.models_telling import EarlyWord, Telling

from . import reading, shape


def going_on(incident: Incident) -> Incident:
    """What was merged goes on in another incident, and so does its order."""
    return incident.merged_into or incident


def order_of(incident: Incident) -> list[Telling]:
    """The order, the first told first: as kept, else as the plan had it when this was detected.

    A plan that is written in the middle of an incident holds it up only once it is taken over.
    """
    kept = list(incident.tellings.select_related("told_by"))
    if kept:
        return kept
    version = reading.as_of(incident.brand_id, incident.detected_at)
    return made(incident, version.content["order"]) if version else []


def made(incident: Incident, order: list[shape.Content]) -> list[Telling]:
    """Rows of an order, not yet written."""
    return [
        Telling(
            incident=incident,
            position=place,
            audience=row["audience"],
            how=row["how"],
            who=row["who"],
        )
        for place, row in enumerate(order)
    ]


def untold(incident: Incident) -> list[Audience]:
    """Who is to be told before the public and has not been; none once the public has heard."""
    incident = going_on(incident)
    if incident.responded_at:
        return []
    found: list[Audience] = []
    for row in order_of(incident):
        if row.audience == Audience.PUBLIC:
            return found if row.is_open else []
        if row.is_open:
            found.append(Audience(row.audience))
    return []


# What says something new; an edit or removal of what is out already waits for nobody.
SAYS_NEW = (Act.POST, Act.ANSWER)


def holding(draft: Draft) -> list[Audience]:
    """For whom a draft waits before it may go out; none once somebody has said why it cannot."""
    return waits(draft.incident, [draft]).get(draft.pk, [])


def waits(incident: Incident, drafts: Iterable[Draft]) -> dict[int, list[Audience]]:
    """For whom each of these texts waits before it may go out in this incident, by its id.

    Those that wait for nobody are left out. A reason holds for its draft in its own incident: an
    answer of the library that was approved elsewhere waits all the same.
    """
    new = {each.pk: each for each in drafts if each.act in SAYS_NEW}
    if not new or not (found := untold(incident)):
        return {}
    here = incident.merged_into_id or incident.pk
    own = [
        pk for pk, each in new.items() if (each.incident.merged_into_id or each.incident_id) == here
    ]
    early = set(EarlyWord.objects.filter(draft__in=own).values_list("draft", flat=True))
    return {pk: found for pk in new if pk not in early}


def named(audiences: list[Audience]) -> str:
    return ", ".join(str(each.label) for each in audiences)
