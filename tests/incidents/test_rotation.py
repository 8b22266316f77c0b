"""Who is on duty and when: turns over changes of the clock, hours, covers, absences, editing."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents import calendars, rotation
from incidents.enums_rota import How, OnHolidays, TurnUnit
from incidents.rotation import Away, Cover, Duty, Hours, Line, Plan, Rules

COPENHAGEN = "Europe/Copenhagen"
ANNA, BO, CARL, DINA = 1, 2, 3, 4
WEEKDAYS = frozenset(range(5))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def line(**given: Any) -> Line:
    """Weekly turns of three from Monday 5 January 2026 at 08:00."""
    made: dict[str, Any] = {
        "key": 1, "name": "First line", "people": (ANNA, BO, CARL), "every": 1,
        "unit": TurnUnit.WEEK, "starts": datetime(2026, 1, 5, 8),
    }  # fmt: skip
    return Line(**(made | given))


def plan(*lines: Line, **given: Any) -> Plan:
    return Plan(zone=given.pop("zone", COPENHAGEN), lines=lines or (line(),), **given)


def at(text: str, zone: str = COPENHAGEN, fold: int = 0) -> datetime:
    """A local time as a moment: `fold` 1 is the second of two."""
    told = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return told.astimezone(UTC)


def who(made: Plan, moment: datetime, **rules: Any) -> list[int]:
    return [duty.user for duty in rotation.on_duty(Rules(made, **rules), moment)]


# --- Turns --------------------------------------------------------------------------------------


def test_a_week_is_handed_over_at_its_local_time() -> None:
    made = plan()
    assert who(made, at("2026-01-05T07:59")) == []
    assert who(made, at("2026-01-05T08:00")) == [ANNA]
    assert who(made, at("2026-01-12T07:59")) == [ANNA]
    assert who(made, at("2026-01-12T08:00")) == [BO]
    assert who(made, at("2026-01-26T08:00")) == [ANNA]


def test_a_hand_over_stays_at_eight_on_both_sides_of_both_changes_of_the_clock() -> None:
    made = plan(line(every=1, unit=TurnUnit.DAY))
    spring = rotation.spans(
        Rules(made), made.lines[0], at("2026-03-28T08:00"), at("2026-03-31T08:00")
    )
    assert [span.ends_at - span.starts_at for span in spring] == [23 * HOUR, DAY, DAY]
    autumn = rotation.spans(
        Rules(made), made.lines[0], at("2026-10-24T08:00"), at("2026-10-27T08:00")
    )
    assert [span.ends_at - span.starts_at for span in autumn] == [25 * HOUR, DAY, DAY]
    for span in (*spring, *autumn):
        assert rotation.local(span.starts_at, COPENHAGEN).time() == time(8)


def test_a_hand_over_in_the_hour_that_is_skipped_comes_when_it_would_have_been() -> None:
    made = plan(line(unit=TurnUnit.DAY, starts=datetime(2026, 3, 27, 2, 30)))
    assert who(made, datetime(2026, 3, 29, 1, 29, tzinfo=UTC)) == [BO]
    assert who(made, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) == [CARL]
    assert rotation.local(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), COPENHAGEN).time() == time(
        3, 30
    )


def test_a_hand_over_in_the_hour_that_comes_twice_comes_once_the_first_time() -> None:
    made = plan(line(unit=TurnUnit.DAY, starts=datetime(2026, 10, 23, 2, 30)))
    assert who(made, at("2026-10-25T02:29")) == [BO]
    assert who(made, at("2026-10-25T02:30")) == [CARL]
    assert who(made, at("2026-10-25T02:29", fold=1)) == [CARL]
    assert who(made, at("2026-10-25T02:31", fold=1)) == [CARL]


def test_turns_of_twelve_hours_keep_day_and_night_over_the_change() -> None:
    made = plan(line(people=(ANNA, BO), every=12, unit=TurnUnit.HOUR))
    for day in ("2026-03-28", "2026-03-29", "2026-10-25", "2026-10-26"):
        assert who(made, at(f"{day}T12:00")) == [ANNA], day
        assert who(made, at(f"{day}T22:00")) == [BO], day


LINES = st.builds(
    line,
    people=st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True).map(tuple),
    every=st.integers(1, 30),
    unit=st.sampled_from(TurnUnit),
    starts=st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 31)).map(
        lambda moment: moment.replace(second=0, microsecond=0)
    ),
    first=st.integers(0, 5),
)
ZONES = st.sampled_from(
    [COPENHAGEN, "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Tokyo"]
)
MOMENTS = st.datetimes(datetime(2026, 3, 1), datetime(2027, 12, 1), timezones=st.just(UTC))


@given(LINES, ZONES, MOMENTS)
@settings(max_examples=300, deadline=None)
def test_every_moment_is_in_exactly_one_turn(made: Line, zone: str, moment: datetime) -> None:
    number = rotation.turn_at(made, zone, moment)
    assert rotation.turn_start(made, zone, number) <= moment
    assert moment < rotation.turn_start(made, zone, number + 1)
    others = (number - 2, number - 1, number + 1, number + 2)
    assert not any(
        rotation.turn_start(made, zone, each) <= moment < rotation.turn_start(made, zone, each + 1)
        for each in others
    )
    assert len(rotation.on_duty(Rules(plan(made, zone=zone)), moment)) == 1


# --- Hours and holidays -------------------------------------------------------------------------


def test_a_line_has_people_only_in_its_hours_and_turns_go_on_meanwhile() -> None:
    made = plan(line(hours=(Hours(WEEKDAYS, 480, 1320),)))
    assert who(made, at("2026-01-07T21:59")) == [ANNA]
    assert who(made, at("2026-01-07T22:00")) == []
    assert who(made, at("2026-01-10T12:00")) == []
    assert who(made, at("2026-01-14T12:00")) == [BO]


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    made = plan(line(hours=(Hours(frozenset({4}), 1320, 360),)))
    assert who(made, at("2026-01-09T22:00")) == [ANNA]
    assert who(made, at("2026-01-10T05:59")) == [ANNA]
    assert who(made, at("2026-01-10T06:00")) == []
    assert who(made, at("2026-01-10T22:30")) == []


def test_hours_hold_in_local_time_over_the_change() -> None:
    made = plan(line(hours=(Hours(frozenset(range(7)), 480, 1320),)))
    for day in ("2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"):
        assert who(made, at(f"{day}T07:59")) == []
        assert len(who(made, at(f"{day}T08:00"))) == 1
        assert len(who(made, at(f"{day}T21:59"))) == 1
        assert who(made, at(f"{day}T22:00")) == []


@pytest.mark.parametrize(
    ("rule", "christmas_morning", "christmas_evening"),
    [(OnHolidays.USUAL, 1, 0), (OnHolidays.SUNDAY, 0, 1), (OnHolidays.OFF, 0, 0)],
)
def test_a_line_does_on_a_holiday_what_it_was_told(
    rule: OnHolidays, christmas_morning: int, christmas_evening: int
) -> None:
    hours = (Hours(WEEKDAYS, 480, 1020), Hours(frozenset({6}), 1080, 1200))
    made = plan(line(hours=hours, holidays=rule), calendar="DK")
    # Friday 25 December 2026 is a holiday in Denmark; Friday 18 December is none.
    assert len(who(made, at("2026-12-18T10:00"))) == 1
    assert len(who(made, at("2026-12-25T10:00"))) == christmas_morning
    assert len(who(made, at("2026-12-25T19:00"))) == christmas_evening


def test_a_rota_has_holidays_of_its_own() -> None:
    made = plan(line(holidays=OnHolidays.OFF), own_days={date(2026, 6, 5): "Grundlovsdag"})
    assert who(made, at("2026-06-05T00:00")) == []
    assert who(made, at("2026-06-05T23:59")) == []
    assert len(who(made, at("2026-06-06T00:00"))) == 1


def test_calendars_speak_the_language_and_unknown_ones_have_no_holidays() -> None:
    assert calendars.holiday("DK", date(2026, 12, 25), language="da") == "Juledag"
    assert calendars.holiday("DK", date(2026, 12, 25)) == "Christmas Day"
    assert calendars.holiday("DE-BY", date(2026, 1, 6)) != ""
    assert calendars.holiday("DE-BE", date(2026, 1, 6)) == ""
    assert calendars.holiday("XX", date(2026, 1, 1)) == ""
    assert {"DK", "SE", "NO", "DE-BY", "US"} <= set(calendars.known())


# --- Covers, absences, the fallback -------------------------------------------------------------


def test_a_cover_wins_and_of_two_the_later_one() -> None:
    noon = at("2026-01-07T12:00")
    covers = (
        Cover(7, 1, DINA, noon - HOUR, noon + HOUR),
        Cover(8, 1, BO, noon, noon + 2 * HOUR),
    )
    assert who(plan(), noon - HOUR, covers=covers) == [DINA]
    assert who(plan(), noon, covers=covers) == [BO]
    assert who(plan(), noon + 2 * HOUR, covers=covers) == [ANNA]
    duty = rotation.on_duty(Rules(plan(), covers), noon)[0]
    assert duty == Duty(1, BO, How.COVER, ANNA)


def test_a_cover_fills_the_hours_in_which_a_line_rests() -> None:
    made = plan(line(hours=(Hours(WEEKDAYS, 480, 1320),)))
    night = at("2026-01-07T23:00")
    assert who(made, night) == []
    assert who(made, night, covers=(Cover(1, 1, DINA, night, night + HOUR),)) == [DINA]


def test_a_cover_is_one_duty_through_the_turns_and_rests_it_covers() -> None:
    made = plan(line(hours=(Hours(WEEKDAYS, 480, 1320),)))
    start, end = at("2026-01-07T12:00"), at("2026-01-13T12:00")
    rules = Rules(made, (Cover(1, 1, DINA, start, end),))
    found = rotation.spans(rules, made.lines[0], start - HOUR, end + HOUR)
    assert [(span.starts_at, span.duty.user) for span in found if span.duty] == [
        (start - HOUR, ANNA),
        (start, DINA),
        (end, BO),
    ]


def test_the_next_in_turn_stands_in_for_who_is_away_and_nobody_else_is_moved() -> None:
    noon = at("2026-01-07T12:00")
    away = (Away(ANNA, noon - HOUR, noon + HOUR),)
    assert who(plan(), noon - 2 * HOUR, away=away) == [ANNA]
    assert rotation.on_duty(Rules(plan(), (), away), noon) == [Duty(1, BO, How.STAND_IN, ANNA)]
    assert who(plan(), noon + HOUR, away=away) == [ANNA]
    assert who(plan(), noon + timedelta(weeks=1), away=away) == [BO]


def test_a_cover_who_is_away_covers_nothing() -> None:
    noon = at("2026-01-07T12:00")
    covers, away = (Cover(1, 1, DINA, noon, noon + HOUR),), (Away(DINA, noon, noon + HOUR),)
    assert who(plan(), noon, covers=covers, away=away) == [ANNA]


def test_the_fallback_is_on_duty_only_when_no_line_has_anybody() -> None:
    first = line(hours=(Hours(WEEKDAYS, 480, 1320),))
    second = line(key=2, people=(CARL,), hours=(Hours(frozenset({5}), 0, 1440),))
    made = plan(first, second, fallback=DINA)
    assert who(made, at("2026-01-07T12:00")) == [ANNA]
    assert who(made, at("2026-01-10T12:00")) == [CARL]
    night = at("2026-01-07T23:00")
    assert rotation.on_duty(Rules(made), night) == [Duty(0, DINA, How.FALLBACK)]
    assert who(made, night, away=(Away(DINA, night, night + HOUR),)) == []
    found = rotation.uncovered(Rules(made), at("2026-01-09T12:00"), at("2026-01-12T12:00"))
    assert [(span.starts_at, span.ends_at) for span in found] == [
        (at("2026-01-09T22:00"), at("2026-01-10T00:00")),
        (at("2026-01-11T00:00"), at("2026-01-12T08:00")),
    ]


SPANS = st.tuples(st.integers(0, 700), st.integers(1, 200))


def _span(found: tuple[int, int]) -> tuple[datetime, datetime]:
    start = datetime(2026, 3, 15, tzinfo=UTC) + found[0] * HOUR
    return start, start + found[1] * HOUR


COVERS = st.lists(st.tuples(st.integers(1, 2), st.integers(1, 9), SPANS), max_size=5).map(
    lambda rows: tuple(Cover(pk, key, user, *_span(s)) for pk, (key, user, s) in enumerate(rows))
)
AWAY = st.lists(st.tuples(st.integers(1, 9), SPANS), max_size=4).map(
    lambda rows: tuple(Away(user, *_span(s)) for user, s in rows)
)
HOURS = st.lists(
    st.builds(
        Hours,
        st.frozensets(st.integers(0, 6), min_size=1),
        st.integers(0, 1439),
        st.integers(1, 1440),
    ),
    max_size=2,
).map(tuple)


def held(duty: Duty | None) -> Any:
    return duty and (duty.line, duty.user, duty.how)


@given(LINES, HOURS, COVERS, AWAY, st.integers(0, 60 * 24 * 30))
@settings(max_examples=200, deadline=None)
def test_spans_have_no_gap_and_say_at_each_moment_what_the_moment_says(
    made: Line, hours: tuple[Hours, ...], covers: Any, away: Any, minute: int
) -> None:
    first = Line(**{**made.__dict__, "hours": hours})
    rules = Rules(plan(first, calendar="DK"), covers, away)
    since = datetime(2026, 3, 15, tzinfo=UTC)
    found = rotation.spans(rules, first, since, since + 30 * DAY)
    assert (found[0].starts_at, found[-1].ends_at) == (since, since + 30 * DAY)
    for before, after in pairwise(found):
        assert before.ends_at == after.starts_at
        assert held(before.duty) != held(after.duty)
    moment = since + timedelta(minutes=minute)
    holding = [span for span in found if span.starts_at <= moment < span.ends_at]
    if minute < 60 * 24 * 30:
        assert [held(span.duty) for span in holding] == [
            held(rotation.on_line(rules, first, moment))
        ]


@given(LINES, COVERS, AWAY, st.integers(0, 60 * 24 * 30))
@settings(max_examples=200, deadline=None)
def test_a_cover_wins_at_each_moment_and_who_is_away_is_never_on_duty(
    made: Line, covers: Any, away: Any, minute: int
) -> None:
    moment = datetime(2026, 3, 15, tzinfo=UTC) + timedelta(minutes=minute)
    duty = rotation.on_line(Rules(plan(made), covers, away), made, moment)
    out = {each.user for each in away if each.starts_at <= moment < each.ends_at}
    covering = [
        each
        for each in covers
        if each.line == 1 and each.starts_at <= moment < each.ends_at and each.user not in out
    ]
    assert duty is None or duty.user not in out
    if covering:
        assert duty
        assert (duty.user, duty.how) == (covering[-1].user, How.COVER)
    elif set(made.people) - out:
        assert duty
        assert duty.user in made.people


# --- Editing ------------------------------------------------------------------------------------


def test_a_newcomer_does_not_take_the_running_turn_from_anybody() -> None:
    before = line()
    moment = at("2026-02-04T12:00")
    assert who(plan(before), moment) == [BO]
    after = line(people=(DINA, ANNA, BO, CARL))
    assert who(plan(after), moment) == [DINA]
    carried = rotation.carried_on(before, after, COPENHAGEN, moment)
    assert who(plan(carried), moment) == [BO]
    assert who(plan(carried), moment + timedelta(weeks=1)) == [CARL]
    assert who(plan(carried), moment + timedelta(weeks=2)) == [DINA]


def test_who_left_is_followed_by_the_next_and_a_new_first_day_starts_afresh() -> None:
    moment = at("2026-02-04T12:00")
    left = rotation.carried_on(line(), line(people=(ANNA, CARL)), COPENHAGEN, moment)
    assert who(plan(left), moment) == [CARL]
    later = rotation.carried_on(line(), line(every=3, unit=TurnUnit.DAY), COPENHAGEN, moment)
    assert who(plan(later), moment) == [BO]
    afresh = line(people=(DINA, BO), starts=datetime(2026, 2, 2, 8))
    assert who(plan(rotation.carried_on(line(), afresh, COPENHAGEN, moment)), moment) == [DINA]


@given(LINES, st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True), MOMENTS)
@settings(max_examples=200, deadline=None)
def test_whoever_has_the_turn_keeps_it_through_an_edit(
    before: Line, people: list[int], moment: datetime
) -> None:
    after = Line(**{**before.__dict__, "people": tuple(people)})
    holder = who(plan(before), moment)[0]
    carried = rotation.carried_on(before, after, COPENHAGEN, moment)
    if holder in people:
        assert who(plan(carried), moment) == [holder]


@given(st.builds(plan, LINES), st.dictionaries(st.dates(), st.text(max_size=9), max_size=2))
def test_a_plan_is_read_as_it_was_written(made: Plan, days: dict[date, str]) -> None:
    given_days = Plan(made.zone, made.lines, 5, "DK", days)
    assert rotation.read(rotation.write(given_days)) == given_days
