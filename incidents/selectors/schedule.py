"""What a rota looks like over a time: its duties line by line, its gaps, a person's own duties."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.enums import Permission
from accounts.models import Brand, Membership, User
from accounts.rules import allowed, roles_with
from incidents import rotation
from incidents.enums_rota import How
from incidents.models_rota import Absence, CalendarFeed, HandOver, Override, Rota, Swap
from incidents.rotation import Plan, Span

from .duty import Extra, Known, able_people, line_of, load, without_unable


@dataclass(frozen=True)
class LineSchedule:
    """One line of a rota over a time. `number` is 0 for one that the rota no longer has."""

    key: int
    number: int
    name: str
    spans: list[Span]


@dataclass(frozen=True)
class Schedule:
    """A rota over a time. `gaps` are when no line has anybody; who is called then is in them."""

    rota: Known
    lines: list[LineSchedule]
    gaps: list[Span]
    plan: Plan | None

    def people(self) -> set[int]:
        duties = [span.duty for line in self.lines for span in line.spans]
        return {duty.user for duty in duties + [gap.duty for gap in self.gaps] if duty}


@dataclass(frozen=True)
class Coming:
    """A duty of one person. `rota` is None for an extra duty of the brand."""

    brand_id: int
    rota: int | None
    rota_name: str
    line: int
    line_name: str
    span: Span


def known_rotas(
    brand_ids: Iterable[int], since: datetime, until: datetime, *, now: datetime
) -> tuple[list[Known], list[Extra]]:
    """Return the rotas of brands with what decides a time, and extra duties: two queries.

    From `now` on, who can no longer answer counts as away.
    """
    brands = list(brand_ids)
    loaded, able = load(brands, since, until), able_people(brands)
    rotas = [without_unable(rota, able.get(rota.brand_id, {}), now=now) for rota in loaded.rotas]
    return rotas, loaded.extras


def schedule_of(
    known: Known, since: datetime, until: datetime, *, gaps_too: bool = True
) -> Schedule:
    """Work out a rota over a time, without its gaps if nobody asks for them; no query."""
    found: dict[int, LineSchedule] = {}
    gaps: list[Span] = []
    plan = known.versions[-1].plan if known.versions else None
    for rules, start, end in known.parts(since, until):
        gaps += rotation.uncovered(rules, start, end) if gaps_too else []
        for line in rules.plan.lines:
            number = line_of(plan, line.key)[0] if plan else 0
            so_far = found.get(line.key, LineSchedule(line.key, number, line.name, []))
            spans = rotation.joined([*so_far.spans, *rotation.spans(rules, line, start, end)])
            found[line.key] = replace(so_far, name=line.name, spans=spans)
    lines = sorted(found.values(), key=lambda line: (line.number or 99, line.key))
    return Schedule(known, lines, rotation.joined(gaps), plan)


def schedule(
    rota: Rota, since: datetime, until: datetime, *, now: datetime, gaps_too: bool = True
) -> Schedule:
    """Return a rota over a time: two queries."""
    rotas, _extras = known_rotas([rota.brand_id], since, until, now=now)
    nothing = Known(rota.pk, rota.name, rota.brand_id)
    known = next((each for each in rotas if each.pk == rota.pk), nothing)
    return schedule_of(known, since, until, gaps_too=gaps_too)


def holder(line: LineSchedule, at: datetime) -> Span | None:
    """Return the span of a line that a moment is in."""
    return next((span for span in line.spans if span.starts_at <= at < span.ends_at), None)


def duties_of(user: User, since: datetime, until: datetime, *, now: datetime) -> list[Coming]:
    """Return a person's duties in every brand of theirs that touch a time, in order."""
    rotas, extras = known_rotas(user.roles, since, until, now=now)
    found = [each for rota in rotas for each in _own(rota, user.pk, since, until)]
    found += [
        Coming(each.brand_id, None, "", 0, "", _extra_span(each))
        for each in extras
        if each.user == user.pk
    ]
    return sorted(found, key=lambda each: (each.span.starts_at, each.rota or 0))


def _own(rota: Known, user: int, since: datetime, until: datetime) -> Iterator[Coming]:
    for line in schedule_of(rota, since, until, gaps_too=False).lines:
        for span in line.spans:
            if span.duty and span.duty.user == user:
                yield Coming(rota.brand_id, rota.pk, rota.name, line.key, line.name, span)


