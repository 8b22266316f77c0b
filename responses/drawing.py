"""Approval policies in words, and how long their steps have taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.utils.translation import gettext as _

from accounts.enums import Role
from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core import formats
from incidents.enums import IncidentRole, Severity

from . import chain
from .chain import Definition
from .enums import Risk, StepMode
from .models_policy import ApprovalPolicy, ApprovalStep

# How far back latencies are looked at.
MEASURED = timedelta(days=90)


@dataclass(frozen=True)
class Drawn:
    """A policy with its conditions and steps in words."""

    policy: ApprovalPolicy
    conditions: list[str]
    steps: list[tuple[Definition, str, str]]


def drawn(brand: Brand) -> list[Drawn]:
    """Return a brand's policies in the order in which they are tried: three queries."""
    policies = list(brand.approval_policies.all())
    read = {policy.pk: chain.read(policy.steps) for policy in policies}
    ids = {pk for steps in read.values() for s in steps for pk in (*s.people, *s.deputies)}
    people = {pk: str(user) for pk, user in User.objects.in_bulk(ids).items()}
    accounts = dict(ConnectedAccount.objects.filter(brand=brand).values_list("pk", "name"))
    return [
        Drawn(
            policy,
            _conditions(policy.only, accounts),
            [(step, _asked(step, people), _then(step, people)) for step in read[policy.pk]],
        )
        for policy in policies
    ]


def _conditions(only: dict[str, Any], accounts: dict[int, str]) -> list[str]:
    found = []
    if only.get("severity"):
        found.append(_("from %(severity)s") % {"severity": Severity(only["severity"]).label})
    places = [str(NETWORKS[each].label) for each in only.get("networks") or () if each in NETWORKS]
    places += [accounts[pk] for pk in only.get("accounts") or () if pk in accounts]
    if places:
        found.append(_("through %(places)s") % {"places": ", ".join(places)})
    risks = [str(Risk(each).label) for each in only.get("risks") or () if each in Risk.values]
    if risks:
        found.append(_("with %(risks)s") % {"risks": ", ".join(risks)})
    return found or [_("every draft")]


def _asked(step: Definition, people: dict[int, str]) -> str:
    names = [people[pk] for pk in step.people if pk in people]
    names += [str(IncidentRole(each).label) for each in step.crew]
    names += [str(Role(each).label) for each in step.roles]
    said = _("All of: %(names)s") if step.mode == StepMode.ALL else _("One of: %(names)s")
    return names[0] if len(names) == 1 and not step.roles else said % {"names": ", ".join(names)}


def _then(step: Definition, people: dict[int, str]) -> str:
    if not step.wait:
        return ""
    names = [people[pk] for pk in step.deputies if pk in people]
    params = {"time": formats.duration(step.wait), "names": ", ".join(names)}
    if names:
        return _("after %(time)s: %(names)s") % params
    return _("%(time)s to answer") % params


def latencies(brand: Brand, *, now: datetime) -> list[tuple[str, str, int]]:
    """Return (step, the usual time it took, how often) over 90 days, the slowest first."""
    rows = ApprovalStep.objects.filter(
        version__draft__incident__brand=brand,
        done_at__gt=now - MEASURED,
        opened_at__isnull=False,
    ).values_list("name", "opened_at", "done_at")
    took: dict[str, list[float]] = {}
    for name, opened_at, done_at in rows[:5000]:
        if opened_at and done_at:
            took.setdefault(name, []).append((done_at - opened_at).total_seconds())
    ranked = sorted(took.items(), key=lambda item: -median(item[1]))
    return [
        (name or _("Approval"), formats.duration(median(all_of)), len(all_of))
        for name, all_of in ranked
    ]
