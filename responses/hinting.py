"""What the desk knows already of the advisor's questions, and where from.

What is suggested stays with the answers, for everybody who sees the incident: nothing of another
brand or of a private incident is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Sum

from core import formats
from incidents.enums import Axis, Closing, Origin
from incidents.models import Incident
from monitoring.enums import CrisisType
from monitoring.models import Step

from .strategy.wording import HINTS

# Our map, not Coombs': which kind a crisis that the desk detects most often is.
KINDS: dict[str, str] = {
    CrisisType.NEGATIVE_REVIEW: "challenge",
    CrisisType.CUSTOMER_SERVICE: "challenge",
    CrisisType.SERVICE_DISRUPTION: "technical_accident",
    CrisisType.PRODUCT_SAFETY: "technical_product",
    CrisisType.DATA_BREACH: "malevolence",
    CrisisType.VIRAL_BACKLASH: "challenge",
    CrisisType.PR_DISASTER: "human_accident",
    CrisisType.LEGAL_REGULATORY: "misdeed",
    CrisisType.MISINFORMATION: "rumour",
}
# Reputation: of at least so many mentions in these days, so large a share that is negative.
BEFORE = timedelta(days=30)
LEAST = 200
BAD = 0.4
REMEMBERED = timedelta(days=3 * 365)


@dataclass(frozen=True)
class Hint:
    """A suggested answer. `source` is {"code", figures} and is kept with the answers."""

    question: str
    answer: str
    source: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return told(self.source)


def told(source: dict[str, Any]) -> str:
    """Put into words where an answer came from; "" for one that a person gave."""
    if not source:
        return ""
    said = dict(source)
    if "kind" in said:
        said["kind"] = CrisisType(said["kind"]).label
    if "share" in said:
        said["share"] = formats.percent(said["share"])
        said["total"] = formats.number(said["total"])
    return str(HINTS[said["code"]]) % said


def hints(incident: Incident) -> dict[str, Hint]:
    """Return what can be suggested, by question: at most five queries."""
    sources = (_kind, _harm, _history, _reputation, _public)
    return {hint.question: hint for read in sources for hint in read(incident)}


def _kind(incident: Incident) -> Iterator[Hint]:
    if found := KINDS.get(incident.crisis_type):
        yield Hint("kind", found, {"code": "crisis_type", "kind": incident.crisis_type})


def _harm(incident: Incident) -> Iterator[Hint]:
    """Only what a person said: a kind of crisis in which people may be hurt is no harm yet."""
    scored = incident.scores.get(Axis.HARM.value, {})
    if scored.get("by") and scored["points"]:
        yield Hint("harm", "yes", {"code": "scored", "name": str(scored["by"])})
    elif incident.personal_data:
        yield Hint("harm", "yes", {"code": "personal_data"})


def _history(incident: Incident) -> Iterator[Hint]:
    if incident.crisis_type == CrisisType.NONE:
        return
    alike = Incident.objects.filter(
        brand=incident.brand_id, crisis_type=incident.crisis_type, is_private=False
    ).exclude(closed_as__in=(Closing.DISMISSED, Closing.MERGED))
    earlier = alike.filter(
        began_at__lt=incident.began_at, began_at__gte=incident.began_at - REMEMBERED
    ).exclude(pk=incident.pk)
    last = earlier.order_by("-began_at").first()
    if last:
        day = last.began_at.date().isoformat()
        yield Hint("history", "yes", {"code": "earlier", "reference": last.reference, "day": day})


def _reputation(incident: Incident) -> Iterator[Hint]:
    before = Step.objects.filter(
        brand=incident.brand_id,
        starts_at__gte=incident.began_at - BEFORE,
        starts_at__lt=incident.began_at - timedelta(hours=1),
    ).aggregate(total=Sum("total"), negative=Sum("negative"))
    if (before["total"] or 0) < LEAST:
        return
    share = before["negative"] / before["total"]
    source = {"code": "before", "total": before["total"], "share": round(share, 2)}
    yield Hint("reputation", "negative" if share >= BAD else "neutral", source)


def _public(incident: Incident) -> Iterator[Hint]:
    found = (Origin.DETECTION, Origin.MENTION)
    if incident.origin in found or incident.linked_mentions.exists():
        yield Hint("public", "yes", {"code": "mentions"})
    elif incident.responded_at:
        yield Hint("public", "yes", {"code": "word"})
