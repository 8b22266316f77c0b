"""An expression read into a tree, or all that is wrong with it.

Precedence from close to loose: parentheses, NEAR, NOT, AND (also a mere blank), OR. Written by hand
so that each mistake is named at its place and reading goes on behind it; every piece is looked at
once, so no expression is slow. docs/queries.md tells people the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import Any

from . import fields
from .problems import Problem
from .scanning import AND, CLOSE, FIELD, NEAR, NOT, OPEN, OR, TEXT, Piece, Scanner
from .tree import And, Author, Field, Near, Node, Not, Or, Place, Term, open_ended, walk
from .words import MAX_DISTANCE, Word, patterns

MAX_LENGTH = 100_000
MAX_TERMS = 4_000
MAX_DEPTH = 30
MAX_PHRASE = 20
MAX_WORD = 200
MAX_WILD = 3
# Letters that must stand around a wildcard; more where it stands first.
MIN_AROUND, MIN_BEHIND = 2, 3
_MOST_PROBLEMS = 20
_MOST_PIECES = 5 * MAX_TERMS
_WORDS_MEANT = {
    "and": "AND", "or": "OR", "not": "NOT", "near": "NEAR/5",
    "og": "OG", "eller": "ELLER", "ikke": "IKKE",
}  # fmt: skip


@dataclass(frozen=True)
class Parsed:
    """`tree` is None where there are problems; `notes` are allowed, and perhaps not meant."""

    tree: Node | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


@lru_cache(maxsize=4096)
def parse(expression: str) -> Parsed:
    """Read an expression. Never raises; the same expression is read once."""
    if len(expression) > MAX_LENGTH:
        problem = Problem.of("too_long", (MAX_LENGTH, len(expression)), most=MAX_LENGTH)
        return Parsed(None, (problem,))
    scanner = Scanner(expression)
    pieces = list(islice(scanner.pieces(), _MOST_PIECES + 1))
    if len(pieces) > _MOST_PIECES:
        return Parsed(None, (Problem.of("too_many_terms", pieces[-1].at, most=MAX_TERMS),))
    parser = _Parser(pieces)
    tree = parser.whole(len(expression))
    problems = [*scanner.problems, *parser.problems]
    if tree is not None and not problems:
        problems = _judged(tree)
    problems.sort(key=lambda problem: problem.start)
    notes = () if problems else tuple(parser.notes[:5])
    return Parsed(None if problems else tree, tuple(problems[:_MOST_PROBLEMS]), notes)


def _judged(tree: Node) -> list[Problem]:
    """What is wrong with a tree as a whole."""
    terms = [node for node in walk(tree) if isinstance(node, Term | Field)]
    if len(terms) > MAX_TERMS:
        return [Problem.of("too_many_terms", terms[MAX_TERMS].at, most=MAX_TERMS)]
    bad = open_ended(tree)
    return [Problem.of("only_not", bad.at)] if bad else []


@dataclass
class _Parser:
    pieces: list[Piece]
    position: int = 0
    depth: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def whole(self, length: int) -> Node | None:
        if not self.pieces:
            self._wrong("empty", (0, length))
            return None
        tree = self._or()
        while self.position < len(self.pieces) and not self._full():
            stray = self._take()
            if stray.kind == CLOSE:
                self._wrong("paren_stray", stray.at)
            self._or()
        return tree

    # Each of these returns None where it found nothing usable, and has then said so.

    def _or(self) -> Node | None:
        parts = [self._and()]
        operators = []
        while self._is(OR):
            operator = self._take()
            operators.append(operator)
            if parts == [None] and len(operators) == 1 and not self._told(operator):
                self._wrong("nothing_before", operator.at, word=operator.raw)
            parts.append(self._operand(self._and, operator))
        found = [part for part in parts if part is not None]
        if operators and any(isinstance(part, And) for part in found):
            self._note_mixed(operators[0], found)
        return _joined(Or, found)

    def _note_mixed(self, operator: Piece, found: list[Node]) -> None:
        # One in parentheses begins at its parenthesis, so its place is wider than its parts'.
        loose = [p for p in found if isinstance(p, And) and p.at[0] == p.parts[0].at[0]]
        if loose:
            self.notes.append(Problem.of("mixed", operator.at))

    def _and(self) -> Node | None:
        if self._is(AND):
            operator = self._take()
            self._wrong("nothing_before", operator.at, word=operator.raw)
        parts: list[Node | None] = []
        bare: list[Piece] = []
        while True:
            if self._is(AND):
                operator = self._take()
                parts.append(self._operand(self._unary, operator))
                bare = []
            elif self._is(TEXT, FIELD, OPEN, NOT, NEAR):
                self._note_words(bare)
                parts.append(self._unary())
            else:
                break
        return _joined(And, [part for part in parts if part is not None])

    def _note_words(self, bare: list[Piece]) -> None:
        """Remember what is written next to each other without a word to join it."""
        piece = self.pieces[self.position]
        if piece.kind != TEXT or piece.quoted:
            return
        bare.append(piece)
        if len(bare) == 2:
            first, second = bare
            meant = _WORDS_MEANT.get(piece.text) or _WORDS_MEANT.get(first.text)
            word = piece if piece.text in _WORDS_MEANT else first
            if meant:
                self.notes.append(Problem.of("lower_case", word.at, word=word.text, operator=meant))
            else:
                at = (first.at[0], second.at[1])
                phrase = f"{first.text} {second.text}"[:80]
                self.notes.append(Problem.of("blank_is_and", at, phrase=phrase))

    def _operand(self, read: Callable[[], Node | None], operator: Piece) -> Node | None:
        if self._is(TEXT, FIELD, OPEN, NOT, NEAR):
            return read()
        self._wrong("nothing_after", operator.at, word=operator.raw)
        return None

    def _unary(self) -> Node | None:
        """Read what may have any number of NOTs before it, which take each other away."""
        nots = []
        while self._is(NOT):
            nots.append(self._take())
        if not nots:
            return self._near()
        part = self._operand(self._near, nots[-1])
        if part is None or len(nots) % 2 == 0:
            return part
        return Not(part, (nots[0].at[0], part.at[1]))

    def _near(self) -> Node | None:
        left = None
        if self._is(NEAR):
            self._wrong("nothing_before", self.pieces[self.position].at, word="NEAR")
        else:
            left = self._primary()
        if not self._is(NEAR):
            return left
        operator = self._take()
        if not self._is(TEXT, FIELD, OPEN):
            self._wrong("nothing_after", operator.at, word=operator.raw)
            return None
        right = self._primary()
        if self._is(NEAR):
            self._wrong("near_chain", self._take().at)
            return None
        if left is None or right is None:
            return None
        return self._joined_near(operator, left, right)

    def _joined_near(self, operator: Piece, left: Node, right: Node) -> Node | None:
        sides = [_terms(left), _terms(right)]
        for side, node in zip(sides, (left, right), strict=True):
            if side is None:
                self._wrong("near_operand", node.at)
        if not 1 <= operator.number <= MAX_DISTANCE:
            self._wrong("near_distance", operator.at, most=MAX_DISTANCE)
        if sides[0] is None or sides[1] is None:
            return None
        return Near(sides[0], sides[1], operator.number, (left.at[0], right.at[1]))

    def _primary(self) -> Node | None:
        piece = self._take()
        if piece.kind == OPEN:
            return self._group(piece)
        if piece.kind == FIELD:
            return self._field(piece)
        return self._term(piece.text, piece.at, quoted=piece.quoted)

    def _group(self, opening: Piece) -> Node | None:
        if self.depth >= MAX_DEPTH:
            self._wrong("too_deep", opening.at, most=MAX_DEPTH)
            self.position = len(self.pieces)
            return None
        if self._is(CLOSE):
            self._wrong("paren_empty", (opening.at[0], self._take().at[1]))
            return None
        self.depth += 1
        inside = self._or()
        self.depth -= 1
        if self._is(CLOSE):
            end = self._take().at[1]
        elif self._full():
            return None
        else:
            end = opening.at[1]
            self._wrong("paren_open", opening.at)
        return _placed(inside, (opening.at[0], end)) if inside else None

    def _term(self, text: str, at: Place, *, quoted: bool = False) -> Term | None:
        found = tuple(patterns(text))
        if not found:
            self._wrong("no_word", at)
        elif len(found) > MAX_PHRASE or any(len(word.text) > MAX_WORD for word in found):
            self._wrong("phrase_too_long", at, most=MAX_PHRASE)
        elif self._wild_words_hold(found, at):
            return Term(found, at)
        return None

    def _wild_words_hold(self, found: tuple[Word, ...], at: Place) -> bool:
        for _mark, text in found:
            wild = text.count("*") + text.count("?")
            if wild > MAX_WILD:
                self._wrong("wild_many", at, most=MAX_WILD)
                return False
            least = MIN_BEHIND if text[0] in "*?" else MIN_AROUND
            if wild and len(text) - wild < least:
                self._wrong("wild_short", at, least=least)
                return False
        return True

    def _field(self, piece: Piece) -> Node | None:
        kind = fields.find(piece.name)
        if kind is None:
            if piece.name.casefold() in {"http", "https"}:
                self._wrong("address", piece.at, instead="url:example.org")
            else:
                self.problems.append(fields.unknown(piece.name, piece.at))
            return None
        given = [piece.text] if piece.quoted else piece.text.split(",")
        values, problem = fields.read(kind, piece.sign, given, piece.at)
        if problem:
            self.problems.append(problem)
            return None
        if kind.name == "author":
            terms = [self._term(str(value), piece.at) for value in values]
            return Author(tuple(term for term in terms if term), piece.at)
        sign = "=" if piece.sign == ":" else piece.sign
        return Field(kind.name, sign, values, piece.at)

    def _is(self, *kinds: int) -> bool:
        return self.position < len(self.pieces) and self.pieces[self.position].kind in kinds

    def _take(self) -> Piece:
        piece = self.pieces[self.position]
        self.position += 1
        return piece

    def _wrong(self, code: str, at: Place, **params: Any) -> None:
        self.problems.append(Problem.of(code, at, **params))

    def _told(self, piece: Piece) -> bool:
        """Whether something was already said of what stands right before."""
        return any(problem.end <= piece.at[0] for problem in self.problems)

    def _full(self) -> bool:
        return self.position >= len(self.pieces) and any(
            problem.code == "too_deep" for problem in self.problems
        )


def _joined(kind: type[And] | type[Or], parts: list[Node]) -> Node | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return kind(tuple(parts), (parts[0].at[0], parts[-1].at[1]))


def _placed(node: Node, at: Place) -> Node:
    return replace(node, at=at)


def _terms(node: Node) -> tuple[Term, ...] | None:
    """Return the terms of one side of NEAR, None where it holds anything else."""
    if isinstance(node, Term):
        return (node,)
    if isinstance(node, Or):
        found = [_terms(part) for part in node.parts]
        if all(each is not None for each in found):
            return tuple(term for each in found for term in each or ())
    return None


def quote(phrase: str) -> str:
    """Return words as an expression that looks for exactly them."""
    escaped = "".join("\\" + char if char in '\\"“”„«»*?' else char for char in phrase)
    return f'"{escaped}"'
