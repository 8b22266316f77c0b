"""The head of an incident as it stands, and how old it is."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from incidents.enums_record import Section, TimerKind
from incidents.models import Incident
from incidents.models_facts import Fact, SituationVersion

from .facts import known


@dataclass(frozen=True)
class Part:
    """One part that people write; None until somebody has."""

    section: Section
    version: SituationVersion | None

    @property
    def number(self) -> int:
        return self.version.number if self.version else 0

    @property
    def text(self) -> str:
        return self.version.text if self.version else ""


@dataclass(frozen=True)
class Situation:
    """`known` are the verified facts, `unknown` the others; `since` is when it was last right."""

    parts: list[Part]
    known: list[Fact]
    unknown: list[Fact]
    since: datetime
    is_old: bool


def situation(incident: Incident) -> Situation:
    """Return the head as it stands: three queries."""
    latest = incident.situation.order_by("section", "-number").distinct("section")
    found = {version.section: version for version in latest.select_related("by")}
    timer = incident.timers.filter(kind=TimerKind.SITUATION).first()
    sure, unsure = known(incident)
    return Situation(
        parts=[Part(section, found.get(section)) for section in Section],
        known=sure,
        unknown=unsure,
        since=timer.since if timer else incident.detected_at,
        is_old=bool(timer and timer.stage and timer.due_at),
    )


def history(incident: Incident) -> QuerySet[SituationVersion]:
    """Return every version of every part, the latest first."""
    return incident.situation.select_related("by").order_by("-at", "-pk")
