"""Steps of a ladder that change something: which room carries out which.

`register("pause", function)` by the room that can do it; `function(incident, step, now)` is called
in the transaction that moves the ladder on, with the incident locked, and returns whether there was
anything to do. A kind that nobody has registered is not offered when a policy is edited.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from .enums import Target
from .escalation import Step

if TYPE_CHECKING:
    from .models import Incident

Effect = Callable[["Incident", Step, datetime], bool]
EFFECTS: dict[Target, Effect] = {}
# What needs no room: the ladder itself reaches for people, waits and fills outboxes.
BUILT_IN = (
    Target.ON_CALL,
    Target.USER,
    Target.ROLE,
    Target.CREW,
    Target.TURN,
    Target.CHANNEL,
    Target.WAIT,
    Target.WEBHOOK,
)


def register(kind: str, function: Effect) -> None:
    """Say who carries out steps of `kind`. ValueError if it is no such kind, or taken."""
    target = Target(kind.upper())
    if target in BUILT_IN or target in EFFECTS:
        raise ValueError(f"Steps of the kind {kind} are carried out already.")
    EFFECTS[target] = function


def offered() -> list[Target]:
    """Return the kinds of step that a policy may have, in the order in which they are offered."""
    return [target for target in Target if target in BUILT_IN or target in EFFECTS]
