"""A brand's approval policies. Drafts that are submitted keep the one they were submitted with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require, roles_with
from accounts.selectors import members
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Refused
from core.text import clean
from incidents.enums import IncidentRole, Severity
from responses import chain
from responses.chain import Definition
from responses.enums import Risk
from responses.models_policy import ApprovalPolicy

MOST_STEPS, MOST_PEOPLE = 10, 20
LONGEST_WAIT, LONGEST_LASTS = 24 * 3600, 30 * 24 * 3600


@dataclass(frozen=True)
class Wanted:
    """What a policy shall say; see ApprovalPolicy and chain.Definition for the shapes."""

    name: str
    steps: Sequence[Mapping[str, Any]]
    only: Mapping[str, Any] = field(default_factory=dict)
    lasts: int = 0
    glass: Sequence[int] = ()


@transaction.atomic
def save_policy(
    brand: Brand, wanted: Wanted, *, by: User, policy: ApprovalPolicy | None = None
) -> ApprovalPolicy:
    """Write a policy; a new one comes last. Refused if a step could never be answered."""
    require(by, Permission.MANAGE_BRAND, brand)
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    steps = _checked_steps(brand, wanted.steps)
    _check(brand, wanted)
    if policy is None:
        last = brand.approval_policies.aggregate(last=Max("position"))["last"]
        policy = ApprovalPolicy(brand=brand, position=0 if last is None else last + 1)
    else:
        policy.refresh_from_db(fields=["version", "position"])
    policy.name = clean(wanted.name).strip()[:120]
    policy.only = {name: value for name, value in wanted.only.items() if value}
    policy.steps = [_stored(each) for each in steps]
    policy.lasts, policy.glass = wanted.lasts, list(dict.fromkeys(wanted.glass))
    policy.version += 1
    policy.save()
    _note("saved", policy, by=by, steps=len(steps), version=policy.version)
    return policy


def _note(deed: str, policy: ApprovalPolicy, *, by: User, **detail: Any) -> None:
    audit.record(
        f"approval_policy.{deed}", actor=by, brand=policy.brand, subject=policy.name, **detail
    )


def _stored(step: Definition) -> dict[str, Any]:
    return {
        "name": clean(step.name).strip()[:80],
        "mode": step.mode.value,
        "people": list(dict.fromkeys(step.people)),
        "crew": list(step.crew),
        "roles": list(step.roles),
        "deputies": list(dict.fromkeys(step.deputies)),
        "wait": step.wait,
        "beside": step.beside,
    }


def _checked_steps(brand: Brand, wanted: Sequence[Mapping[str, Any]]) -> list[Definition]:
    try:
        steps = chain.read(wanted)
    except (KeyError, TypeError, ValueError):
        raise Refused(_("The steps cannot be read.")) from None
    if not 1 <= len(steps) <= MOST_STEPS:
        raise Refused(_("A policy has one to %(most)d steps.") % {"most": MOST_STEPS})
    able = set(members(brand, permission=Permission.APPROVE).values_list("pk", flat=True))
    for number, step in enumerate(steps, start=1):
        if problem := _problem(step, able):
            raise Refused(
                _("Step %(number)d: %(problem)s") % {"number": number, "problem": problem}
            )
    return steps


def _problem(step: Definition, able: set[int]) -> str:
    people = {*step.people, *step.deputies}
    roles = {role.value for role in roles_with(Permission.APPROVE)}
    checks = (
        (bool(step.name.strip()), _("give it a name, such as Legal.")),
        (people <= able and len(people) <= MOST_PEOPLE, _("choose people who may approve drafts.")),
        (set(step.roles) <= roles, _("choose roles that may approve drafts.")),
        (set(step.crew) <= set(IncidentRole.values), _("choose a role in the incident.")),
        (bool(step.people or step.roles or step.crew), _("say who is asked.")),
        (0 <= step.wait <= LONGEST_WAIT, _("the time to answer can be up to 24 hours.")),
    )
    return next((problem for holds, problem in checks if not holds), "")


def _check(brand: Brand, wanted: Wanted) -> None:
    if not clean(wanted.name).strip():
        raise Refused(_("Give the policy a name."))
    if not 0 <= wanted.lasts <= LONGEST_LASTS:
        raise Refused(_("Approvals can last up to 30 days."))
    able = set(members(brand, permission=Permission.APPROVE).values_list("pk", flat=True))
    if not set(wanted.glass) <= able or len(set(wanted.glass)) == 1:
        raise Refused(
            _("Name at least two people who may approve for emergencies, or nobody: then all may.")
        )
    _check_conditions(brand, wanted.only)


def _check_conditions(brand: Brand, only: Mapping[str, Any]) -> None:
    severity = only.get("severity")
    own = set(ConnectedAccount.objects.filter(brand=brand).values_list("pk", flat=True))
    allowed: dict[str, set[Any]] = {
        "networks": set(NETWORKS),
        "accounts": own,
        "risks": set(Risk.values),
    }
    known = set(only) <= {"severity", *allowed}
    if (
        not known
        or (severity and severity not in Severity.values)
        or any(not set(only.get(name) or ()) <= values for name, values in allowed.items())
    ):
        raise Refused(_("The conditions name something that this brand does not have."))


@transaction.atomic
def move_policy(policy: ApprovalPolicy, *, up: bool, by: User) -> None:
    """Have a policy looked at one place earlier or later: the first that fits is taken."""
    require(by, Permission.MANAGE_BRAND, policy.brand_id)
    Brand.objects.select_for_update(no_key=True).get(pk=policy.brand_id)
    rows = list(ApprovalPolicy.objects.filter(brand=policy.brand_id))
    here = rows.index(policy)
    to = max(0, min(len(rows) - 1, here + (-1 if up else 1)))
    rows.insert(to, rows.pop(here))
    for position, row in enumerate(rows):
        row.position = position
    ApprovalPolicy.objects.bulk_update(rows, ["position"])
    _note("moved", policy, by=by)


@transaction.atomic
def delete_policy(policy: ApprovalPolicy, *, by: User) -> None:
    """Remove a policy; drafts that wait keep their copy of it."""
    require(by, Permission.MANAGE_BRAND, policy.brand_id)
    _note("deleted", policy, by=by)
    policy.delete()
