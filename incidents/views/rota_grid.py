"""A rota as a table: lines down, days across, each duty in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from babel.dates import format_date
from django.utils.translation import gettext as _

from accounts.models import User
from core import formats
from incidents import calendars, rotation
from incidents.enums_rota import How
from incidents.rotation import Duty, Plan, Span
from incidents.selectors.schedule import Schedule

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """The head of a column. `holiday` is its name, if it is one."""

    on: date
    name: str
    today: bool
    holiday: str


@dataclass(frozen=True)
class Chip:
    """A duty within one day. `hours` is empty for a whole day."""

    user: User | None
    hours: str
    how: How | None
    how_words: str
    instead_of: User | None = None


@dataclass(frozen=True)
class Cell:
    """One day, or several that say the same."""

    chips: tuple[Chip, ...]
    span: int
    name: str
    today: bool


@dataclass(frozen=True)
class Row:
    title: str
    note: str
    cells: list[Cell]


@dataclass(frozen=True)
class Week:
    """`title` is "Week 48"; the rows are lines, and at the end who is called in gaps."""

    title: str
    days: list[Day]
    rows: list[Row]


def monday(at: datetime, zone: str) -> date:
    """Return the Monday of the week that a moment is in."""
    today = rotation.local(at, zone).date()
    return today - today.weekday() * DAY


def bounds(first: date, weeks: int, zone: str) -> tuple[datetime, datetime]:
    """Return the moments at which weeks begin and end locally."""
    midnight = datetime.combine(first, time())
    end = midnight + timedelta(weeks=weeks)
    return rotation.moment(midnight, zone), rotation.moment(end, zone)


def weeks(
    schedule: Schedule,
    people: Mapping[int, User],
    *,
    zone: str,
    first: date,
    count: int,
    now: datetime,
) -> list[Week]:
    """Return the weeks from a Monday on."""
    made = _Maker(schedule, people, zone, rotation.local(now, zone).date())
    return [made.week(first + timedelta(weeks=number)) for number in range(count)]


@dataclass(frozen=True)
class _Maker:
    schedule: Schedule
    people: Mapping[int, User]
    zone: str
    today: date

    def week(self, first: date) -> Week:
        dates = [first + number * DAY for number in range(7)]
        rows = [
            self._row(line.name, "", line.spans, dates, empty=True) for line in self.schedule.lines
        ]
        # A line that the rota no longer has, in a week in which it had nobody.
        rows = [
            row
            for row, line in zip(rows, self.schedule.lines, strict=True)
            if line.number or any(cell.chips for cell in row.cells)
        ]
        gaps = [span for span in self.schedule.gaps if self._touches(span, dates)]
        if gaps:
            title = _("Gaps")
            rows.append(self._row(title, _("no line has anybody"), gaps, dates, empty=False))
        number = first.isocalendar().week
        return Week(_("Week %(number)d") % {"number": number}, [*map(self._day, dates)], rows)

    def _touches(self, span: Span, dates: list[date]) -> bool:
        start, end = bounds(dates[0], 1, self.zone)
        return span.starts_at < end and span.ends_at > start

    def _day(self, on: date) -> Day:
        return Day(on, day_name(on), on == self.today, holiday_of(self.schedule.plan, on))

    def _row(
        self, title: str, note: str, spans: list[Span], dates: list[date], *, empty: bool
    ) -> Row:
        cells = [self._cell(spans, on, empty=empty) for on in dates]
        merged = []
        for _key, group in groupby(cells, key=_mergeable()):
            same = list(group)
            merged.append(_joined(same))
        return Row(title, note, merged)

    def _cell(self, spans: list[Span], on: date, *, empty: bool) -> Cell:
        start = rotation.moment(datetime.combine(on, time()), self.zone)
        end = rotation.moment(datetime.combine(on + DAY, time()), self.zone)
        chips = tuple(
            self._chip(span, start, end)
            for span in spans
            if span.starts_at < end and span.ends_at > start and (span.duty or not empty)
        )
        return Cell(chips, 1, day_name(on), on == self.today)

    def _chip(self, span: Span, start: datetime, end: datetime) -> Chip:
        hours = ""
        if span.starts_at > start or span.ends_at < end:
            from_ = formats.clock(max(span.starts_at, start), self.zone)
            to = formats.clock(span.ends_at, self.zone) if span.ends_at < end else "24:00"
            hours = f"{from_}–{to}"
        duty = span.duty
        if duty is None:
            return Chip(None, hours, None, _("nobody is called"))
        return Chip(self.people.get(duty.user), hours, duty.how, *self._how(duty))

    def _how(self, duty: Duty) -> tuple[str, User | None]:
        words = "" if duty.how == How.TURN else str(duty.how.label)
        return words, self.people.get(duty.instead_of or 0)


def _mergeable() -> Any:
    """Days with one and the same whole-day duty are one cell; every other day is its own."""
    count = iter(range(1000))

    def key(cell: Cell) -> Any:
        whole = len(cell.chips) == 1 and not cell.chips[0].hours
        return cell.chips if whole else next(count)

    return key


def _joined(cells: list[Cell]) -> Cell:
    first, last = cells[0], cells[-1]
    name = first.name if len(cells) == 1 else f"{first.name} – {within(last.name)}"
    return Cell(first.chips, len(cells), name, any(cell.today for cell in cells))


def day_name(on: date) -> str:
    """Return "Mon 23 Nov"."""
    short = format_date(on, "EEE", locale=formats.language())
    return f"{short.rstrip('.').capitalize()} {formats.day_month(on)}"


def times(span: Span, zone: str) -> str:
    """Return "Tue 24 Nov 08:00–22:00", or with both days if it ends on another."""
    start, end = rotation.local(span.starts_at, zone), rotation.local(span.ends_at, zone)
    begins = f"{day_name(start.date())} {start:%H:%M}"
    if start.date() == end.date():
        return f"{begins}–{end:%H:%M}"
    return f"{begins} – {within(day_name(end.date()))} {end:%H:%M}"


def within(name: str) -> str:
    """A day's name within a line: Danish writes it small there."""
    return name[:1].lower() + name[1:] if formats.language() == "da" else name


def holiday_of(plan: Plan | None, on: date) -> str:
    """Return a holiday's name in the reader's language, if any line minds holidays at all."""
    if plan is None:
        return ""
    return plan.own_days.get(on) or calendars.holiday(
        plan.calendar, on, language=formats.language()
    )


def people_of(schedules: Iterable[Schedule]) -> dict[int, User]:
    """Return everybody a table names, by id: one query."""
    wanted = {pk for each in schedules for pk in each.people()}
    duties = (
        span.duty for each in schedules for line in each.lines for span in line.spans if span.duty
    )
    wanted |= {duty.instead_of for duty in duties if duty.instead_of}
    return User.objects.in_bulk(wanted)
