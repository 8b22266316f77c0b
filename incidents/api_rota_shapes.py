"""What rotas look like over the API. People are e-mail addresses, moments are ISO 8601.

A line's `starts` is local to the rota's zone. Its `key` stays through edits; a new line has none.
"""

from datetime import date, datetime
from typing import Any

from rest_framework import serializers

from .enums_rota import How, OnHolidays, SwapState, TurnUnit
from .models_rota import Absence, CalendarFeed, HandOver, Override, Swap
from .rotation import Hours, Line, Plan, minutes
from .services.covers import LONGEST_NOTE


class MomentInput(serializers.Serializer):
    """`at` is now unless it is said; without a brand all of the caller's."""

    at = serializers.DateTimeField(required=False)
    brand = serializers.SlugField(required=False)


class OnDutyOutput(serializers.Serializer):
    """`line` counts from 1; 0 is the fallback or an extra duty, as `how` says."""

    brand = serializers.CharField()
    rota = serializers.IntegerField(allow_null=True)
    line = serializers.IntegerField()
    line_name = serializers.CharField(allow_blank=True)
    person = serializers.EmailField()
    how = serializers.ChoiceField(How.choices)


class HoursShape(serializers.Serializer):
    """`days`, `from` and `to`. Weekdays count from 0, Monday; 24:00 is the day's end.

    An end at or before its start is on the next day.
    """

    days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), max_length=7
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """Two of its names Python keeps for itself."""
        return super().get_fields() | {
            "from": serializers.RegexField(r"^([01]\d|2[0-3]):[0-5]\d$"),
            "to": serializers.RegexField(r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"),
        }


class LineShape(serializers.Serializer):
    key = serializers.IntegerField(required=False, default=0, min_value=0)
    name = serializers.CharField(max_length=120)
    people = serializers.ListField(child=serializers.EmailField(), max_length=30)
    every = serializers.IntegerField(min_value=1, max_value=168, default=1)
    unit = serializers.ChoiceField(TurnUnit.choices)
    starts = serializers.RegexField(r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")
    hours = HoursShape(many=True, required=False, default=list)
    holidays = serializers.ChoiceField(OnHolidays.choices, default=OnHolidays.USUAL)


class PlanInput(serializers.Serializer):
    """A rota as a whole. It holds from `applies_at` (now) on; what was before stays."""

    brand = serializers.SlugField(required=False)
    name = serializers.CharField(max_length=120)
    zone = serializers.CharField(max_length=64, required=False)
    fallback = serializers.EmailField(allow_blank=True, allow_null=True, default="")
    calendar = serializers.CharField(
        max_length=40, required=False, allow_blank=True, default="", help_text="DK, DE-BY …"
    )
    days = serializers.DictField(
        child=serializers.CharField(max_length=80), required=False, default=dict,
        help_text="Holidays of its own: names by date.",
    )  # fmt: skip
    lines = LineShape(many=True)
    applies_at = serializers.DateTimeField(required=False)


class RotaOutput(serializers.Serializer):
    id = serializers.IntegerField()
    brand = serializers.CharField()
    name = serializers.CharField()
    zone = serializers.CharField()
    fallback = serializers.EmailField(allow_null=True)
    calendar = serializers.CharField(allow_blank=True)
    days = serializers.DictField(child=serializers.CharField())
    lines = LineShape(many=True)


class ScheduleInput(serializers.Serializer):
    """Four weeks from now on unless it is said."""

    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class DutyOutput(serializers.Serializer):
    """In a gap `person` is who is called then; null if nobody is."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    person = serializers.EmailField(allow_null=True)
    how = serializers.ChoiceField(How.choices, allow_null=True)


class DutyLineOutput(serializers.Serializer):
    line = serializers.IntegerField(help_text="The line's key.")
    name = serializers.CharField()
    duties = DutyOutput(many=True)


class ScheduleOutput(serializers.Serializer):
    lines = DutyLineOutput(many=True)
    gaps = DutyOutput(many=True)


class _Part(serializers.Serializer):
    line = serializers.IntegerField(help_text="The line's key.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class OverrideInput(_Part):
    person = serializers.EmailField()
    note = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, default="")


class OverrideOutput(serializers.ModelSerializer):
    person = serializers.EmailField(source="user.email", read_only=True)

    class Meta:
        model = Override
        fields = ("id", "line", "person", "starts_at", "ends_at", "note")
        read_only_fields = fields


class DutyHandOverInput(serializers.Serializer):
    text = serializers.CharField(max_length=4000)


class DutyHandOverOutput(serializers.ModelSerializer):
    by = serializers.EmailField(source="written_by.email", read_only=True, default=None)

    class Meta:
        model = HandOver
        fields = ("id", "at", "by", "text")
        read_only_fields = fields


class SwapInput(_Part):
    """`asked` is one person, or empty for everybody. `in_return` is one of that person's duties."""

    asked = serializers.EmailField(allow_blank=True, default="")
    in_return = _Part(required=False)
    note = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, default="")


class SwapOutput(serializers.ModelSerializer):
    asker = serializers.EmailField(source="asker.email", read_only=True)
    asked = serializers.EmailField(source="asked.email", read_only=True, default=None)
    answered_by = serializers.EmailField(source="answered_by.email", read_only=True, default=None)
    state = serializers.ChoiceField(SwapState.choices, read_only=True)

    class Meta:
        model = Swap
        fields = (
            "id",
            "rota",
            "line",
            "asker",
            "asked",
            "starts_at",
            "ends_at",
            "return_line",
            "return_starts_at",
            "return_ends_at",
            "note",
            "state",
            "answered_by",
            "answered_at",
        )
        read_only_fields = fields


class AbsenceInput(serializers.Serializer):
    """`person` (an address) and `brand` (its slug) if it is about somebody else; then no reason."""

    brand = serializers.CharField(default="", allow_blank=True)
    person = serializers.EmailField(default="", allow_blank=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    reason = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, default="")


class AbsenceOutput(serializers.ModelSerializer):
    class Meta:
        model = Absence
        fields = ("id", "starts_at", "ends_at", "reason")
        read_only_fields = fields


class OthersAbsenceOutput(AbsenceOutput):
    user = serializers.CharField(source="user.email")

    class Meta(AbsenceOutput.Meta):
        fields = ("id", "user", "starts_at", "ends_at")
        read_only_fields = fields


class FeedInput(serializers.Serializer):
    """Without a rota: one's own duties in every rota."""

    rota = serializers.IntegerField(required=False, allow_null=True)


class FeedOutput(serializers.ModelSerializer):
    address = serializers.CharField(read_only=True, required=False)

    class Meta:
        model = CalendarFeed
        fields = ("id", "rota", "created_at", "read_at", "address")
        read_only_fields = fields


def plan_of(wanted: dict[str, Any], people: dict[str, int], zone: str) -> Plan:
    """Return what was sent as a plan; `people` are ids by address."""
    try:
        days = {date.fromisoformat(day): name for day, name in wanted["days"].items()}
        starts = [datetime.fromisoformat(line["starts"]) for line in wanted["lines"]]
    except ValueError as error:
        raise serializers.ValidationError({"lines": [str(error)]}) from None
    lines = zip(wanted["lines"], starts, strict=True)
    return Plan(
        zone=wanted.get("zone") or zone,
        lines=tuple(_line(line, start, people) for line, start in lines),
        fallback=people.get(wanted["fallback"] or ""),
        calendar=wanted["calendar"],
        own_days=days,
    )


def _line(line: dict[str, Any], starts: Any, people: dict[str, int]) -> Line:
    return Line(
        key=line["key"],
        name=line["name"],
        people=tuple(people[email] for email in line["people"]),
        every=line["every"],
        unit=TurnUnit(line["unit"]),
        starts=starts,
        hours=tuple(
            Hours(frozenset(each["days"]), minutes(each["from"]), minutes(each["to"]))
            for each in line["hours"]
        ),
        holidays=OnHolidays(line["holidays"]),
    )
