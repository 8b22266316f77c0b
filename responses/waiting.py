"""What a draft waits for, and how long already: the critical path on page and API."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from core import formats

from .enums import DraftState, StepState
from .models import Draft
from .models_policy import ApprovalStep


@dataclass(frozen=True)
class Wait:
    """One step that is asked now. `people` are those who have not said yes to it."""

    step: ApprovalStep
    people: list[User] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.step.name or str(_("an approval"))

    def seconds(self, now: datetime) -> float:
        return max(0.0, (now - (self.step.opened_at or now)).total_seconds())


def of_drafts(drafts: Collection[Draft]) -> dict[int, list[Wait]]:
    """Return what each of these waits for, the longest wait first: three queries for all."""
    waiting = {draft.pk: draft for draft in drafts if draft.state == DraftState.SUBMITTED}
    rows = ApprovalStep.objects.filter(
        version__draft__in=waiting, state=StepState.OPEN
    ).select_related("version")
    steps = list(rows.prefetch_related("approvals").order_by("opened_at", "position"))
    people = User.objects.in_bulk({pk for step in steps for pk in step.asked})
    found: dict[int, list[Wait]] = {}
    for step in steps:
        said = {each.approver_id for each in step.approvals.all()}
        left = [people[pk] for pk in step.asked if pk in people and pk not in said]
        found.setdefault(step.version.draft_id, []).append(Wait(step, left))
    return found


def sentence(waits: list[Wait], now: datetime) -> str:
    """Say "Waits for Legal and Board, 11 min"; "" for what waits for nothing."""
    if not waits:
        return ""
    return _("Waits for %(steps)s, %(time)s") % {
        "steps": ", ".join(each.name for each in waits),
        "time": formats.duration(max(each.seconds(now) for each in waits)),
    }
