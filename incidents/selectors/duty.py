"""Who is on duty: read from versions, covers, absences and extra duties as they are stored.

One statement fetches all that decides a moment or a span, for any number of brands; its cost does
not grow with the years, because whatever has ended is behind an index.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

from accounts.enums import Permission
from accounts.models import Brand, Membership, User
from accounts.rules import roles_with
from incidents import rotation
from incidents.enums_rota import How
from incidents.rotation import Away, Cover, Duty, Plan, Rules

logger = logging.getLogger(__name__)

FOREVER = datetime.max.replace(tzinfo=UTC)

_LOAD = """
SELECT 'version', r.brand_id, r.id, v.id, 0, 0, v.valid_from, v.valid_until, v.plan, r.name
FROM incidents_rotaversion v JOIN incidents_rota r ON r.id = v.rota_id
WHERE r.brand_id = ANY(%(brands)s) AND v.valid_from <= %(until)s
  AND (v.valid_until IS NULL OR v.valid_until > %(since)s)
UNION ALL
SELECT 'cover', r.brand_id, r.id, o.id, o.line, o.user_id, o.starts_at, o.ends_at, NULL, NULL
FROM incidents_override o JOIN incidents_rota r ON r.id = o.rota_id
WHERE r.brand_id = ANY(%(brands)s) AND o.starts_at <= %(until)s AND o.ends_at > %(since)s
UNION ALL
SELECT 'away', m.brand_id, 0, a.id, 0, a.user_id, a.starts_at, a.ends_at, NULL, NULL
FROM incidents_absence a JOIN accounts_membership m ON m.user_id = a.user_id
WHERE m.brand_id = ANY(%(brands)s) AND a.starts_at <= %(until)s AND a.ends_at > %(since)s
UNION ALL
SELECT 'extra', s.brand_id, 0, s.id, 0, s.user_id, s.starts_at, s.ends_at, NULL, NULL
FROM incidents_shift s
WHERE s.brand_id = ANY(%(brands)s) AND s.starts_at <= %(until)s AND s.ends_at > %(since)s
ORDER BY 1, 10, 4
"""


class Row(NamedTuple):
    """One thing that decides who is on duty; `kind` is version, cover, away or extra."""

    kind: str
    brand_id: int
    rota_id: int
    pk: int
    line: int
    user_id: int
    starts_at: datetime
    ends_at: datetime | None
    plan: Any
    name: str | None


@dataclass(frozen=True)
class Version:
    """A plan of a rota, from one moment to another (None: until it is changed)."""

    starts_at: datetime
    ends_at: datetime
    plan: Plan


@dataclass
class Known:
    """What decides who is on duty in a rota during the span that was asked for."""

    pk: int
    name: str
    brand_id: int
    versions: list[Version] = field(default_factory=list)
    covers: tuple[Cover, ...] = ()
    away: tuple[Away, ...] = ()

    def rules(self, at: datetime) -> Rules | None:
        """Return what holds at a moment; None before the rota began and after it ended."""
        for version in self.versions:
            if version.starts_at <= at < version.ends_at:
                return Rules(version.plan, self.covers, self.away)
        return None

    def parts(self, since: datetime, until: datetime) -> Iterator[tuple[Rules, datetime, datetime]]:
        """Yield the rules between two moments with the part of it in which each holds."""
        for version in self.versions:
            start, end = max(since, version.starts_at), min(until, version.ends_at)
            if start < end:
                yield Rules(version.plan, self.covers, self.away), start, end


@dataclass(frozen=True)
class Extra:
    """Somebody is on duty for a brand beside every rota."""

    pk: int
    brand_id: int
    user: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Loaded:
    rotas: list[Known]
    extras: list[Extra]


def load(brand_ids: Iterable[int], since: datetime, until: datetime) -> Loaded:
    """Return what decides who is on duty for brands between two moments: one query."""
    values: dict[str, Any] = {"brands": list(brand_ids), "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(_LOAD, values)
        rows = [Row(*row) for row in cursor.fetchall()]
    return Loaded(list(_rotas(rows)), [_extra(row) for row in rows if row.kind == "extra"])


def _extra(row: Row) -> Extra:
    return Extra(row.pk, row.brand_id, row.user_id, row.starts_at, row.ends_at or FOREVER)


def _rotas(rows: list[Row]) -> Iterator[Known]:
    covers: dict[int, list[Cover]] = defaultdict(list)
    away: dict[int, list[Away]] = defaultdict(list)
    known: dict[int, Known] = {}
    for row in rows:
        end = row.ends_at or FOREVER
        if row.kind == "cover":
            covers[row.rota_id].append(Cover(row.pk, row.line, row.user_id, row.starts_at, end))
        elif row.kind == "away":
            away[row.brand_id].append(Away(row.user_id, row.starts_at, end))
        elif row.kind == "version":
            rota = known.setdefault(row.rota_id, Known(row.rota_id, row.name or "", row.brand_id))
            rota.versions += _version(row, end)
    for rota in known.values():
        rota.versions.sort(key=lambda each: each.starts_at)
        rota.covers, rota.away = tuple(covers[rota.pk]), tuple(away[rota.brand_id])
        yield rota


def _version(row: Row, end: datetime) -> list[Version]:
    """A version that cannot be read has nobody on duty; the others hold."""
    try:
        return [Version(row.starts_at, end, rotation.read(json.loads(row.plan)))]
    except (KeyError, TypeError, ValueError):
        logger.exception("Version %s of the rota %s cannot be read", row.pk, row.rota_id)
        return []


# --- People -------------------------------------------------------------------------------------

Able = Mapping[int, Mapping[int, User]]


def able_people(brand_ids: Iterable[int]) -> dict[int, dict[int, User]]:
    """Return by brand who may run its incidents now, by id: one query."""
    held = Membership.objects.filter(
        brand__in=list(brand_ids),
        user__is_active=True,
        role__in=roles_with(Permission.RUN_INCIDENT),
    )
    found: dict[int, dict[int, User]] = defaultdict(dict)
    for membership in held.select_related("user"):
        found[membership.brand_id][membership.user_id] = membership.user
    return found


def without_unable(rota: Known, able: Iterable[int], *, now: datetime) -> Known:
    """Treat who can no longer answer for the brand as away from now on; the past stays."""
    people = {user for version in rota.versions for user in named(version.plan)}
    people |= {cover.user for cover in rota.covers}
    gone = tuple(Away(user, now, FOREVER) for user in sorted(people - set(able)))
    return replace(rota, away=rota.away + gone)


def named(plan: Plan) -> set[int]:
    """Return everybody in a plan."""
    fallback = {plan.fallback} if plan.fallback else set()
    return fallback.union(*(line.people for line in plan.lines))


# --- Now ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OnDuty:
    """One person on duty. `rota` is None for an extra duty; `number` counts lines from 1.

    The fallback has the number 0 and no line's name.
    """

    brand_id: int
    user: User
    how: How
    rota: int | None = None
    rota_name: str = ""
    number: int = 0
    line_name: str = ""
    instead_of: int | None = None


def duties_at(brand_ids: Iterable[int], at: datetime, able: Able) -> list[OnDuty]:
    """Return who is on duty at a moment among those who can answer: one query.

    By brand and rota; within a rota the first line first, and beside them the extra duties.
    """
    loaded = load(brand_ids, at, at)
    found: list[OnDuty] = []
    for rota in loaded.rotas:
        people = able.get(rota.brand_id, {})
        found += _in_rota(rota, at, people)
    for extra in loaded.extras:
        if user := able.get(extra.brand_id, {}).get(extra.user):
            found.append(OnDuty(extra.brand_id, user, How.EXTRA))
    return found


def _in_rota(rota: Known, at: datetime, people: Mapping[int, User]) -> list[OnDuty]:
    """A rota that cannot be worked out is passed over: nobody else is called later for it."""
    try:
        rules = without_unable(rota, people, now=at).rules(at)
        duties = rotation.on_duty(rules, at) if rules else []
    except Exception:
        logger.exception("The rota %s cannot be worked out", rota.pk)
        return []
    return [_told(rota, rules.plan, duty, people) for duty in duties if rules]


def _told(rota: Known, plan: Plan, duty: Duty, people: Mapping[int, User]) -> OnDuty:
    number, name = line_of(plan, duty.line)
    return OnDuty(
        brand_id=rota.brand_id,
        user=people[duty.user],
        how=duty.how,
        rota=rota.pk,
        rota_name=rota.name,
        number=number,
        line_name=name,
        instead_of=duty.instead_of,
    )


def line_of(plan: Plan, key: int) -> tuple[int, str]:
    """Return the number and the name of a line; (0, "") for the fallback."""
    for number, line in enumerate(plan.lines, start=1):
        if line.key == key:
            return number, line.name
    return 0, ""


def first_called(duties: Iterable[OnDuty]) -> list[OnDuty]:
    """Return whom a call goes to first: of each rota the first line that has anybody.

    Extra duties are called with them.
    """
    found: dict[object, OnDuty] = {}
    for duty in duties:
        found.setdefault(duty.rota or f"extra {duty.user.pk}", duty)
    return list(found.values())


def on_call(brand: Brand | int, at: datetime) -> list[User]:
    """Return everybody on duty for a brand, each once, the first lines first: two queries."""
    brand_id = brand if isinstance(brand, int) else brand.pk
    return on_call_for([brand_id], at)[brand_id]


def on_call_for(brand_ids: Iterable[int], at: datetime) -> dict[int, list[User]]:
    """Return everybody on duty for each brand, the first lines first: two queries."""
    brands = list(brand_ids)
    duties = duties_at(brands, at, able_people(brands))
    # Extra duties stand with the first line; the sort keeps the order of rotas.
    duties.sort(key=lambda duty: duty.number)
    found: dict[int, dict[int, User]] = {brand: {} for brand in brands}
    for duty in duties:
        found[duty.brand_id].setdefault(duty.user.pk, duty.user)
    return {brand: list(people.values()) for brand, people in found.items()}
