"""Who can be called, who is on call, and what the engine has not done in time."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.enums import Permission
from accounts.models import Brand, Membership, User
from accounts.rules import roles_with
from incidents.enums import Receipt, State
from incidents.escalation import MOST_FAILURES, Roster
from incidents.models import Incident, Shift
from incidents.models_escalation import CallState, FireDrill, WebhookCall
from incidents.models_updates import BriefReceipt
from monitoring.models import Detection

from .duty import duties_at, first_called

# Calls of webhooks are made a few at a time, each for some seconds.
HOOKS_GRACE = timedelta(seconds=60)


def roster(brand: Brand, *, at: datetime) -> tuple[Roster, dict[int, User]]:
    """Return who could answer for `brand` at that time, and those people by id: two queries.

    On call are those who are called first: of each rota the first line that has anybody.
    """
    able = Membership.objects.filter(
        brand=brand, user__is_active=True, role__in=roles_with(Permission.RUN_INCIDENT)
    ).select_related("user")
    held = {membership.user_id: membership for membership in able}
    roles = {user: membership.role for user, membership in held.items()}
    people = {user: membership.user for user, membership in held.items()}
    duties = duties_at([brand.pk], at, {brand.pk: people})
    first = frozenset(duty.user.pk for duty in first_called(duties))
    second = frozenset(duty.user.pk for duty in duties if duty.number > 1)
    return Roster(first, roles, second=second), people


def late(*, now: datetime, grace: timedelta) -> list[str]:
    """Say what should have happened `grace` ago and has not, in English for the operator's log."""
    before = now - grace
    unfired = Incident.with_drills.filter(escalate_at__lt=before)
    parked = Incident.objects.filter(
        state=State.DETECTED, escalate_at=None, escalate_failures__gte=MOST_FAILURES
    )
    unjudged = Incident.objects.filter(state=State.TRIAGE, triage_until__lt=before)
    unmailed = BriefReceipt.objects.filter(state=Receipt.QUEUED, send_at__lt=now - HOOKS_GRACE)
    unseen = Detection.objects.filter(handled_at=None, detected_at__lt=before).count()
    found = [f"{incident.reference}: the next call is overdue" for incident in unfired[:20]]
    found += [f"{incident.reference}: calling has stopped" for incident in parked[:20]]
    # A call that is being made holds a lease; one that fails is put off.
    hooks = WebhookCall.objects.filter(state=CallState.QUEUED, send_at__lt=now - HOOKS_GRACE)
    if waiting := hooks.count():
        found.append(f"{waiting} webhook calls are overdue")
    found += [f"{incident.reference}: triage is overdue" for incident in unjudged[:20]]
    drills = FireDrill.objects.filter(ends_at__lt=now - HOOKS_GRACE)
    found += [f"the fire drill {drill.pk} does not end" for drill in drills[:20]]
    if mails := unmailed.count():
        found.append(f"{mails} updates to subscribers are overdue")
    if unseen:
        found.append(f"{unseen} detections have not been taken up")
    return found


def coming_shifts(brand: Brand, *, at: datetime) -> QuerySet[Shift]:
    """Return the brand's shifts that have not ended, the next first."""
    return brand.shifts.filter(ends_at__gt=at).select_related("user").order_by("starts_at")
