from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from incidents.enums import Target
from incidents.escalation import Climb, Roster, Step, answering, climb, steps, upcoming

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ON_CALL = Step(Target.ON_CALL, None, "", 180)
BOSS = Step(Target.USER, 9, "", 300)
LEADS = Step(Target.ROLE, None, "LEAD", 600)
ROSTER = Roster(frozenset({1}), {1: "RESPONDER", 5: "LEAD", 7: "LEAD", 9: "ADMINISTRATOR"})
NOBODY = Roster(frozenset(), {})


def step_up(rung: int, roster: Roster = ROSTER, rounds: int = 2) -> Climb:
    return climb([ON_CALL, BOSS, LEADS], rounds=rounds, rung=rung, roster=roster, now=NOON)


@pytest.mark.parametrize(
    ("rung", "users", "wait"),
    [(0, (1,), 180), (1, (9,), 300), (2, (5, 7), 600), (3, (1,), 180), (5, (5, 7), 600)],
)
def test_the_ladder_is_climbed_step_by_step_and_round_by_round(
    rung: int, users: tuple[int, ...], wait: int
) -> None:
    assert step_up(rung) == Climb((), rung, users, False, NOON + timedelta(seconds=wait))


@pytest.mark.parametrize("rung", [6, 7, 30])
def test_beyond_the_last_round_everyone_is_called_again_and_again(rung: int) -> None:
    assert step_up(rung) == Climb((), rung, (1, 5, 7, 9), True, NOON + timedelta(minutes=5))


def test_a_rung_without_anybody_is_passed_at_once() -> None:
    nobody_on_call = Roster(frozenset(), ROSTER.roles)
    assert step_up(0, nobody_on_call) == Climb((0,), 1, (9,), False, NOON + timedelta(minutes=5))


def test_who_left_the_brand_is_not_called_even_when_on_call() -> None:
    assert answering(ON_CALL, Roster(frozenset({1, 99}), {1: "RESPONDER"})) == (1,)
    assert answering(BOSS, Roster(frozenset(), {1: "RESPONDER"})) == ()


def test_one_lap_of_silence_is_enough_to_call_everyone() -> None:
    only_a_responder = Roster(frozenset(), {1: "RESPONDER"})
    found = step_up(1, only_a_responder, rounds=5)
    assert found == Climb((1, 2, 3), 15, (1,), True, NOON + timedelta(minutes=5))


def test_without_a_ladder_everyone_is_called_at_once() -> None:
    found = climb([], rounds=3, rung=0, roster=ROSTER, now=NOON)
    assert found == Climb((), 0, (1, 5, 7, 9), True, NOON + timedelta(minutes=5))


def test_even_an_empty_team_is_tried_again() -> None:
    assert step_up(6, NOBODY).users == ()
    assert step_up(6, NOBODY).next_at == NOON + timedelta(minutes=5)


def test_two_hours_without_an_answer_are_at_least_24_calls() -> None:
    now, rung, calls = NOON, 0, 0
    while now < NOON + timedelta(hours=2):
        found = climb([ON_CALL], rounds=1, rung=rung, roster=ROSTER, now=now)
        now, rung, calls = found.next_at, found.rung + 1, calls + 1
    assert calls >= 24


@pytest.mark.parametrize("night", [datetime(2026, 3, 29), datetime(2026, 10, 25)])
def test_thirty_minutes_are_thirty_minutes_when_the_clocks_change(night: datetime) -> None:
    half_an_hour = Step(Target.ON_CALL, None, "", 1800)
    start = night.replace(tzinfo=ZoneInfo("Europe/Copenhagen")).astimezone(UTC)
    for minutes in range(0, 300, 5):
        now = start + timedelta(minutes=minutes)
        found = climb([half_an_hour], rounds=1, rung=0, roster=ROSTER, now=now)
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
