"""A sentence that is kept as its English text and its figures, and put into words when shown.

Workers have no reader: what they have to say is stored by `Words.stored` and becomes a sentence in
the language of whoever reads it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

MAX_PARAM = 120


@dataclass(frozen=True, slots=True)
class Words:
    """`msgid` is marked by gettext_noop where it is written; `params` fill its %(places)s."""

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        text = gettext(self.msgid) if self.msgid else ""
        if not self.params:
            return text
        try:
            return text % self.params
        except (KeyError, TypeError, ValueError):
            return text

    def stored(self) -> str:
        """Return what goes into a text column: the bare sentence, or JSON where it has figures."""
        if not self.params:
            return self.msgid
        return json.dumps({"msgid": self.msgid, "params": dict(self.params)})

    @classmethod
    def of(cls, stored: str) -> "Words":
        """Return what `stored` made; any other text is a sentence without figures."""
        if stored.startswith('{"msgid"'):
            try:
                kept = json.loads(stored)
                return cls(str(kept["msgid"]), dict(kept["params"]))
            except (ValueError, KeyError, TypeError):
                pass
        return cls(stored)


class Worded(Exception):
    """An error whose text is for people: a sentence marked by gettext_noop, and its figures.

    Or what another such error says: `raise ReadError(error) from error`.

    `str(error)` is in the active language, `error.words.stored()` is for any reader's later.
    """

    def __init__(self, message: "str | Words | Worded" = "", **params: Any) -> None:
        known: str | Words = message.words if isinstance(message, Worded) else message
        given = known if isinstance(known, Words) else Words(known, _plain(params))
        super().__init__(given.msgid)
        self.words: Words = given

    def __str__(self) -> str:
        return str(self.words)


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Figures stay figures; all else becomes a short text, since it is stored as JSON."""
    return {
        name: value if isinstance(value, int | float) else str(value)[:MAX_PARAM]
        for name, value in params.items()
    }
