"""The four times of an incident, against their targets."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from core import formats

from . import severity
from .models import Incident


@dataclass(frozen=True)
class Measure:
    """One time: `took` is None while it has not happened (or never will)."""

    code: str
    label: str
    took: timedelta | None
    target: timedelta

    @property
    def met(self) -> bool | None:
        return None if self.took is None else self.took <= self.target

    @property
    def took_words(self) -> str:
        return "–" if self.took is None else formats.duration(self.took.total_seconds())

    @property
    def target_words(self) -> str:
        return formats.duration(self.target.total_seconds())


def four_times(incident: Incident) -> list[Measure]:
    """Detect counts from the beginning, the others from detection. Detect, acknowledge, first
    response, resolve."""
    targets = severity.targets(incident.severity, incident.plan)
    since = incident.detected_at
    return [
        Measure("detect", _("Time to detect"), since - incident.began_at, targets.detect),
        Measure(
            "acknowledge",
            _("Time to acknowledge"),
            _after(since, incident.acknowledged_at),
            targets.acknowledge,
        ),
        Measure(
            "respond",
            _("Time to first response"),
            _after(since, incident.responded_at),
            targets.respond,
        ),
        Measure(
            "resolve", _("Time to resolve"), _after(since, incident.resolved_at), targets.resolve
        ),
    ]


def _after(start: datetime, end: datetime | None) -> timedelta | None:
    return None if end is None else max(end - start, timedelta(0))
