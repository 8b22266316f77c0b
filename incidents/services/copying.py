"""A policy's steps as an incident keeps them."""

from typing import Any

from incidents.models import EscalationPolicy, EscalationStep


def copied(policy: EscalationPolicy) -> list[dict[str, Any]]:
    """Return a policy's steps as an incident keeps them: later edits do not touch a running one."""
    return [stored(step) for step in policy.steps.all()]


def stored(step: EscalationStep) -> dict[str, Any]:
    """Return one step as escalation.steps reads it; what is as usual is left out."""
    more: dict[str, Any] = {
        "line": step.line if step.line != 1 else None,
        "people": step.people,
        "subject": step.subject,
        "level": step.level,
        "times": step.times if step.times != 1 else None,
        "key": step.key,
        "only": step.only,
    }
    plain = {
        "target": step.target,
        "user": step.user_id,
        "role": step.role,
        "wait": step.wait_seconds,
    }
    return plain | {name: value for name, value in more.items() if value}
