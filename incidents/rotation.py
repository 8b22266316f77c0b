"""Who is on duty and when: pure arithmetic over a rota's plan, without a database.

A plan has lines (first, second …), each with people who take turns. Turns, hand-overs and hours are
in the rota's local time: a hand-over at 08:00 is at 08:00 on both sides of a change of the clock. A
local time that the change skips counts as the moment it would have been (02:30 becomes 03:30); one
that comes twice counts when it comes first.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from . import calendars
from .enums_rota import How, OnHolidays, TurnUnit

_MINUTES_A_DAY = 1440
_SUNDAY = 6
_UNITS = {
    TurnUnit.HOUR: timedelta(hours=1),
    TurnUnit.DAY: timedelta(days=1),
    TurnUnit.WEEK: timedelta(weeks=1),
}
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """A span of some weekdays (0 is Monday), in minutes from midnight.

    One that ends at or before its start ends on the next day; 1440 is the day's end.
    """

    days: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True)
class Line:
    """People who take turns. `starts` is local and begins the turn of `people[first]`.

    Without `hours` the line is on duty around the clock.
    """

    key: int
    name: str
    people: tuple[int, ...]
    every: int
    unit: TurnUnit
    starts: datetime
    first: int = 0
    hours: tuple[Hours, ...] = ()
    holidays: OnHolidays = OnHolidays.USUAL

    @property
    def length(self) -> timedelta:
        return self.every * _UNITS[self.unit]


@dataclass(frozen=True)
class Plan:
    """A rota as it is from some moment on. `own_days` are holidays of its own, by date."""

    zone: str
    lines: tuple[Line, ...]
    fallback: int | None = None
    calendar: str = ""
    own_days: dict[date, str] = field(default_factory=dict)

    def holiday(self, day: date) -> str:
        """Return the day's name if it is a holiday of this rota, else ""."""
        return self.own_days.get(day) or calendars.holiday(self.calendar, day)


@dataclass(frozen=True)
class Cover:
    """Somebody takes a line from one moment to another, whatever the turns say."""

    pk: int
    line: int
    user: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Away:
    """Somebody cannot be called from one moment to another."""

    user: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Duty:
    """One person on one line. `line` 0 is nobody's: the fallback. `instead_of` had the turn."""

    line: int
    user: int
    how: How
    instead_of: int | None = None


@dataclass(frozen=True)
class Span:
    """A duty, or with None a time without one, from one moment to another."""

    starts_at: datetime
    ends_at: datetime
    duty: Duty | None


# --- Plans as they are stored -------------------------------------------------------------------


def read(stored: dict[str, Any]) -> Plan:
    """Read a stored plan. KeyError, TypeError or ValueError if it is broken."""
    return Plan(
        zone=_zone(stored["zone"]).key,
        lines=tuple(_line(each) for each in stored["lines"]),
        fallback=stored.get("fallback"),
        calendar=stored.get("calendar", ""),
        own_days={date.fromisoformat(day): name for day, name in stored.get("days", {}).items()},
    )


def _line(stored: dict[str, Any]) -> Line:
    return Line(
        key=stored["key"],
        name=stored["name"],
        people=tuple(stored["people"]),
        every=stored["every"],
        unit=TurnUnit(stored["unit"]),
        starts=datetime.fromisoformat(stored["starts"]),
        first=stored.get("first", 0),
        hours=tuple(
            Hours(frozenset(each["days"]), minutes(each["from"]), minutes(each["to"]))
            for each in stored.get("hours", [])
        ),
        holidays=OnHolidays(stored.get("holidays", OnHolidays.USUAL)),
    )


def write(plan: Plan) -> dict[str, Any]:
    """Return a plan as it is stored; `read` gives it back unchanged."""
    return {
        "zone": plan.zone,
        "fallback": plan.fallback,
        "calendar": plan.calendar,
        "days": {day.isoformat(): name for day, name in sorted(plan.own_days.items())},
        "lines": [
            {
                "key": line.key,
                "name": line.name,
                "people": list(line.people),
                "every": line.every,
                "unit": line.unit.value,
                "starts": line.starts.isoformat(timespec="minutes"),
                "first": line.first,
                "hours": [
                    {"days": sorted(each.days), "from": words(each.start), "to": words(each.end)}
                    for each in line.hours
                ],
                "holidays": line.holidays.value,
            }
            for line in plan.lines
        ],
    }


