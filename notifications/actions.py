"""What can be answered without signing in. The room that owns the subject registers what it does.

`register("acknowledge", function)`: `function(user, subject, now)` looks the subject up as that
person ("incident.42"), checks their right and does it. It may return a sentence about what
happened; it refuses by raising core.errors.Refused or its kin, or an ObjectDoesNotExist.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User

Function = Callable[[User, str, datetime], Any]


@dataclass(frozen=True)
class Action:
    """`label` stands on the button, `asks` above it, `done` after it."""

    name: str
    label: Any
    asks: Any
    done: Any
    # Words by which a reply means it, in every language that people read here.
    words: tuple[str, ...]


KNOWN = {
    action.name: action
    for action in (
        Action(
            "acknowledge",
            _("Acknowledge"),
            _("Do you take it? Then nobody else is called."),
            _("You have acknowledged. Nobody else is called."),
            ("ack", "acknowledge", "acknowledged", "ok", "yes", "ja", "jeg tager den", "kvitter"),
        ),
        Action(
            "escalate",
            _("Call the next one"),
            _("Shall the next person be called now?"),
            _("The next person is being called."),
            ("escalate", "esc", "next", "no", "nej", "eskaler", "næste"),
        ),
        Action(
            "awake",
            _("I'm awake"),
            _("Tell that you are awake and on your way? You are not rung again for this call."),
            _("Noted. You are not rung again for this call; the others still are."),
            ("awake", "up", "vågen", "jeg er vågen"),
        ),
    )
}
FUNCTIONS: dict[str, Function] = {}


def register(name: str, function: Function) -> None:
    """Say what an action does. ValueError for one that is unknown or registered twice."""
    if name not in KNOWN or name in FUNCTIONS:
        raise ValueError(f"The action {name} is unknown or registered twice.")
    FUNCTIONS[name] = function


def offered(names: tuple[str, ...]) -> list[Action]:
    """Of `names`, those that somebody has registered, in that order."""
    return [KNOWN[name] for name in names if name in FUNCTIONS]


def meant(text: str) -> str:
    """The action that somebody's own words begin with, or "" if none is meant."""
    said = " ".join(text.casefold().split()).strip(" .!,")
    spoken = [(word, action.name) for action in KNOWN.values() for word in action.words]
    for word, name in sorted(spoken, key=lambda each: -len(each[0])):
        if said == word or said.startswith((f"{word} ", f"{word}.", f"{word},", f"{word}!")):
            return name
    return ""
