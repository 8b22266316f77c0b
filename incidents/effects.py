"""What this room's own steps change. Imported by the AppConfig; rooms above register theirs."""

from datetime import datetime

from . import steps
from .enums import Severity, State
from .escalation import Step
from .models import Incident
from .services import running, triage


def raise_severity(incident: Incident, step: Step, now: datetime) -> bool:
    """Raise it to the step's level, unless a person has set it: whoever did knew something."""
    level = Severity(step.level)
    reasons = [{"code": "step"}]
    return running.raise_severity(incident, level, reasons=reasons, now=now, code="step")


def declare(incident: Incident, step: Step, now: datetime) -> bool:
    """Make a suspicion an incident; what is one already stays as it is."""
    if incident.state != State.TRIAGE:
        return False
    triage.begin(incident, code="declared", now=now)
    return True


steps.register("severity", raise_severity)
steps.register("declare", declare)
