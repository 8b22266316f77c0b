"""The moves an incident may make, as data. Checked when the module is read."""

from .enums import State

# From where to where. TRIAGE is a suspicion: nobody is called until it is accepted. Leaving
# DETECTED means that somebody is at it, so it is always an acknowledgement too; only a false
# alarm goes straight to RESOLVED.
MOVES: dict[State, tuple[State, ...]] = {
    State.TRIAGE: (State.DETECTED, State.ACKNOWLEDGED, State.RESOLVED),
    State.DETECTED: (State.ACKNOWLEDGED, State.RESOLVED),
    State.ACKNOWLEDGED: (State.RESPONDING, State.MONITORING, State.RESOLVED),
    State.RESPONDING: (State.MONITORING, State.RESOLVED),
    State.MONITORING: (State.RESPONDING, State.RESOLVED),
    State.RESOLVED: (State.RESPONDING,),
}
OPEN = tuple(state for state in State if state != State.RESOLVED)
FIRST, LAST = State.TRIAGE, State.RESOLVED

# Moves that go back: they need a reason.
BACK = {(State.MONITORING, State.RESPONDING), (State.RESOLVED, State.RESPONDING)}


def may_move(origin: str, to: str) -> bool:
    return State(to) in MOVES[State(origin)]


def problems(moves: dict[State, tuple[State, ...]]) -> list[str]:
    """Say what is wrong with a table of moves; an empty list when nothing is."""
    found = [f"{state} has no moves listed" for state in State if state not in moves]
    found += [f"{state} moves to itself" for state, to in moves.items() if state in to]
    found += [f"{state} cannot be reached" for state in State if state not in _reached(moves)]
    found += [
        f"{state} can never be resolved"
        for state in moves
        if LAST not in _reached(moves, start=state)
    ]
    return found


def _reached(moves: dict[State, tuple[State, ...]], *, start: State = FIRST) -> set[State]:
    reached, waiting = {start}, [start]
    while waiting:
        fresh = set(moves.get(waiting.pop(), ())) - reached
        reached |= fresh
        waiting += fresh
    return reached


if wrong := problems(MOVES):
    raise ValueError("; ".join(wrong))
