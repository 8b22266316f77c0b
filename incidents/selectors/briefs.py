"""Updates with their versions, and who has read them."""

from dataclasses import dataclass

from django.db.models import F, QuerySet

from accounts.models import User
from incidents.models import Incident
from incidents.models_updates import BriefReceipt, BriefUpdate, BriefVersion

MOST = 50


@dataclass(frozen=True)
class Told:
    """An update: its latest version, those before, and the latest's readers."""

    brief: BriefUpdate
    latest: BriefVersion
    before: list[BriefVersion]
    receipts: list[BriefReceipt]

    @property
    def read(self) -> int:
        return sum(1 for each in self.receipts if each.read_at)


def updates(incident: Incident) -> list[Told]:
    """Return the updates of an incident, the latest first: four queries."""
    readers = "versions__receipts__subscriber__user"
    rows = incident.briefs.prefetch_related("versions__author", readers)
    found = []
    for brief in rows[:MOST]:
        versions = list(brief.versions.all())
        found.append(Told(brief, versions[0], versions[1:], list(versions[0].receipts.all())))
    return found


def unread(incident: Incident, *, user: User) -> QuerySet[BriefReceipt]:
    """Return what `user` was sent in its latest version and has not confirmed to have read."""
    mine = BriefReceipt.objects.filter(
        version__brief__incident=incident, subscriber__user=user, read_at=None
    )
    return mine.filter(version__number=F("version__brief__version"))
