import pytest

from incidents import states
from incidents.enums import State

ALLOWED = {
    ("TRIAGE", "DETECTED"),
    ("TRIAGE", "ACKNOWLEDGED"),
    ("TRIAGE", "RESOLVED"),
    ("DETECTED", "ACKNOWLEDGED"),
    ("DETECTED", "RESOLVED"),
    ("ACKNOWLEDGED", "RESPONDING"),
    ("ACKNOWLEDGED", "MONITORING"),
    ("ACKNOWLEDGED", "RESOLVED"),
    ("RESPONDING", "MONITORING"),
    ("RESPONDING", "RESOLVED"),
    ("MONITORING", "RESPONDING"),
    ("MONITORING", "RESOLVED"),
    ("RESOLVED", "RESPONDING"),
}


def test_exactly_these_moves_are_allowed() -> None:
    found = {(a.value, b.value) for a in State for b in State if states.may_move(a, b)}
    assert found == ALLOWED


def test_the_table_is_sound() -> None:
    assert states.problems(states.MOVES) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({State.RESPONDING: (State.RESPONDING, State.RESOLVED)}, "RESPONDING moves to itself"),
        (
            {State.ACKNOWLEDGED: (State.RESPONDING,), State.RESPONDING: (State.ACKNOWLEDGED,)},
            "RESPONDING can never be resolved",
        ),
        (
            {
                State.TRIAGE: (State.DETECTED,),
                State.DETECTED: (State.RESOLVED,),
                State.RESOLVED: (),
            },
            "ACKNOWLEDGED cannot be reached",
        ),
    ],
)
def test_a_broken_table_is_noticed(change: dict, problem: str) -> None:
    assert problem in states.problems({**states.MOVES, **change})


def test_a_state_that_is_missing_from_the_table_is_noticed() -> None:
    moves = {state: to for state, to in states.MOVES.items() if state != State.MONITORING}
    assert "MONITORING has no moves listed" in states.problems(moves)
