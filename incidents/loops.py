"""What this room has the engine do. Imported by the AppConfig."""

from datetime import datetime, timedelta

from core.clock import database_now
from core.engine import audit, loop
from core.home import ending
from core.timers import timer

from . import briefing, selectors, services
from .enums import Receipt
from .models import Incident
from .models_escalation import CallState, FireDrill, WebhookCall
from .models_roles import RoleHolding
from .models_updates import BriefReceipt
from .selectors.tasks import untold as untold_ones
from .services import care, evidence, tasks

# Rungs fired in one cycle, so that a cycle stays bounded and the engine can stop between two.
MOST_RUNGS = 50
# What the engine has not done by then is told aloud.
GRACE = timedelta(seconds=5)
REMINDER_GRACE = timedelta(seconds=30)

timer(Incident, "escalate_at", "triage_until", "respond_by", "update_by", "pack_at")
timer(FireDrill, "ends_at")
timer(WebhookCall, "send_at")
timer(BriefReceipt, "send_at")
timer(RoleHolding, "care_at")


@loop("escalate", every=0.5, urgent=True, outward=True)
def escalate() -> int:
    """Fire what is due. The clock is read for each: firing fifty takes time."""
    for fired in range(MOST_RUNGS):
        if not services.fire_next(now=database_now()):
            return fired
    return MOST_RUNGS


@loop("triage", every=1.0, outward=True)
def triage() -> int:
    """Have people called for suspicions that nobody judged in time."""
    for accepted in range(MOST_RUNGS):
        if not services.accept_next_due(now=database_now()):
            return accepted
    return MOST_RUNGS


@loop("briefs", every=1.0, outward=True)
def briefs() -> int:
    """Mail the updates that are due."""
    return briefing.send_due(database_now())


@loop("evidence", every=3600.0)
def evidence_orphans() -> int:
    """Remove files that a process left behind which died before it could note them."""
    return evidence.sweep_orphans(database_now())


@loop("take_up", every=0.5)
def take_up() -> int:
    """Turn detections into incidents; woken when one is made."""
    return services.take_up_detections(database_now())


@loop("end_drills", every=1, outward=True)
def end_drills() -> int:
    """Close the fire drills whose time is over."""
    return services.end_drills(database_now())


@loop("hooks", every=0.5, outward=True)
def hooks() -> int:
    """Call the webhooks whose step has fired, and those whose sender did not come back."""
    return services.send_hooks(database_now())


@loop("unreached", every=1.0, outward=True)
def unreached() -> int:
    """Go on at once where a call has reached its person by nothing; woken when that is known."""
    return services.take_up_unreached(database_now())


@loop("remind", every=1.0, outward=True)
def remind() -> int:
    """Tell of tasks that are nearly due, and of those that are late: once each."""
    return tasks.remind_due(now=database_now())


@loop("care", every=2.0, outward=True)
def care_for_crew() -> int:
    """Tell of roles that were held too long, and call somebody to take over."""
    return care.care_due(now=database_now())


@audit("incidents")
def overdue() -> list[str]:
    """Calls and detections that are five seconds late, and ladders that have stopped."""
    return selectors.late(now=database_now(), grace=GRACE)


@audit("tasks")
def untold() -> list[str]:
    """Tasks and roles whose reminder is half a minute late."""
    return untold_ones(now=database_now(), grace=REMINDER_GRACE)


@ending
def forget_what_waited(now: datetime) -> None:
    """Updates and webhook calls of a restored copy have gone out, or are old."""
    mails = BriefReceipt.objects.filter(state=Receipt.QUEUED)
    mails.update(state=Receipt.STOPPED, send_at=None, claim="")
    calls = WebhookCall.objects.filter(state=CallState.QUEUED)
    calls.update(state=CallState.FAILED, send_at=None, claim="", outcome="restored")
