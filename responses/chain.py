"""Which policy a draft falls under, and who answers a step now: reading only.

A step asks named people, holders of roles in the incident and in the brand, each of whom must have
the right to approve and have written nothing of it. Deputies follow in turn: those of the roles in
the incident first, then the named ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.enums import Permission
from accounts.models import Membership, User
from accounts.rules import roles_with
from incidents import selectors as incidents
from incidents.enums import IncidentRole
from incidents.selectors.roles import deputies, holders

from . import risks
from .enums import Risk, StepMode, StepState
from .models import Draft, Version
from .models_policy import ApprovalPolicy, ApprovalStep
from .selectors import wrote


@dataclass(frozen=True)
class Definition:
    """A step as a policy keeps it. `wait` is in seconds; `beside`: together with the one before."""

    name: str
    mode: StepMode = StepMode.ANY
    people: tuple[int, ...] = ()
    crew: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    deputies: tuple[int, ...] = ()
    wait: int = 0
    beside: bool = False


def read(stored: Iterable[Mapping[str, Any]]) -> list[Definition]:
    """Read a policy's steps. KeyError, TypeError or ValueError if they are broken."""
    return [
        Definition(
            name=str(each["name"]),
            mode=StepMode(each.get("mode") or StepMode.ANY),
            people=tuple(int(pk) for pk in each.get("people") or ()),
            crew=tuple(str(role) for role in each.get("crew") or ()),
            roles=tuple(str(role) for role in each.get("roles") or ()),
            deputies=tuple(int(pk) for pk in each.get("deputies") or ()),
            wait=int(each.get("wait") or 0),
            beside=bool(each.get("beside")),
        )
        for each in stored
    ]


def usual() -> list[Definition]:
    """What a brand without a policy needs: one other person."""
    able = tuple(role.value for role in roles_with(Permission.APPROVE))
    return [Definition(name="", roles=able)]


def policy_for(draft: Draft, version: Version) -> ApprovalPolicy | None:
    """Return the brand's first policy whose conditions hold; None where none does."""
    policies = list(ApprovalPolicy.objects.filter(brand=draft.incident.brand_id))
    if not policies:
        return None
    accounts = list(draft.accounts.values_list("pk", "network"))
    found = risks.all_of(draft, version.written)
    severity = draft.incident.severity
    return next((each for each in policies if holds(each.only, severity, accounts, found)), None)


def holds(
    only: Mapping[str, Any], severity: int, accounts: list[tuple[int, str]], found: set[Risk]
) -> bool:
    """Whether a policy's conditions hold; one that is not set holds."""
    if only.get("severity") and severity > int(only["severity"]):
        return False
    places = bool(only.get("networks") or only.get("accounts"))
    through = any(
        network in (only.get("networks") or ()) or pk in (only.get("accounts") or ())
        for pk, network in accounts
    )
    if places and not through:
        return False
    return not only.get("risks") or bool(found & set(only["risks"]))


@dataclass(frozen=True)
class Roster:
    """Who could answer for a draft: everyone with the right who wrote nothing of it, by name."""

    able: Mapping[int, User]
    roles: Mapping[int, str]
    crew: Mapping[IncidentRole, User]
    crew_deputies: Mapping[IncidentRole, User]

    @classmethod
    def of(cls, draft: Draft) -> "Roster":
        incident = draft.incident
        people = incidents.insiders(incident, permission=Permission.APPROVE)
        able = {user.pk: user for user in people.exclude(pk__in=wrote(draft))}
        held = Membership.objects.filter(brand=incident.brand_id, user__in=able)
        roles = dict(held.values_list("user", "role"))
        return cls(able, roles, holders(incident), deputies(incident))

    def assigned(self, step: ApprovalStep) -> list[int]:
        """Whom the step asks first, in the policy's order."""
        crew = [self.crew[role].pk for role in _roles(step.crew) if role in self.crew]
        by_role = [pk for pk in self.able if self.roles.get(pk) in step.roles]
        return self._able([*step.people, *crew, *by_role])

    def deputies(self, step: ApprovalStep) -> list[int]:
        """Who is asked afterwards, one after the other."""
        held = self.crew_deputies
        crew = [held[role].pk for role in _roles(step.crew) if role in held]
        first = set(self.assigned(step))
        return [pk for pk in self._able([*crew, *step.deputies]) if pk not in first]

    def answering(self, step: ApprovalStep) -> list[int]:
        """Who may answer the step as far as it has come."""
        return [*self.assigned(step), *self.deputies(step)[: step.reached]]

    def _able(self, ids: list[int]) -> list[int]:
        return [pk for pk in dict.fromkeys(ids) if pk in self.able]


def _roles(names: Iterable[str]) -> list[IncidentRole]:
    return [IncidentRole(name) for name in names if name in IncidentRole.values]


def current(version: Version) -> list[ApprovalStep]:
    """Return the steps that a version has to pass, in order."""
    return list(version.steps.exclude(state=StepState.VOID).order_by("position", "pk"))
