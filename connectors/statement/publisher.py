"""Publishes to the statement page through whoever writes it: a room above registers its press.

Connectors are pure input and output, and cannot know what a statement is. So the press is handed
in, like the receiver of a letter-box: without one nothing can be published.
"""

from typing import Protocol

from django.utils.translation import gettext_noop as _

from connectors.base import Message, PermanentError, Receipt

MAX_LENGTH = 10_000


class Press(Protocol):
    """Writes the page. All three are safe to call again: the key names the publication.

    `publish` raises PermanentError or TemporaryError, and then surely wrote nothing. `find` gives
    the receipt of an earlier call, or None. `retract` withdraws visibly what `external_id` names.
    """

    def publish(self, message: Message) -> Receipt: ...

    def find(self, message: Message) -> Receipt | None: ...

    def retract(self, external_id: str) -> None: ...


_presses: list[Press] = []


def register(press: Press) -> None:
    """Say who writes statement pages. ValueError if somebody does already."""
    if _presses:
        raise ValueError("There is a press already.")
    _presses.append(press)


class StatementPublisher:
    """Publishes, finds and withdraws at the registered press."""

    max_length = MAX_LENGTH

    def publish(self, message: Message) -> Receipt:
        return self._press.publish(message)

    def find(self, message: Message) -> Receipt | None:
        return self._press.find(message)

    def retract(self, external_id: str) -> None:
        self._press.retract(external_id)

    @property
    def _press(self) -> Press:
        if not _presses:
            raise PermanentError(_("This installation writes no statement pages."))
        return _presses[0]
