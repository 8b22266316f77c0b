"""What people enter about rotas, covers, swaps and absences. Times are in the zone that the page
names; what makes sense is for the services to say."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from babel import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.selectors import members
from core import formats

from . import calendars, rotation
from .enums_rota import OnHolidays, TurnUnit
from .rotation import Hours, Line, Plan

# Empty seats in a line's form, and empty lines, so that they grow without a script.
SPARE_SEATS, SPARE_LINES = 2, 1
WINDOWS = 2
MOST_SEATS = 30
DATE = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


def _clock() -> forms.TimeInput:
    return forms.TimeInput({"type": "time"}, format="%H:%M")


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def calendar_names() -> list[tuple[str, Any]]:
    """The calendars by the countries' names; a part stands behind its country."""
    names = Locale.parse(formats.language()).territories
    told = [(code, _calendar(code, names)) for code in calendars.known()]
    return [("", _("No holidays")), *sorted(told, key=lambda each: each[1])]


def _calendar(code: str, names: Any) -> str:
    country, _dash, part = code.partition("-")
    name = names.get(country, country)
    return f"{name}: {part}" if part else str(name)


class RotaForm(forms.Form):
    """A rota without its lines."""

    name = forms.CharField(label=_("Name"), max_length=120)
    zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Hand-overs and hours are in this zone, in summer and in winter."),
    )
    fallback = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Called when nobody is on duty"),
        required=False,
        empty_label="–",
        help_text=_("Without one, a step that calls whoever is on call is passed at once."),
    )
    calendar = forms.ChoiceField(label=_("Holidays"), required=False)
    own_days = forms.CharField(
        label=_("Holidays of your own"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One a line, the date first: 2026-12-24 Christmas Eve"),
    )
    applies_at = forms.DateTimeField(
        label=_("Applies from"),
        required=False,
        widget=_moment(),
        help_text=_("Empty: from now on. What has been stays as it was."),
    )

    def __init__(self, *args: Any, brand: Brand, zones: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["zone"]
        choices.choices = [(zone, zone.replace("_", " ")) for zone in zones]
        choices = self.fields["calendar"]
        choices.choices = calendar_names()
        people: Any = self.fields["fallback"]
        people.queryset = members(brand, permission=Permission.RUN_INCIDENT)

    def clean_own_days(self) -> dict[date, str]:
        days = {}
        for row in self.cleaned_data["own_days"].splitlines():
            if row.strip():
                day, _space, name = row.strip().partition(" ")
                days[_day(day)] = name.strip()[:80] or day
        return days


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValidationError(
            _("“%(text)s” is no date. Write it as 2026-12-24."), params={"text": text}
        ) from None


class LineForm(forms.Form):
    """One line of a rota: who takes turns, how long, from when, at which hours."""

    key = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name of the line"), max_length=120)
    every = forms.IntegerField(label=_("A turn lasts"), min_value=1, max_value=168, initial=1)
    unit = forms.ChoiceField(label=_("Unit"), choices=TurnUnit, initial=TurnUnit.WEEK)
    first_day = forms.DateField(label=_("First day"), widget=DATE)
    hand_over = forms.TimeField(label=_("Hand-over at"), widget=_clock(), initial=time(8))
    holidays = forms.ChoiceField(
        label=_("On holidays"), choices=OnHolidays, initial=OnHolidays.USUAL
    )

    def __init__(self, *args: Any, brand: Brand, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seats = self._count_seats()
        people = members(brand, permission=Permission.RUN_INCIDENT)
        for seat in range(self.seats):
            self.fields[f"person_{seat}"] = forms.ModelChoiceField(
                people, label=_("Person %(number)d") % {"number": seat + 1},
                required=False, empty_label="–",
            )  # fmt: skip
        for window in range(WINDOWS):
            self.fields |= _window(window)

    def _count_seats(self) -> int:
        if self.is_bound:
            given = [name for name in self.data if name.startswith(f"{self.prefix}-person_")]
            return min(len(given), MOST_SEATS)
        taken = sum(name.startswith("person_") for name in self.initial)
        return min(max(taken, 1) + SPARE_SEATS, MOST_SEATS)

    def has_hours(self) -> bool:
        """Whether the hours are worth showing at once."""
        given = (self.initial.get(f"days_{window}") for window in range(WINDOWS))
        return any(given) or bool(self.errors)

    def people(self) -> list[Any]:
        return [self[f"person_{seat}"] for seat in range(self.seats)]

    def windows(self) -> list[list[Any]]:
        parts = ("days", "from", "to")
        return [[self[f"{part}_{window}"] for part in parts] for window in range(WINDOWS)]

    def line(self) -> Line:
        """Return what was entered; only after is_valid()."""
        found = self.cleaned_data
        seats = [found.get(f"person_{seat}") for seat in range(self.seats)]
        windows = [self._hours(window) for window in range(WINDOWS)]
        return Line(
            key=found["key"] or 0,
            name=found["name"],
            people=tuple(user.pk for user in seats if user),
            every=found["every"],
            unit=TurnUnit(found["unit"]),
            starts=datetime.combine(found["first_day"], found["hand_over"]),
            hours=tuple(hours for hours in windows if hours),
            holidays=OnHolidays(found["holidays"]),
        )

    def _hours(self, window: int) -> Hours | None:
        """A span of hours; midnight as an end is the end of the day."""
        found = self.cleaned_data
        start, end = found[f"from_{window}"], found[f"to_{window}"]
        days = frozenset(int(day) for day in found[f"days_{window}"])
        if not days and start is None and end is None:
            return None
        begins = start.hour * 60 + start.minute if start else 0
        ends = (end.hour * 60 + end.minute if end else 0) or 1440
        return Hours(days, begins, ends)


def _window(number: int) -> dict[str, forms.Field]:
    return {
        f"days_{number}": forms.MultipleChoiceField(
            label=_("Only on"),
            choices=[(str(day), name) for day, name in WEEKDAYS.items()],
            required=False,
            widget=forms.CheckboxSelectMultiple,
        ),
        f"from_{number}": forms.TimeField(label=_("From"), required=False, widget=_clock()),
        f"to_{number}": forms.TimeField(label=_("To"), required=False, widget=_clock()),
    }


class Lines(forms.BaseFormSet):  # type: ignore[type-arg]
    """The lines of a rota, each of which can be removed."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Remove this line")


def initial_rota(name: str, plan: Plan) -> dict[str, Any]:
    """What the form of a rota shows to begin with."""
    days = [f"{day.isoformat()} {title}" for day, title in sorted(plan.own_days.items())]
    return {
        "name": name,
        "zone": plan.zone,
        "fallback": plan.fallback,
        "calendar": plan.calendar,
        "own_days": "\n".join(days),
    }


def initial_line(line: Line) -> dict[str, Any]:
    """What the form of a line shows to begin with."""
    shown: dict[str, Any] = {
        "key": line.key,
        "name": line.name,
        "every": line.every,
        "unit": line.unit,
        "first_day": line.starts.date(),
        "hand_over": line.starts.time(),
        "holidays": line.holidays,
    }
    shown |= {f"person_{seat}": user for seat, user in enumerate(line.people)}
    for number, hours in enumerate(line.hours[:WINDOWS]):
        shown[f"days_{number}"] = [str(day) for day in sorted(hours.days)]
        shown[f"from_{number}"] = rotation.words(hours.start)
        shown[f"to_{number}"] = rotation.words(hours.end % 1440)
    return shown


class OverrideForm(forms.Form):
    """Somebody takes a line for some time. Who may not plan takes it themselves."""

    line = forms.TypedChoiceField(label=_("Line"), coerce=int)
    user = forms.ModelChoiceField(User.objects.none(), label=_("Person"), empty_label=None)
    starts_at = forms.DateTimeField(label=_("From"), widget=_moment())
    ends_at = forms.DateTimeField(label=_("To"), widget=_moment())
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, plan: Plan, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines: Any = self.fields["line"]
        lines.choices = [(line.key, line.name) for line in plan.lines]
        field: Any = self.fields["user"]
        field.queryset = people


class SwapForm(forms.Form):
    """Ask for cover: whom (empty is everybody in the rota), and for which part of the duty."""

    line = forms.IntegerField(widget=forms.HiddenInput)
    asked = forms.ModelChoiceField(
        User.objects.none(), label=_("Ask"), required=False, empty_label=_("Everybody in the rota")
    )
    starts_at = forms.DateTimeField(label=_("From"), widget=_moment())
    ends_at = forms.DateTimeField(label=_("To"), widget=_moment())
    back = forms.ChoiceField(
        label=_("I take in return"),
        required=False,
        help_text=_("Only if you ask one person: one of their duties."),
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, people: Any, returns: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        asked: Any = self.fields["asked"]
        asked.queryset = people
        back: Any = self.fields["back"]
        back.choices = [("", "–"), *returns]


class AbsenceForm(forms.Form):
    """Whole days, the last one included, in the person's zone."""

    first = forms.DateField(label=_("First day"), widget=DATE)
    last = forms.DateField(label=_("Last day"), widget=DATE)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Seen by you alone."),
    )

    def __init__(self, *args: Any, people: Any = None, **kwargs: Any):
        """With `people` it is about one of them, and nobody is asked for a reason."""
        super().__init__(*args, **kwargs)
        if people is not None:
            del self.fields["reason"]
            person = forms.ModelChoiceField(people, label=_("Person"))
            self.fields = {"person": person, **self.fields}

    def times(self) -> tuple[datetime, datetime]:
        """Naive local midnights around the days."""
        found = self.cleaned_data
        end = datetime.combine(found["last"], time()) + timedelta(days=1)
        return datetime.combine(found["first"], time()), end