def _extra_span(extra: Extra) -> Span:
    return Span(extra.starts_at, extra.ends_at, rotation.Duty(0, extra.user, How.EXTRA))


# --- Rows ---------------------------------------------------------------------------------------


def rotas_of(user: User) -> "list[Rota]":
    """Return the rotas in use that a person may see, by brand and name."""
    rows = Rota.objects.visible_to(user).in_use().select_related("brand")
    return list(rows.order_by("brand__name", "name", "pk"))


def rotas_in(brand: Brand) -> "list[Rota]":
    return list(brand.rotas.in_use().select_related("brand").order_by("name", "pk"))


def current_plan(rota: Rota, at: datetime) -> Plan | None:
    """Return what a rota is made of at a moment; None before it began and after it ended."""
    version = rota.versions.filter(valid_from__lte=at).order_by("-valid_from").first()
    if version is None or (version.valid_until and version.valid_until <= at):
        return None
    return rotation.read(version.plan)


def latest_plan(rota: Rota) -> Plan | None:
    """Return the plan that holds last: also one that begins in the future."""
    version = rota.versions.order_by("-valid_from").first()
    return rotation.read(version.plan) if version else None


def coming_overrides(rota: Rota, *, now: datetime) -> list[Override]:
    return list(rota.overrides.filter(ends_at__gt=now).select_related("user", "made_by"))


def open_swaps(user: User, *, now: datetime) -> list[Swap]:
    """Return the requests that are open in the rotas a person may see, the next duty first."""
    rows = Swap.objects.visible_to(user).filter(state="OPEN", ends_at__gt=now)
    return list(rows.select_related("rota__brand", "asker", "asked"))


def swaps_for(user: User, *, now: datetime) -> list[Swap]:
    """Return the open requests that a person could take: made to them, or to everybody."""
    able = [pk for pk in user.roles if allowed(user, Permission.RUN_INCIDENT, pk)]
    return [
        swap
        for swap in open_swaps(user, now=now)
        if swap.asker_id != user.pk
        and swap.asked_id in (None, user.pk)
        and swap.rota.brand_id in able
    ]


def latest_notes(rota: Rota, most: int = 3) -> list[HandOver]:
    return list(rota.hand_overs.select_related("written_by")[:most])


def fresh_notes(rotas: Iterable[Rota], *, since: datetime) -> dict[int, HandOver]:
    """Return the latest note of each rota by its id, if there is one since then: one query."""
    rows = HandOver.objects.filter(rota__in=list(rotas), at__gte=since)
    latest = rows.order_by("rota_id", "-at", "-pk").distinct("rota_id").select_related("written_by")
    return {note.rota_id: note for note in latest}


def absences_of(user: User, *, now: datetime) -> list[Absence]:
    return list(user.absences.filter(ends_at__gt=now))


def absences_kept_by(user: User, brands: Iterable[int], *, now: datetime) -> list[Absence]:
    """Return the others' absences in brands whose plans `user` writes, the next one first."""
    kept = [pk for pk in brands if allowed(user, Permission.WRITE_PLANS, pk)]
    people = Membership.objects.filter(brand__in=kept, role__in=roles_with(Permission.RUN_INCIDENT))
    rows = Absence.objects.filter(user__in=people.values("user"), ends_at__gt=now)
    return list(rows.exclude(user=user).select_related("user", "made_by"))


def absence_for(user: User, pk: int, *, now: datetime) -> Absence:
    """Return one that is theirs, or that they keep; else Absence.DoesNotExist."""
    own = Absence.objects.filter(pk=pk, user=user).first()
    kept = [own] if own else absences_kept_by(user, user.roles, now=now)
    found = next((each for each in kept if each.pk == pk), None)
    if found is None:
        raise Absence.DoesNotExist
    return found


def feeds_of(user: User) -> list[CalendarFeed]:
    return list(user.calendar_feeds.select_related("rota"))


def duties_in(
    rota: Rota, since: datetime, until: datetime, *, now: datetime
) -> tuple[list[Coming], dict[int, str]]:
    """Return everybody's duties in a rota, in order, and the people's names by id."""
    found = schedule(rota, since, until, now=now, gaps_too=False)
    duties = [
        Coming(rota.brand_id, rota.pk, rota.name, line.key, line.name, span)
        for line in found.lines
        for span in line.spans
        if span.duty
    ]
    people = User.objects.in_bulk(found.people())
    duties.sort(key=lambda each: (each.span.starts_at, each.line))
    return duties, {pk: str(user) for pk, user in people.items()}