def minutes(clock: str) -> int:
    """Return "08:30" as 510; "24:00" is the day's end. ValueError for anything else."""
    if clock == "24:00":
        return _MINUTES_A_DAY
    told = time.fromisoformat(clock)
    return told.hour * 60 + told.minute


def words(minute: int) -> str:
    """Return 510 as "08:30"."""
    return f"{minute // 60:02}:{minute % 60:02}"


# --- Local time ---------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def moment(local: datetime, zone: str) -> datetime:
    """Return a naive local time as a moment in UTC."""
    return local.replace(tzinfo=_zone(zone)).astimezone(UTC)


def local(at: datetime, zone: str) -> datetime:
    """Return a moment as naive local time."""
    return at.astimezone(_zone(zone)).replace(tzinfo=None)


# --- Turns --------------------------------------------------------------------------------------


def turn_start(line: Line, zone: str, number: int) -> datetime:
    return moment(line.starts + number * line.length, zone)


def turn_at(line: Line, zone: str, at: datetime) -> int:
    """Return the number of the turn that runs at a moment; below 0 before the line starts."""
    number = (local(at, zone) - line.starts) // line.length
    while turn_start(line, zone, number) > at:
        number -= 1
    while turn_start(line, zone, number + 1) <= at:
        number += 1
    return number


def order(line: Line, number: int) -> Iterator[int]:
    """Yield whose turn it is, and then who steps in for them, each person once."""
    count = len(line.people)
    for place in range(count):
        yield line.people[(line.first + number + place) % count]


# --- Hours --------------------------------------------------------------------------------------


def _weekday(plan: Plan, line: Line, day: date) -> int | None:
    """Which weekday's hours a date has; None when the line is off on that holiday."""
    if line.holidays == OnHolidays.USUAL or not plan.holiday(day):
        return day.weekday()
    return _SUNDAY if line.holidays == OnHolidays.SUNDAY else None


_WHOLE_DAY = (Hours(frozenset(range(7)), 0, _MINUTES_A_DAY),)


