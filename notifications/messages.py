"""What notices say. A room registers the words of its kinds; a notice stores kind and parameters.

So a notice is put into words when it is read, in the reader's language and zone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core import formats

Words = str | Promise


@dataclass(frozen=True)
class _Message:
    title: Words
    body: Words
    # How a stored code is told: {"severity": lambda code: Severity(code).label}
    words: Mapping[str, Callable[[Any], Words]] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    loud: bool = False


@dataclass(frozen=True)
class Told:
    """A notice in words. `title` is one line."""

    title: str
    body: str


MESSAGES: dict[str, _Message] = {}


def register(
    kind: str,
    *,
    title: Words,
    body: Words,
    words: Mapping[str, Callable[[Any], Words]] | None = None,
    actions: tuple[str, ...] = (),
    loud: bool = False,
) -> None:
    """Give `kind` ("room.what") its words: lazy translations with `%(name)s` placeholders.

    A parameter whose name ends in `_at` holds an ISO time and is told in the reader's zone;
    `words` puts others into words. `actions` can be answered without signing in, if the notice has
    a subject (`notifications.actions`). What is `loud` breaks through quiet hours. Raises
    ValueError for a kind registered twice.
    """
    if kind in MESSAGES:
        raise ValueError(f"The message {kind} is registered twice.")
    MESSAGES[kind] = _Message(title, body, words or {}, actions, loud)


def tell(kind: str, params: Mapping[str, Any]) -> Told:
    """Put a notice into the active language. Never raises: the page must come through."""
    message = MESSAGES.get(kind)
    if message is None:
        # Written by a version of the program that this one does not know.
        return Told(_("News from CrisisDesk"), "")
    values = _Values({name: _value(message, name, value) for name, value in params.items()})
    return Told(" ".join(_fill(message.title, values).split()), _fill(message.body, values))


def actions_of(kind: str) -> tuple[str, ...]:
    """What can be answered without signing in when told of `kind`."""
    return MESSAGES[kind].actions if kind in MESSAGES else ()


def is_loud(kind: str) -> bool:
    return kind in MESSAGES and MESSAGES[kind].loud


class _Values(dict[str, Any]):
    """A parameter that an older notice lacks reads as an ellipsis."""

    def __missing__(self, name: str) -> str:
        return "…"


def _fill(text: Words, values: _Values) -> str:
    try:
        return str(text) % values
    except (ValueError, TypeError):
        # A translation with a broken placeholder shows as it stands.
        return str(text)


def _value(message: _Message, name: str, value: Any) -> Any:
    try:
        if name in message.words:
            return message.words[name](value)
        if name.endswith("_at"):
            return _moment(value)
    except (ValueError, KeyError, TypeError):
        return value
    return value


def _moment(value: str) -> str:
    """Today's times as a clock, other days with their date; the zone's name with both."""
    moment = parse_datetime(value)
    if moment is None:
        return value
    words = formats.when(moment, now=timezone.now())
    return f"{words} {timezone.localtime(moment).tzname()}"
