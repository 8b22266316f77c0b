from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incidents.conditions import Conditions, Hours, read
from incidents.enums import Target
from incidents.escalation import (
    Climb,
    Pass,
    Roster,
    Situation,
    Step,
    answering,
    climb,
    foresee,
    rung_of,
    steps,
    upcoming,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ON_CALL = Step(Target.ON_CALL, None, "", 180)
BOSS = Step(Target.USER, 9, "", 300)
LEADS = Step(Target.ROLE, None, "LEAD", 600)
ROSTER = Roster(frozenset({1}), {1: "RESPONDER", 5: "LEAD", 7: "LEAD", 9: "ADMINISTRATOR"})
NOBODY = Roster(frozenset(), {})


LADDER = [ON_CALL, BOSS, LEADS]


def seen(roster: Roster = ROSTER, now: datetime = NOON, **more: Any) -> Situation:
    return Situation(now, roster, **more)


def step_up(rung: int, roster: Roster = ROSTER, rounds: int = 2) -> Climb:
    return climb(LADDER, rounds=rounds, rung=rung, at=seen(roster))


@pytest.mark.parametrize(
    ("rung", "users", "wait"),
    [(0, (1,), 180), (1, (9,), 300), (2, (5, 7), 600), (3, (1,), 180), (5, (5, 7), 600)],
)
def test_the_ladder_is_climbed_step_by_step_and_round_by_round(
    rung: int, users: tuple[int, ...], wait: int
) -> None:
    step, until = LADDER[rung % 3], NOON + timedelta(seconds=wait)
    assert step_up(rung) == Climb((), rung, step, users, False, until)


@pytest.mark.parametrize("rung", [6, 7, 30])
def test_beyond_the_last_round_everyone_is_called_again_and_again(rung: int) -> None:
    assert step_up(rung) == Climb((), rung, None, (1, 5, 7, 9), True, NOON + timedelta(minutes=5))


def test_a_rung_without_anybody_is_passed_at_once() -> None:
    nobody_on_call = Roster(frozenset(), ROSTER.roles)
    found = step_up(0, nobody_on_call)
    until = NOON + timedelta(minutes=5)
    assert found == Climb((Pass(0, "nobody"),), 1, BOSS, (9,), False, until)


def test_who_left_the_brand_is_not_called_even_when_on_call() -> None:
    assert answering(ON_CALL, Roster(frozenset({1, 99}), {1: "RESPONDER"})) == (1,)
    assert answering(BOSS, Roster(frozenset(), {1: "RESPONDER"})) == ()


def test_one_lap_of_silence_is_enough_to_call_everyone() -> None:
    only_a_responder = Roster(frozenset(), {1: "RESPONDER"})
    found = step_up(1, only_a_responder, rounds=5)
    passed = tuple(Pass(rung, "nobody") for rung in (1, 2, 3))
    assert found == Climb(passed, 15, None, (1,), True, NOON + timedelta(minutes=5))


def test_without_a_ladder_everyone_is_called_at_once() -> None:
    found = climb([], rounds=3, rung=0, at=seen())
    assert found == Climb((), 0, None, (1, 5, 7, 9), True, NOON + timedelta(minutes=5))


def test_even_an_empty_team_is_tried_again() -> None:
    assert step_up(6, NOBODY).users == ()
    assert step_up(6, NOBODY).next_at == NOON + timedelta(minutes=5)


def test_two_hours_without_an_answer_are_at_least_24_calls() -> None:
    now, rung, calls = NOON, 0, 0
    while now < NOON + timedelta(hours=2):
        found = climb([ON_CALL], rounds=1, rung=rung, at=seen(now=now))
        now, rung, calls = found.next_at, found.rung + 1, calls + 1
    assert calls >= 24


@pytest.mark.parametrize("night", [datetime(2026, 3, 29), datetime(2026, 10, 25)])
def test_thirty_minutes_are_thirty_minutes_when_the_clocks_change(night: datetime) -> None:
    half_an_hour = Step(Target.ON_CALL, None, "", 1800)
    start = night.replace(tzinfo=ZoneInfo("Europe/Copenhagen")).astimezone(UTC)
    for minutes in range(0, 300, 5):
        now = start + timedelta(minutes=minutes)
        found = climb([half_an_hour], rounds=1, rung=0, at=seen(now=now))
        assert (found.next_at - now).total_seconds() == 1800


def test_a_stored_ladder_is_read_back() -> None:
    stored = [{"target": "ROLE", "user": None, "role": "LEAD", "wait": 600}]
    assert steps(stored) == [LEADS]


@pytest.mark.parametrize("broken", [{"target": "PIGEON", "wait": 1}, {"target": "ROLE"}, {}])
def test_a_broken_ladder_says_so(broken: dict) -> None:
    with pytest.raises((ValueError, KeyError)):
        steps([broken])


def test_the_next_step_is_known_until_the_ladder_ends() -> None:
    assert upcoming([ON_CALL, BOSS], rounds=2, rung=3) == BOSS
    assert upcoming([ON_CALL, BOSS], rounds=2, rung=4) is None
    assert upcoming([], rounds=2, rung=0) is None


TURN = Step(Target.TURN, None, "", 60, people=(5, 9, 1), key="t")
HOOK = Step(Target.WEBHOOK, None, "", 0, subject=3)
NIGHT = Hours(time(22), time(6), (4, 5), "Europe/Copenhagen")


def only(step: Step, **conditions: Any) -> Step:
    return replace(step, only=Conditions(**conditions))


@pytest.mark.parametrize(
    ("last", "called"), [(None, (5,)), (5, (9,)), (9, (1,)), (1, (5,)), (404, (5,))]
)
def test_one_after_the_other_is_called_in_turn(last: int | None, called: tuple[int, ...]) -> None:
    assert answering(TURN, ROSTER, {"t": last} if last else {}) == called


def test_a_turn_passes_over_who_cannot_answer() -> None:
    assert answering(TURN, Roster(frozenset(), {1: "LEAD", 5: "LEAD"}), {"t": 5}) == (1,)
    assert answering(TURN, NOBODY, {"t": 5}) == ()


def test_the_second_line_and_the_crew_of_an_incident_are_called() -> None:
    roster = replace(ROSTER, second=frozenset({9}), crew={"LEGAL": frozenset({7, 99})})
    assert answering(replace(ON_CALL, line=2), roster) == (9,)
    assert answering(Step(Target.CREW, None, "LEGAL", 60), roster) == (7,)
    assert answering(Step(Target.CREW, None, "SCRIBE", 60), roster) == ()


def test_a_step_that_repeats_has_as_many_rungs() -> None:
    ladder = [replace(ON_CALL, times=3), BOSS]
    rungs = [climb(ladder, rounds=2, rung=rung, at=seen()).users for rung in range(8)]
    assert rungs == [(1,), (1,), (1,), (9,)] * 2
    assert climb(ladder, rounds=2, rung=8, at=seen()).everyone
    assert rung_of(ladder, 1, rounds=2, after=1) == 3
    assert rung_of(ladder, 0, rounds=2, after=3) == 4
    assert rung_of(ladder, 0, rounds=2, after=7) is None


@pytest.mark.parametrize(
    ("local", "inside"),
    [
        ("2026-03-06T21:59", False),
        ("2026-03-06T22:00", True),
        ("2026-03-07T05:59", True),
        ("2026-03-07T06:00", False),
        # The night of Saturday runs into Sunday, that of Sunday is none of its days.
        ("2026-03-08T05:59", True),
        ("2026-03-08T22:00", False),
        ("2026-03-06T03:00", False),
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_begin_on(local: str, inside: bool) -> None:
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Copenhagen"))
    assert NIGHT.include(moment.astimezone(UTC)) is inside


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24", "2026-06-06"])
def test_an_edge_is_where_the_hours_change_also_when_the_clocks_do(day: str) -> None:
    now = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC)
    for _ in range(6):
        edge = NIGHT.next_edge(now)
        assert edge > now
        assert NIGHT.include(edge) is not NIGHT.include(edge - timedelta(seconds=1))
        between = [now + (edge - now) * part / 50 for part in range(1, 50)]
        assert len({NIGHT.include(moment) for moment in between}) == 1
        now = edge


@pytest.mark.parametrize(
    ("condition", "facts", "passed"),
    [
        ({"severity": 2}, {"severity": 3}, "severity"),
        ({"severity": 2}, {"severity": 2}, ""),
        ({"hours": Hours(time(8), time(12), (2,), "UTC")}, {}, "hours"),
        ({"hours": Hours(time(8), time(13), (2,), "UTC")}, {}, ""),
        ({"hours": Hours(time(8), time(8), (2,), "UTC")}, {}, ""),
        ({"alarms": (2, 30)}, {"signals": (NOON, NOON - timedelta(minutes=30))}, "alarms"),
        ({"alarms": (2, 30)}, {"signals": (NOON, NOON - timedelta(minutes=29))}, ""),
    ],
)
def test_a_step_whose_condition_does_not_hold_is_passed(
    condition: dict, facts: dict, passed: str
) -> None:
    found = climb([only(BOSS, **condition), LEADS], rounds=1, rung=0, at=seen(**facts))
    assert found.passed == ((Pass(0, passed),) if passed else ())
    assert found.rung == (1 if passed else 0)


def test_a_webhook_that_is_gone_and_an_effect_that_nobody_carries_out_are_passed() -> None:
    pause = Step(Target.PAUSE, None, "", 0)
    found = climb([HOOK, pause, BOSS], rounds=1, rung=0, at=seen())
    assert found.passed == (Pass(0, "gone"), Pass(1, "gone"))
    roster = replace(ROSTER, subjects=frozenset({("WEBHOOK", 3)}), effects=frozenset({"PAUSE"}))
    assert climb([HOOK, BOSS], rounds=1, rung=0, at=seen(roster)).step == HOOK
    assert climb([pause, BOSS], rounds=1, rung=0, at=seen(roster)).step == pause


def test_in_a_drill_nothing_is_changed_but_everybody_is_called() -> None:
    roster = replace(ROSTER, effects=frozenset({"PAUSE", "SEVERITY"}))
    ladder = [
        Step(Target.PAUSE, None, "", 0),
        Step(Target.SEVERITY, None, "", 0, level=1),
        BOSS,
    ]
    found = climb(ladder, rounds=1, rung=0, at=seen(roster, drill=True))
    assert (found.passed, found.rung) == ((Pass(0, "drill"),), 1)


def test_where_the_conditions_exclude_everyone_a_minor_matter_rests_until_they_may_not() -> None:
    day = Hours(time(8), time(18), (0, 1, 2, 3, 4), "UTC")
    ladder = [only(ON_CALL, hours=day), only(BOSS, severity=2)]
    late = NOON + timedelta(hours=7)
    found = climb(ladder, rounds=2, rung=0, at=seen(now=late, severity=3))
    assert (found.resting, found.users, found.rung) == (True, (), 0)
    assert found.next_at == late + timedelta(hours=1)
    early = NOON.replace(hour=7, minute=30)
    found = climb(ladder, rounds=2, rung=0, at=seen(now=early, severity=3))
    assert found.next_at == early + timedelta(minutes=30)
    assert climb(ladder, rounds=2, rung=0, at=seen(now=late, severity=2)).users == (9,)


def test_a_grave_matter_never_rests_and_an_empty_rota_is_no_wish_to_rest() -> None:
    day = Hours(time(8), time(18), (0,), "UTC")
    shut = [only(ON_CALL, hours=day), only(BOSS, hours=day)]
    assert climb(shut, rounds=1, rung=0, at=seen(severity=2)).everyone
    assert climb(shut, rounds=1, rung=0, at=seen(severity=3)).resting
    assert climb(shut, rounds=1, rung=9, at=seen(severity=3)).resting
    nobody = Roster(frozenset(), {5: "LEAD"})
    open_but_empty = [ON_CALL, only(BOSS, hours=day)]
    assert climb(open_but_empty, rounds=1, rung=0, at=seen(nobody, severity=4)).everyone


def test_what_is_foreseen_goes_on_until_everyone_is_called() -> None:
    raised = Step(Target.SEVERITY, None, "", 0, level=1)
    ladder = [replace(TURN, times=2), raised, only(BOSS, severity=1)]
    roster = replace(ROSTER, effects=frozenset({"SEVERITY"}))
    found = list(
        foresee(ladder, rounds=1, start=seen(roster, severity=3), roster_at=lambda _at: roster)
    )
    assert [each.climb.users for each in found] == [(5,), (9,), (), (9,), (1, 5, 7, 9)]
    assert [(each.at.now - NOON).seconds for each in found] == [0, 60, 120, 120, 420]
    assert found[-1].climb.everyone


def test_a_ladder_that_rests_is_foreseen_for_as_long_as_one_asks() -> None:
    ladder = [only(BOSS, severity=1)]
    found = foresee(ladder, rounds=1, start=seen(severity=4), roster_at=lambda _at: ROSTER)
    assert all(each.climb.resting for each in islice(found, 100))


def test_conditions_are_read_back() -> None:
    stored = {
        "hours": {"from": "22:00", "to": "06:00", "days": [4, 5], "zone": "Europe/Copenhagen"},
        "severity": 2,
        "alarms": {"count": 3, "minutes": 30},
    }
    assert read(stored) == Conditions(NIGHT, 2, (3, 30))
    assert read({}) == Conditions()


@pytest.mark.parametrize(
    "broken",
    [
        {"hours": {"from": "25:00", "to": "06:00", "zone": "UTC"}},
        {"hours": {"from": "22:00", "to": "06:00", "zone": "Mars/Phobos"}},
        {"alarms": {"count": 3}},
        {"severity": "grave"},
    ],
)
def test_broken_conditions_say_so(broken: dict) -> None:
    with pytest.raises((ValueError, KeyError)):
        read(broken)