def windows(plan: Plan, line: Line, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans of a line's hours that begin on a local date."""
    weekday = _weekday(plan, line, day)
    midnight = datetime.combine(day, time())
    for hours in line.hours or _WHOLE_DAY:
        if weekday in hours.days:
            end = hours.end if hours.end > hours.start else hours.end + _MINUTES_A_DAY
            yield (
                moment(midnight + timedelta(minutes=hours.start), plan.zone),
                moment(midnight + timedelta(minutes=end), plan.zone),
            )


def is_open(plan: Plan, line: Line, at: datetime) -> bool:
    """Whether a moment is within a line's hours."""
    if not line.hours and line.holidays != OnHolidays.OFF:
        return True
    today = local(at, plan.zone).date()
    return any(
        start <= at < end
        for day in (today - _DAY, today)
        for start, end in windows(plan, line, day)
    )


# --- Who is on duty -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Rules:
    """All that decides who is on duty in a rota while one plan holds."""

    plan: Plan
    covers: tuple[Cover, ...] = ()
    away: tuple[Away, ...] = ()


def _out(rules: Rules, at: datetime) -> set[int]:
    return {each.user for each in rules.away if each.starts_at <= at < each.ends_at}


def _cover(rules: Rules, line: Line, at: datetime, out: set[int]) -> int | None:
    """Whoever covers the line; of several, the one put there last."""
    found = (
        each
        for each in rules.covers
        if each.line == line.key and each.starts_at <= at < each.ends_at and each.user not in out
    )
    last = max(found, key=lambda each: each.pk, default=None)
    return last.user if last else None


def _turn(rules: Rules, line: Line, at: datetime) -> list[int]:
    """Whose turn it is and who would step in; empty outside the line's hours."""
    number = turn_at(line, rules.plan.zone, at)
    if number < 0 or not is_open(rules.plan, line, at):
        return []
    return list(order(line, number))


def on_line(rules: Rules, line: Line, at: datetime) -> Duty | None:
    """Return who has a line at a moment: a cover before the turn, a stand-in for who is away."""
    out, turn = _out(rules, at), _turn(rules, line, at)
    holder = turn[0] if turn else None
    cover = _cover(rules, line, at, out)
    if cover is not None:
        return Duty(line.key, cover, How.COVER, holder if holder != cover else None)
    there = next((user for user in turn if user not in out), None)
    if there is None:
        return None
    if there == holder:
        return Duty(line.key, there, How.TURN)
    return Duty(line.key, there, How.STAND_IN, holder)


def on_duty(rules: Rules, at: datetime) -> list[Duty]:
    """Return who is on duty at a moment, the first line first; the fallback if nobody is."""
    found = [on_line(rules, line, at) for line in rules.plan.lines]
    there = [duty for duty in found if duty]
    fallback = rules.plan.fallback
    if there or fallback is None or fallback in _out(rules, at):
        return there
    return [Duty(0, fallback, How.FALLBACK)]


# --- Spans --------------------------------------------------------------------------------------


def _turn_edges(line: Line, zone: str, since: datetime, until: datetime) -> Iterator[datetime]:
    number = max(0, turn_at(line, zone, since))
    while (edge := turn_start(line, zone, number)) < until:
        yield edge
        number += 1


def _hour_edges(plan: Plan, line: Line, since: datetime, until: datetime) -> Iterator[datetime]:
    if not line.hours and line.holidays != OnHolidays.OFF:
        return
    day, last = local(since, plan.zone).date() - _DAY, local(until, plan.zone).date()
    while day <= last:
        for window in windows(plan, line, day):
            yield from window
        day += _DAY


def edges(rules: Rules, line: Line, since: datetime, until: datetime) -> list[datetime]:
    """Return the moments at which a line's duty may change, with `since` and `until` around."""
    found = {since, until}
    found.update(_turn_edges(line, rules.plan.zone, since, until))
    found.update(_hour_edges(rules.plan, line, since, until))
    for each in rules.covers:
        found.update((each.starts_at, each.ends_at))
    for out in rules.away:
        found.update((out.starts_at, out.ends_at))
    return sorted(edge for edge in found if since <= edge <= until)


def spans(rules: Rules, line: Line, since: datetime, until: datetime) -> list[Span]:
    """Return a line's duties between two moments, without gap or overlap, in order."""
    return _between(edges(rules, line, since, until), lambda at: on_line(rules, line, at))


def uncovered(rules: Rules, since: datetime, until: datetime) -> list[Span]:
    """Return when no line has anybody; the duty is the fallback's, None if there is none."""
    found = {since, until}
    for line in rules.plan.lines:
        found.update(edges(rules, line, since, until))

    def bare(at: datetime) -> Duty | None:
        duties = on_duty(rules, at)
        return duties[0] if duties else None

    cut = _between(sorted(found), bare)
    return [span for span in cut if span.duty is None or span.duty.how == How.FALLBACK]


def _between(cuts: list[datetime], who: Callable[[datetime], Duty | None]) -> list[Span]:
    """One span between each two cuts; neighbours that say the same are one."""
    made: list[Span] = []
    for start, end in pairwise(cuts):
        duty = who(start)
        if made and _same(made[-1].duty, duty):
            made[-1] = Span(made[-1].starts_at, end, duty)
        else:
            made.append(Span(start, end, duty))
    return made


def _same(one: Duty | None, other: Duty | None) -> bool:
    """Whether it is one duty: a cover stays one, whoever's turns it runs through."""
    if one is None or other is None:
        return one is other
    return (one.line, one.user, one.how) == (other.line, other.user, other.how)


def joined(found: Iterable[Span]) -> list[Span]:
    """Join neighbours that touch and say the same, as at the edge of two versions."""
    made: list[Span] = []
    for span in found:
        if made and _same(made[-1].duty, span.duty) and made[-1].ends_at == span.starts_at:
            made[-1] = Span(made[-1].starts_at, span.ends_at, span.duty)
        else:
            made.append(span)
    return made


# --- Editing ------------------------------------------------------------------------------------


def carried_on(before: Line, after: Line, zone: str, at: datetime) -> Line:
    """Return an edited line so that who has the turn at `at` keeps it, if they are still in it.

    Without this, adding a sixth person would hand the running turn to somebody else, because the
    count of turns is divided by the number of people. Who left is followed by the next who is
    still in it. A new first day starts the order afresh: then the first in the list begins.
    """
    if before.starts.date() != after.starts.date() or after.starts > local(at, zone):
        return after
    turn = order(before, turn_at(before, zone, at))
    holder = next((user for user in turn if user in after.people), None)
    if holder is None:
        return after
    number = turn_at(after, zone, at)
    return replace(after, first=(after.people.index(holder) - number) % len(after.people))
