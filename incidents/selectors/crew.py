"""Who does what in an incident, for its panel: roles, who is missing, who could step in, strain."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from incidents import crew
from incidents.enums import IncidentRole
from incidents.models import Incident
from incidents.models_roles import RoleHolding

from . import roles
from .people import insiders
from .rota import roster


@dataclass(frozen=True)
class Suggested:
    """Somebody who could take a role: `why` is "duty", "deputy" or "last"."""

    user: User
    why: str


@dataclass(frozen=True)
class Seat:
    """A role for showing. `asked`: the plan wants it filled at this severity."""

    role: IncidentRole
    asked: bool
    duty: str
    held: RoleHolding | None = None
    deputy: RoleHolding | None = None
    held_seconds: float = 0
    strain: crew.Strain = field(default_factory=crew.Strain)
    suggested: list[Suggested] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        return self.asked and self.held is None

    @property
    def overdue(self) -> bool:
        return bool(self.held and self.held.overdue_at)

    @property
    def tired(self) -> bool:
        """Past the limit, whether or not the engine has told of it yet."""
        limit = self.held.limit_seconds if self.held else None
        return limit is not None and self.held_seconds >= limit


def seats(incident: Incident, user: User, *, now: datetime) -> list[Seat]:
    """Return the roles that the plan asks for or somebody holds, in their order: six queries.

    Who held a role last is read from the incidents that `user` may see.
    """
    rows = list(roles.current(incident))
    held = {row.role: row for row in rows if not row.is_deputy}
    deputies = {row.role: row for row in rows if row.is_deputy}
    if incident.lead and IncidentRole.LEAD not in held:
        held[IncidentRole.LEAD.value] = RoleHolding(
            incident=incident, role=IncidentRole.LEAD, user=incident.lead, since=now
        )
    looked = _Looked(
        incident, _wanted(incident), held, deputies, crew.strains(incident, now=now),
        _hints(incident, user, deputies, now=now), now,
    )  # fmt: skip
    return [looked.seat(role) for role in IncidentRole if looked.shows(role)]


@dataclass(frozen=True)
class _Looked:
    """What was read at once for all seats."""

    incident: Incident
    wanted: dict[str, dict[str, Any]]
    held: dict[str, RoleHolding]
    deputies: dict[str, RoleHolding]
    strains: dict[int, crew.Strain]
    hints: dict[str, list[Suggested]]
    now: datetime

    def shows(self, role: IncidentRole) -> bool:
        return role in self.wanted or role in self.held or role in self.deputies

    def seat(self, role: IncidentRole) -> Seat:
        row = self.wanted.get(role, {"from": 0, "duty": ""})
        held = self.held.get(role)
        return Seat(
            role,
            asked=self.incident.severity <= row["from"],
            duty=row["duty"],
            held=held,
            deputy=self.deputies.get(role),
            held_seconds=crew.held_seconds(held, self.incident, now=self.now) if held else 0,
            strain=self.strains.get(held.user_id, crew.Strain()) if held else crew.Strain(),
            suggested=[each for each in self.hints[role] if held is None or each.user != held.user],
        )


def _wanted(incident: Incident) -> dict[str, dict[str, Any]]:
    """Roles of the plan; without a plan the lead alone is asked for."""
    if not incident.plan:
        return {IncidentRole.LEAD.value: {"from": 4, "duty": ""}}
    return {row["role"]: row for row in incident.plan["content"]["roles"]}


def _hints(
    incident: Incident, user: User, deputies: dict[str, RoleHolding], *, now: datetime
) -> dict[str, list[Suggested]]:
    """Who could take each role: its deputy, who is on duty, who held it last. Members only."""
    here = set(insiders(incident).values_list("pk", flat=True))
    able, people = roster(incident.brand, at=now)
    duty = [people[pk] for pk in sorted(able.on_call & people.keys())]
    seen = Incident.objects.visible_to(user).filter(brand=incident.brand_id).exclude(pk=incident.pk)
    past = RoleHolding.objects.filter(incident__in=seen, is_deputy=False).select_related("user")
    last = {row.role: row.user for row in past.order_by("role", "-since").distinct("role")}
    found: dict[str, list[Suggested]] = {}
    for role in IncidentRole:
        each = [Suggested(deputies[role].user, "deputy")] if role in deputies else []
        each += [Suggested(person, "duty") for person in duty]
        each += [Suggested(last[role], "last")] if role in last else []
        found[role.value] = _once([one for one in each if one.user.pk in here])
    return found


def _once(suggested: list[Suggested]) -> list[Suggested]:
    first: dict[int, Suggested] = {}
    for each in suggested:
        first.setdefault(each.user.pk, each)
    return list(first.values())[:3]
