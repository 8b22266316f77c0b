"""The policies that say who is called, in which order."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import roles_with
from accounts.selectors import members
from core.errors import Refused
from core.text import clean
from incidents.enums import Target
from incidents.models import EscalationPolicy, EscalationStep

MOST_STEPS, MOST_ROUNDS = 10, 10
LONGEST_WAIT = 24 * 3600


@transaction.atomic
def save_policy(  # noqa: PLR0913 - what a policy is made of
    brand: Brand,
    *,
    policy: EscalationPolicy | None = None,
    name: str,
    rounds: int,
    is_default: bool,
    steps: Sequence[dict[str, Any]],
    by: User,
) -> EscalationPolicy:
    """Write a policy and its steps `{"target", "user", "role", "wait"}` (seconds), in this order.

    Running incidents keep the ladder they opened with. Refused if a step could call nobody.
    """
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    _check(brand, name=name, rounds=rounds, steps=steps)
    policy = policy or EscalationPolicy(brand=brand)
    policy.name, policy.rounds, policy.is_default = clean(name).strip(), rounds, is_default
    if is_default:
        brand.policies.exclude(pk=policy.pk).update(is_default=False)
    policy.save()
    policy.steps.all().delete()
    EscalationStep.objects.bulk_create(
        EscalationStep(
            policy=policy,
            position=position,
            target=step["target"],
            user=step["user"],
            role=step["role"],
            wait_seconds=step["wait"],
        )
        for position, step in enumerate(steps, start=1)
    )
    audit.record("policy.saved", actor=by, brand=brand, subject=policy.name, steps=len(steps))
    return policy


def _check(brand: Brand, *, name: str, rounds: int, steps: Sequence[dict[str, Any]]) -> None:
    if not name.strip():
        raise Refused(_("Give the policy a name."))
    if not 1 <= len(steps) <= MOST_STEPS:
        raise Refused(_("A ladder has one to %(most)d steps.") % {"most": MOST_STEPS})
    if not 1 <= rounds <= MOST_ROUNDS:
        raise Refused(_("A ladder is run through one to %(most)d times.") % {"most": MOST_ROUNDS})
    able = set(members(brand, permission=Permission.RUN_INCIDENT).values_list("pk", flat=True))
    for number, step in enumerate(steps, start=1):
        if problem := _problem(step, able):
            raise Refused(
                _("Step %(number)d: %(problem)s") % {"number": number, "problem": problem}
            )


def _problem(step: dict[str, Any], able: set[int]) -> str:
    user = step["user"]
    if step["target"] == Target.USER and (user is None or user.pk not in able):
        return _("choose a member who may run incidents.")
    if step["target"] == Target.ROLE and step["role"] not in roles_with(Permission.RUN_INCIDENT):
        return _("choose a role that may run incidents.")
    if not 0 <= step["wait"] <= LONGEST_WAIT:
        return _("the wait can be 0 to 24 hours.")
    return ""


@transaction.atomic
def delete_policy(policy: EscalationPolicy, *, by: User) -> None:
    """Remove a policy; running incidents keep their copy of it."""
    audit.record("policy.deleted", actor=by, brand=policy.brand_id, subject=policy.name)
    policy.delete()
