"""An expression cut into its pieces, in one pass from left to right: nothing is tried twice."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import fields
from .problems import Problem
from .tree import Place

OPEN, CLOSE, AND, OR, NOT, NEAR, TEXT, FIELD = range(8)
OPERATORS = {
    "AND": AND, "OG": AND, "&&": AND,
    "OR": OR, "ELLER": OR, "||": OR,
    "NOT": NOT, "IKKE": NOT,
}  # fmt: skip
# What NEAR without a number reaches.
DISTANCE = 5
# A text program makes these of straight ones.
_QUOTES = '"“”„«»'
_NEAR = re.compile(r"(?:NEAR|NÆR)(?:/(\d{1,4}))?")
_BARE = re.compile(rf"(?:\\.|[^\s(){_QUOTES}\\])+|\\", re.DOTALL)
_QUOTED = re.compile(rf"(?:\\.|[^{_QUOTES}\\])*", re.DOTALL)
_FIELD = re.compile(r"([^\W\d_][^\W_]{0,40})(:|>=|<=|=|>|<)")
# A number's sign may stand apart: reach > 1000.
_APART = re.compile(r"([^\W\d_]{1,20})\s{0,20}(>=|<=|=|>|<)\s{0,20}")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """`text` is what was written without quotes and backslashes (a field's value, for a field).

    `raw` are the characters themselves; `number` is how far NEAR reaches.
    """

    kind: int
    at: Place
    raw: str
    text: str = ""
    quoted: bool = False
    number: int = DISTANCE
    name: str = ""
    sign: str = ""


class Scanner:
    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.at = 0
        self.problems: list[Problem] = []

    def pieces(self) -> Iterator[Piece]:
        while self._skip_blanks():
            start = self.at
            char = self.expression[start]
            if char in "()":
                self.at += 1
                yield self._piece(OPEN if char == "(" else CLOSE, start)
            elif char == "-" and self._negates():
                self.at += 1
                yield self._piece(NOT, start)
            elif char in _QUOTES:
                text = self._quoted()
                yield self._piece(TEXT, start, text=text, quoted=True)
            else:
                yield self._bare()

    def _skip_blanks(self) -> bool:
        blank = _BLANK.match(self.expression, self.at)
        if blank:
            self.at = blank.end()
        return self.at < len(self.expression)

    def _piece(self, kind: int, start: int, **more: object) -> Piece:
        return Piece(kind, (start, self.at), self.expression[start : self.at], **more)  # type: ignore[arg-type]

    def _negates(self) -> bool:
        following = self.expression[self.at + 1 : self.at + 2]
        return bool(following) and not following.isspace() and following not in ")-"

    def _quoted(self) -> str:
        """Return what stands in quotation marks that open here, and go on after it."""
        start = self.at
        inside = _QUOTED.match(self.expression, start + 1)
        self.at = inside.end() if inside else start + 1
        text = self.expression[start + 1 : self.at]
        if self.at < len(self.expression) and self.expression[self.at] in _QUOTES:
            self.at += 1
        else:
            self.problems.append(Problem.of("quote_open", (start, start + 1)))
        return _unescaped(text)

    def _bare(self) -> Piece:
        start = self.at
        field = self._field()
        if field:
            return field
        found = _BARE.match(self.expression, start)
        self.at = found.end() if found else start + 1
        raw = self.expression[start : self.at]
        if raw in OPERATORS:
            return self._piece(OPERATORS[raw], start)
        near = _NEAR.fullmatch(raw)
        if near:
            return self._piece(NEAR, start, number=int(near[1] or DISTANCE))
        return self._piece(TEXT, start, text=_unescaped(raw))

    def _field(self) -> Piece | None:
        """Return the field that begins here, if one does."""
        start = self.at
        found = _FIELD.match(self.expression, start)
        if found is None:
            found = _APART.match(self.expression, start)
            if found is None or fields.find(found[1]) is None:
                return None
        self.at = found.end()
        quoted = self.at < len(self.expression) and self.expression[self.at] in _QUOTES
        if quoted:
            text = self._quoted()
        else:
            value = _BARE.match(self.expression, self.at)
            self.at = value.end() if value else self.at
            text = _unescaped(value[0]) if value else ""
        return self._piece(FIELD, start, text=text, quoted=quoted, name=found[1], sign=found[2])


def _unescaped(text: str) -> str:
    """Take backslashes away. An escaped * or ? is no wildcard, so it is what it is in a text: none
    of the signs that are looked for."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: " " if found[1] in "*?" else found[1], text)
