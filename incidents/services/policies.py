"""The policies that say who is called, in which order. Each save is a version that stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import roles_with
from accounts.selectors import members
from core.clock import database_now
from core.errors import Refused
from core.text import clean
from incidents import conditions, escalation, steps
from incidents.enums import IncidentRole, Severity, Target
from incidents.models import EscalationPolicy, EscalationStep
from incidents.models_escalation import OutgoingWebhook, PolicyVersion
from notifications.models import Channel

from .copying import copied

MOST_STEPS, MOST_ROUNDS, MOST_TIMES, MOST_PEOPLE = 20, 10, 10, 20
LONGEST_WAIT = 24 * 3600
LONGEST_WINDOW = 7 * 24 * 60
CONDITIONS = ("hours", "severity", "alarms")


@transaction.atomic
def save_policy(  # noqa: PLR0913 - what a policy is made of
    brand: Brand,
    *,
    policy: EscalationPolicy | None = None,
    name: str,
    rounds: int,
    is_default: bool,
    steps: Sequence[dict[str, Any]],
    by: User | None,
    now: datetime | None = None,
) -> EscalationPolicy:
    """Write a policy and its steps, in this order, and keep them as its next version.

    A step is `{"target", "user", "role", "wait"}` (a User or None, seconds) and, as its target
    asks, what escalation.Step names: `line`, `people` (ids), `subject`, `level`, `times`, `key`,
    `only`.
    Running incidents keep the ladder they opened with. Refused if a step could never do anything.
    """
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    _check(brand, name=name, rounds=rounds, wanted=steps)
    policy = policy or EscalationPolicy(brand=brand)
    if policy.pk:
        # Somebody may have saved it since it was read.
        policy.refresh_from_db(fields=["version"])
    policy.name, policy.rounds, policy.is_default = clean(name).strip(), rounds, is_default
    if is_default:
        brand.policies.exclude(pk=policy.pk).update(is_default=False)
    policy.version += 1
    policy.save()
    policy.steps.all().delete()
    EscalationStep.objects.bulk_create(
        _step(policy, position, step) for position, step in enumerate(steps, start=1)
    )
    version = _keep(policy, by=by, now=now or database_now())
    audit.record(
        "policy.saved",
        actor=by,
        brand=brand,
        subject=policy.name,
        steps=len(steps),
        version=version.number,
    )
    return policy


def _step(policy: EscalationPolicy, position: int, step: dict[str, Any]) -> EscalationStep:
    turn = step["target"] == Target.TURN
    return EscalationStep(
        policy=policy,
        position=position,
        target=step["target"],
        user=step["user"],
        role=step["role"],
        wait_seconds=step["wait"],
        line=step.get("line") or 1,
        people=list(step.get("people") or []),
        subject=step.get("subject"),
        level=step.get("level"),
        times=step.get("times") or 1,
        key=(step.get("key") or uuid4().hex[:8]) if turn else "",
        only={
            name: step["only"][name] for name in CONDITIONS if (step.get("only") or {}).get(name)
        },
    )


def _keep(policy: EscalationPolicy, *, by: User | None, now: datetime) -> PolicyVersion:
    return PolicyVersion.objects.create(
        policy=policy,
        number=policy.version,
        saved_at=now,
        saved_by=by,
        name=policy.name,
        rounds=policy.rounds,
        ladder=copied(policy),
    )


def restore_version(version: PolicyVersion, *, by: User) -> EscalationPolicy:
    """Save an earlier version again, as the latest. Refused if it makes no sense any more."""
    policy = version.policy
    users = {user.pk: user for user in members(policy.brand)}
    wanted = [step | {"user": users.get(step["user"])} for step in version.ladder]
    return save_policy(
        policy.brand,
        policy=policy,
        name=version.name,
        rounds=version.rounds,
        is_default=policy.is_default,
        steps=wanted,
        by=by,
    )


def _check(brand: Brand, *, name: str, rounds: int, wanted: Sequence[dict[str, Any]]) -> None:
    if not name.strip():
        raise Refused(_("Give the policy a name."))
    if not 1 <= len(wanted) <= MOST_STEPS:
        raise Refused(_("A ladder has one to %(most)d steps.") % {"most": MOST_STEPS})
    if not 1 <= rounds <= MOST_ROUNDS:
        raise Refused(_("A ladder is run through one to %(most)d times.") % {"most": MOST_ROUNDS})
    able = set(members(brand, permission=Permission.RUN_INCIDENT).values_list("pk", flat=True))
    for number, step in enumerate(wanted, start=1):
        if problem := _problem(brand, step, able):
            raise Refused(
                _("Step %(number)d: %(problem)s") % {"number": number, "problem": problem}
            )
    if not any(step["target"] in escalation.CALLING for step in wanted):
        raise Refused(_("At least one step must call somebody."))


def _problem(brand: Brand, step: dict[str, Any], able: set[int]) -> str:
    if step["target"] not in steps.offered():
        return _("there is no such kind of step here.")
    if not 0 <= step["wait"] <= LONGEST_WAIT:
        return _("the wait can be 0 to 24 hours.")
    if not 1 <= (step.get("times") or 1) <= MOST_TIMES:
        return _("it can be repeated up to %(most)d times.") % {"most": MOST_TIMES}
    if step["wait"] == 0 and (step.get("times") or 1) > 1:
        return _("what is repeated needs a wait in between.")
    return _wrong_target(brand, step, able) or _wrong_conditions(step.get("only") or {})


def _wrong_target(brand: Brand, step: dict[str, Any], able: set[int]) -> str:
    checks = {
        Target.USER: lambda: _wrong_people([step["user"].pk] if step["user"] else [], able),
        Target.TURN: lambda: _wrong_people(step.get("people") or [], able),
        Target.ROLE: lambda: _wrong_role(step),
        Target.CREW: lambda: _wrong_crew(step),
        Target.ON_CALL: lambda: _wrong_line(step),
        Target.SEVERITY: lambda: _wrong_level(step),
        Target.WEBHOOK: lambda: _wrong_webhook(brand, step),
        Target.CHANNEL: lambda: _wrong_channel(brand, step),
        Target.WAIT: lambda: "" if step["wait"] else _("say how long to wait."),
    }
    check = checks.get(step["target"])
    return check() if check else ""


def _wrong_people(people: Sequence[int], able: set[int]) -> str:
    if not people or len(people) > MOST_PEOPLE or not set(people) <= able:
        return _("choose a member who may run incidents.")
    return ""


def _wrong_role(step: dict[str, Any]) -> str:
    if step["role"] not in roles_with(Permission.RUN_INCIDENT):
        return _("choose a role that may run incidents.")
    return ""


def _wrong_crew(step: dict[str, Any]) -> str:
    return "" if step["role"] in IncidentRole.values else _("choose a role in the incident.")


def _wrong_line(step: dict[str, Any]) -> str:
    return "" if (step.get("line") or 1) in (1, 2) else _("choose the first or the second line.")


def _wrong_level(step: dict[str, Any]) -> str:
    # SEV4 is where every incident begins at the latest: nothing is raised to it.
    if step.get("level") not in Severity.values or step["level"] == Severity.SEV4:
        return _("choose the severity to raise to.")
    return ""


def _wrong_webhook(brand: Brand, step: dict[str, Any]) -> str:
    if not OutgoingWebhook.objects.filter(brand=brand, pk=step.get("subject") or 0).exists():
        return _("choose a webhook of this brand.")
    return ""


def _wrong_channel(brand: Brand, step: dict[str, Any]) -> str:
    if not Channel.objects.filter(brand=brand, pk=step.get("subject") or 0).exists():
        return _("choose a channel of this brand.")
    return ""


def _wrong_conditions(only: dict[str, Any]) -> str:
    try:
        read = conditions.read(only)
    except (KeyError, TypeError, ValueError, OSError):
        return _("its conditions cannot be read.")
    if read.hours and not (read.hours.days and set(read.hours.days) <= set(conditions.WEEK)):
        return _("choose at least one day of the week.")
    if read.severity is not None and read.severity not in Severity.values:
        return _("there is no such severity.")
    if read.alarms and not (read.alarms[0] >= 1 and 1 <= read.alarms[1] <= LONGEST_WINDOW):
        return _("say how many alarms, and in how many minutes (up to a week).")
    return ""


@transaction.atomic
def delete_policy(policy: EscalationPolicy, *, by: User) -> None:
    """Remove a policy; running incidents keep their copy of it."""
    audit.record("policy.deleted", actor=by, brand=policy.brand_id, subject=policy.name)
    policy.delete()
