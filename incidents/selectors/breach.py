"""A breach of personal data for who may see it, and what its notice still lacks."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed
from incidents import citing
from incidents.enums import IncidentRole
from incidents.enums_record import BreachField, BreachState, BreachStep
from incidents.models import Incident
from incidents.models_breach import Breach, BreachEvent, BreachText
from incidents.models_facts import Fact

# What art. 33(3) requires of every notice; reasons for a delay only of a late one.
REQUIRED = tuple(field for field in BreachField if field != BreachField.DELAY)
# Whose role lets them see a breach without running the incident.
ROLES = (IncidentRole.LEGAL, IncidentRole.LEAD, IncidentRole.SPONSOR)


@dataclass(frozen=True)
class Field:
    """A field of the notice; `text` is None while nobody has written it."""

    code: BreachField
    version: BreachText | None
    unsure: list[Fact]

    @property
    def text(self) -> str:
        return self.version.text if self.version else ""

    @property
    def number(self) -> int:
        return self.version.number if self.version else 0


@dataclass(frozen=True)
class Notice:
    """The notice as it stands: `missing` are required and empty, `phases` went out."""

    breach: Breach
    fields: list[Field]
    missing: list[BreachField]
    phases: list[BreachEvent]
    facts: list[Fact]
    is_late: bool


def may_see(user: User, incident: Incident) -> bool:
    """Whoever runs or approves in the brand, and who holds a role that has to know."""
    wanted = (Permission.RUN_INCIDENT, Permission.APPROVE)
    if any(allowed(user, permission, incident.brand_id) for permission in wanted):
        return True
    return incident.holdings.filter(user=user, role__in=ROLES, until=None).exists()


def may_write(user: User, incident: Incident) -> bool:
    """Whoever runs the incident, and legal."""
    if allowed(user, Permission.RUN_INCIDENT, incident.brand_id):
        return True
    return incident.holdings.filter(user=user, role=IncidentRole.LEGAL, until=None).exists()


def get_breach(incident: Incident) -> Breach | None:
    """Return the incident's breach; None if nobody has started its clock."""
    found: Breach | None = Breach.objects.filter(incident=incident).first()
    return found


def texts(breach: Breach) -> dict[str, BreachText]:
    """Return each field's latest version: one query."""
    latest = breach.texts.order_by("field", "-number").distinct("field")
    return {text.field: text for text in latest.select_related("by")}


def notice(breach: Breach, *, now: datetime) -> Notice:
    """Return the notice as it stands, with what is missing and which facts are not sure."""
    found = texts(breach)
    facts = list(breach.incident.facts.all())
    fields = [_field(code, found.get(code), facts) for code in BreachField]
    phases = list(breach.events.filter(step=BreachStep.NOTIFIED).order_by("pk"))
    first = phases[0].happened_at if phases else now
    late = breach.state != BreachState.NOT_NEEDED and first > breach.due_at
    required = BreachField if late else REQUIRED
    missing = [each.code for each in fields if not each.text and each.code in required]
    cited = {number for each in fields for number in citing.cited(each.text)}
    return Notice(
        breach=breach,
        fields=[each for each in fields if each.code in required or each.text],
        missing=missing,
        phases=phases,
        facts=[fact for fact in facts if fact.number in cited],
        is_late=late,
    )


def _field(code: BreachField, version: BreachText | None, facts: list[Fact]) -> Field:
    cited = citing.cited(version.text) if version else set()
    unsure = [fact for fact in facts if fact.number in cited and fact.status != "VERIFIED"]
    return Field(code, version, unsure)


def events(breach: Breach) -> QuerySet[BreachEvent]:
    """Return all that was done about it, the latest first (art. 33(5))."""
    return breach.events.select_related("by")
