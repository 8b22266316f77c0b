"""Rotas: made, changed from a moment on, and given up. What was stays as it was."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from zoneinfo import available_timezones

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.selectors import members
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from incidents import calendars, rotation
from incidents.enums_rota import TurnUnit
from incidents.models_rota import Rota, RotaVersion
from incidents.rotation import Hours, Line, Plan
from incidents.selectors.schedule import current_plan

from .duty_news import telling
from .timeline import renew_packs

MOST_LINES, MOST_PEOPLE, MOST_HOURS, MOST_DAYS = 6, 30, 14, 200
MOST_LENGTH = {TurnUnit.HOUR: 168, TurnUnit.DAY: 60, TurnUnit.WEEK: 12}
LONGEST_NAME, DAY = 120, 1440
YEARS = range(2000, 2101)


def lock(rota_id: int) -> Rota:
    """Lock a rota against every other change of it. Conflict if it has been given up."""
    rota = Rota.objects.select_for_update(no_key=True, of=("self",)).select_related("brand")
    found = rota.get(pk=rota_id)
    if found.archived_at:
        raise Conflict(_("This rota is no longer in use."))
    return found


def touch(rota: Rota, *, now: datetime) -> None:
    """Have the engine look at the rota again and the pages show who is on duty."""
    Rota.objects.filter(pk=rota.pk, archived_at=None).update(look_at=now)
    renew_packs(rota.brand_id)
    live.publish(f"brand.{rota.brand_id}", "incidents")


@transaction.atomic
def save_rota(  # noqa: PLR0913 - what a rota is made of
    brand: Brand,
    *,
    rota: Rota | None = None,
    name: str,
    plan: Plan,
    applies_at: datetime | None = None,
    by: User,
    now: datetime,
) -> Rota:
    """Write what a rota is from `applies_at` (now) on; what it was until then stays.

    A line with the key 0 is new. Whoever has a turn keeps it through the change if they are still
    in the line. Refused if the plan makes no sense or names somebody who cannot answer.
    """
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    name = clean(name).strip()[:LONGEST_NAME]
    _check_name(brand, rota, name)
    check(brand, plan)
    if rota is None:
        rota = Rota.objects.create(brand=brand, name=name, created_at=now, told_until=now)
    rota = lock(rota.pk)
    begins = max(now, applies_at or _begins(rota, plan, now))
    with telling([rota], by=by, key=f"rota.{rota.pk}", now=now):
        Rota.objects.filter(pk=rota.pk).update(name=name)
        _replace(rota, _carried(rota, plan, begins), begins, by=by, now=now)
    audit.record("rota.saved", actor=by, brand=brand, subject=name, lines=len(plan.lines))
    touch(rota, now=now)
    rota.name = name
    return rota


def _check_name(brand: Brand, rota: Rota | None, name: str) -> None:
    if not name:
        raise Refused(_("Give the rota a name."))
    others = brand.rotas.in_use().filter(name=name)
    if others.exclude(pk=rota.pk if rota else 0).exists():
        raise Refused(_("The brand has a rota of this name already."))


def _begins(rota: Rota, plan: Plan, now: datetime) -> datetime:
    """A plan all of whose lines begin later leaves what there is in place until then."""
    first = min(rotation.moment(line.starts, plan.zone) for line in plan.lines)
    return first if first > now and rota.versions.exists() else now


def _replace(rota: Rota, plan: Plan, begins: datetime, *, by: User, now: datetime) -> None:
    """Drop what was yet to begin, end what runs at `begins`, and let the plan hold from then."""
    _end(rota, begins, now)
    RotaVersion.objects.create(
        rota=rota, valid_from=begins, plan=rotation.write(plan), made_by=by, made_at=now
    )


def _end(rota: Rota, at: datetime, now: datetime) -> None:
    """Nothing holds from `at` on; what held before `now` is not touched."""
    rota.versions.filter(valid_from__gte=now).delete()
    running = rota.versions.filter(models.Q(valid_until=None) | models.Q(valid_until__gt=now))
    running.update(valid_until=at)


def _carried(rota: Rota, plan: Plan, at: datetime) -> Plan:
    """Give new lines their keys and keep running turns with who has them."""
    before = current_plan(rota, at)
    held = {line.key: line for line in before.lines} if before else {}
    used = [line["key"] for plan in rota.versions.values_list("plan", flat=True)
            for line in plan["lines"]]  # fmt: skip
    fresh = max(used, default=0)
    lines = []
    for line in plan.lines:
        if line.key in held:
            lines.append(rotation.carried_on(held[line.key], line, plan.zone, at))
        else:
            fresh += 1
            lines.append(replace(line, key=fresh, first=0))
    return replace(plan, lines=tuple(lines))


@transaction.atomic
def archive_rota(rota_id: int, *, by: User, now: datetime) -> None:
    """End a rota now: nobody is on duty by it any more; what was stays readable."""
    rota = lock(rota_id)
    with telling([rota], by=by, key=f"rota.{rota.pk}", now=now):
        _end(rota, now, now)
        Rota.objects.filter(pk=rota.pk).update(archived_at=now, look_at=None)
    audit.record("rota.archived", actor=by, brand=rota.brand, subject=rota.name)
    live.publish(f"brand.{rota.brand_id}", "incidents")


# --- What makes sense ---------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def check(brand: Brand, plan: Plan) -> None:
    """Refuse a plan that nobody could keep, in words for who made it."""
    if plan.zone not in _zones():
        raise Refused(_("There is no time zone called %(zone)s.") % {"zone": plan.zone[:60]})
    if plan.calendar and plan.calendar not in calendars.known():
        raise Refused(_("There is no calendar of holidays called %(name)s.")
                      % {"name": plan.calendar[:60]})  # fmt: skip
    if len(plan.own_days) > MOST_DAYS:
        raise Refused(_("A rota has at most %(most)d holidays of its own.") % {"most": MOST_DAYS})
    if not 1 <= len(plan.lines) <= MOST_LINES:
        raise Refused(_("A rota has one to %(most)d lines.") % {"most": MOST_LINES})
    for line in plan.lines:
        _check_line(line)
    _check_people(brand, plan)


def _check_line(line: Line) -> None:
    if not line.name.strip() or len(line.name) > LONGEST_NAME:
        raise Refused(_("Give each line a name."))
    problem = _turns_problem(line) or next(filter(None, map(_hours_problem, line.hours)), "")
    if len(line.hours) > MOST_HOURS:
        problem = _("there are too many hours.")
    if problem:
        raise Refused(_("%(line)s: %(problem)s") % {"line": line.name, "problem": problem})


def _turns_problem(line: Line) -> str:
    if not 1 <= len(line.people) <= MOST_PEOPLE:
        return _("choose one to %(most)d people.") % {"most": MOST_PEOPLE}
    if len(set(line.people)) < len(line.people):
        return _("somebody is in it twice.")
    if not 1 <= line.every <= MOST_LENGTH[line.unit]:
        return ngettext(
            "a turn can be 1 to %(most)d of this unit.",
            "a turn can be 1 to %(most)d of these units.",
            MOST_LENGTH[line.unit],
        ) % {"most": MOST_LENGTH[line.unit]}
    if line.starts.year not in YEARS or line.starts.tzinfo:
        return _("the first day makes no sense.")
    return ""


def _hours_problem(hours: Hours) -> str:
    if not hours.days or not hours.days <= set(range(7)):
        return _("choose the weekdays of its hours.")
    if not (0 <= hours.start < DAY and 0 <= hours.end <= DAY) or hours.start == hours.end:
        return _("its hours begin and end at the same time.")
    return ""


def _check_people(brand: Brand, plan: Plan) -> None:
    named: set[int] = set().union(*(line.people for line in plan.lines))
    if plan.fallback is not None:
        named.add(plan.fallback)
    check_able(brand, named)


def check_able(brand: Brand, people: Iterable[int]) -> None:
    """Refuse people who may not run the brand's incidents."""
    able = set(members(brand, permission=Permission.RUN_INCIDENT).values_list("pk", flat=True))
    unable = User.objects.filter(pk__in=set(people) - able, memberships__brand=brand)
    names = ", ".join(str(user) for user in unable.order_by("name"))
    if names:
        raise Refused(_("%(name)s may not run incidents of this brand.") % {"name": names})
    if set(people) - able:
        raise Refused(not_a_member())


def not_a_member() -> str:
    """What is said of somebody outside the brand: nothing about them."""
    return _("Choose members of the brand who may run incidents.")
