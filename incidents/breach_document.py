"""The notice to the authority as a document, in the active language (GDPR art. 33)."""

from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import formats
from core.document import Block, Document, Heading, Pairs, Table, Text

from .citing import CITATION
from .enums_record import BreachStep, FactStatus
from .models_breach import BreachEvent
from .models_facts import Fact
from .selectors.breach import Field, Notice


def document(notice: Notice, events: list[BreachEvent], *, now: datetime) -> Document:
    """Return the notice with its facts, phases and the record that art. 33(5) wants."""
    incident = notice.breach.incident
    zone = incident.brand.time_zone
    blocks: list[Block] = [Pairs(_pairs(notice, zone))]
    if notice.missing:
        names = "; ".join(str(field.label) for field in notice.missing)
        missing = _("Still missing: %(fields)s. It may follow in a later phase (art. 33(4)).")
        blocks.append(Text(missing % {"fields": names}, "warning"))
    for each in notice.fields:
        blocks += _field(each, {fact.number: fact for fact in notice.facts})
    blocks += _annex(notice, events, zone)
    return Document(
        title=_("Notification of a personal data breach"),
        above=f"{incident.brand} · {incident.reference}",
        below=_("GDPR art. 33. Made %(at)s.") % {"at": _when(now, zone)},
        blocks=tuple(blocks),
        foot=_("%(reference)s · confidential") % {"reference": incident.reference},
        language=get_language() or "en",
    )


def _when(moment: datetime, zone: str) -> str:
    here = formats.local(moment, zone)
    return f"{formats.full_date(here.date())} {here:%H:%M} ({zone})"


def _pairs(notice: Notice, zone: str) -> tuple[tuple[str, str], ...]:
    breach = notice.breach
    first = notice.phases[0] if notice.phases else None
    rows = [
        (_("Controller"), str(breach.incident.brand)),
        (_("Aware since"), _when(breach.aware_at, zone)),
        (_("72 hours end"), _when(breach.due_at, zone)),
        (_("Status"), str(breach.get_state_display())),
        (_("Those affected (art. 34)"), str(breach.get_telling_display())),
    ]
    if first:
        rows.append((_("First notified"), _when(first.happened_at, zone)))
        rows.append((_("Authority's reference"), first.reference))
    return tuple(rows)


def _field(field: Field, facts: dict[int, Fact]) -> list[Block]:
    said = Text(field.text or _("Not written yet."), "" if field.text else "muted")
    blocks: list[Block] = [Heading(str(field.code.label)), said]
    cited = [facts[int(number)] for number in CITATION.findall(field.text) if int(number) in facts]
    if cited:
        blocks.append(_facts(cited))
    return blocks


def _facts(facts: list[Fact]) -> Table:
    return Table(
        (_("No."), _("Fact"), _("Status"), _("Source")),
        tuple(
            (f"F{fact.number}", fact.text, str(FactStatus(fact.status).label), fact.source or "–")
            for fact in dict.fromkeys(facts)
        ),
        (1, 8, 2, 4),
    )


def _annex(notice: Notice, events: list[BreachEvent], zone: str) -> list[Block]:
    """What was done, so that the authority can verify compliance (art. 33(5))."""
    rows = tuple(
        (
            _when(event.happened_at, zone),
            str(event.get_step_display()),
            str(event.by or "–"),
            " · ".join(part for part in (event.reference, event.reason) if part) or "–",
        )
        for event in reversed(events)
        if event.step != BreachStep.EXPORTED
    )
    head = (_("When"), _("What"), _("Who"), _("Reference and reason"))
    return [Heading(_("What was done (art. 33(5))")), Table(head, rows, (3, 3, 2, 5))]
