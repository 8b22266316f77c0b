"""All queries of a brand in one compiled form, answered for many posts at once.

Words are found in one pass (finder.py). What a query says about them is then worked out once for
the whole batch, not once for each post: "the posts that hold this" is a set, kept as the bits of an
integer, and AND, OR and NOT are one operation on two of them. What several queries ask for is asked
once, and a query of whose words none was found is not looked at. Pure: no database.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import Any

import numpy as np

from .fields import MARKED
from .finder import Finder, Found, bits_of
from .tree import And, Author, Field, Near, Node, Not, Or, Term, walk

# What says of a field which values stand in a batch, in its order.
Columns = Callable[[str], Sequence[Any]]
_COMPARE: dict[str, Callable[[Any, float], Any]] = {
    "=": lambda values, bound: values == bound,
    ">": lambda values, bound: values > bound,
    ">=": lambda values, bound: values >= bound,
    "<": lambda values, bound: values < bound,
    "<=": lambda values, bound: values <= bound,
}
NUMBERS = frozenset({"reach", "stars"})


@dataclass(slots=True)
class _Batch:
    """Posts that are being looked at, and what is known of them so far."""

    size: int
    texts: Found
    authors: Found | None
    columns: Columns
    answers: dict[int, int] = field(default_factory=dict)
    _index: dict[str, Any] = field(default_factory=dict)

    @property
    def everything(self) -> int:
        return (1 << self.size) - 1

    def leaf(self, node: Term | Near | Author | Field) -> int:
        """Return the posts for which a node without parts holds."""
        match node:
            case Term():
                return self.texts.term(node)
            case Near():
                return self.texts.near(node.left, node.right, node.distance)
            case Author():
                authors = self.authors
                return reduce(or_, map(authors.term, node.names)) if authors else 0
            case Field():
                return self.field(node)

    def field(self, asked: Field) -> int:
        """Return the posts whose field is what was asked."""
        name = asked.name
        if name == "is":
            return reduce(or_, (self._flags(self.columns(str(trait))) for trait in asked.values))
        if name == "url":
            urls = [url.lower() for url in self.columns("url")]
            return self._flags([any(str(v) in url for v in asked.values) for url in urls])
        if name in NUMBERS:
            values = self._numbers(name)
            found = (_COMPARE[asked.sign](values, float(value)) for value in asked.values)
            return reduce(or_, map(self._flags, found))
        return reduce(or_, (self._equal(name).get(str(value), 0) for value in asked.values))

    def _numbers(self, name: str) -> Any:
        """What is not known is no number: it compares with nothing."""
        if name not in self._index:
            values = [np.nan if value is None else value for value in self.columns(name)]
            self._index[name] = np.array(values, dtype=np.float64)
        return self._index[name]

    def _equal(self, name: str) -> dict[str, int]:
        if name not in self._index:
            members: dict[str, list[int]] = defaultdict(list)
            for number, value in enumerate(self.columns(name)):
                members[value].append(number)
            index: dict[str, int] = defaultdict(int)
            for value, numbers in members.items():
                index[value.casefold()] |= bits_of(numbers, self.size)
            self._index[name] = index
        found: dict[str, int] = self._index[name]
        return found

    def _flags(self, flags: Any) -> int:
        packed = np.packbits(np.asarray(flags, dtype=bool), bitorder="little")
        return int.from_bytes(packed.tobytes(), "little")


class Matcher:
    """Answers which of these queries each post of a batch answers."""

    def __init__(self, queries: Iterable[tuple[int, Node]]) -> None:
        self._slots: dict[Node, int] = {}
        self._nodes: list[tuple[Node, tuple[int, ...]]] = []
        self._queries = [(pk, self._slot(tree), tree) for pk, tree in queries]
        terms, names = _terms(tree for _pk, _slot, tree in self._queries)
        self._texts = Finder(terms)
        self._authors = Finder(names) if names else None
        # Whether a post must be scored before it can be matched.
        self.needs_marks = any(
            isinstance(node, Field) and node.name in MARKED for node, _parts in self._nodes
        )
        self._always: list[int] = []
        self._when: dict[int, list[int]] = defaultdict(list)
        for index, (_pk, _slot, tree) in enumerate(self._queries):
            self._note_triggers(index, tree)

    def match(self, texts: Sequence[str], columns: Columns) -> dict[int, list[int]]:
        """Return the numbers of the posts that answer each query; a query without any is left out.

        `texts` are words.joined(title, text). `columns` gives a field's values: see fields.KINDS,
        with "author" for the names and fields.TRAITS for what `is:` asks.
        """
        authors = self._authors.find(columns("author")) if self._authors else None
        batch = _Batch(len(texts), self._texts.find(texts), authors, columns)
        found: dict[int, list[int]] = {}
        for index in self._candidates(batch):
            pk, slot, _tree = self._queries[index]
            bits = self._answer(slot, batch)
            if bits:
                found[pk] = _numbers(bits, batch.size)
        return found

    def _candidates(self, batch: _Batch) -> list[int]:
        """Return the queries of which a word was found, and those that wait for no word."""
        candidates = set(self._always)
        for number in batch.texts.bits:
            candidates.update(self._when.get(number, ()))
        return sorted(candidates)

    def _answer(self, slot: int, batch: _Batch) -> int:
        answer = batch.answers.get(slot)
        if answer is None:
            node, parts = self._nodes[slot]
            answer = batch.answers[slot] = self._worked_out(node, parts, batch)
        return answer

    def _worked_out(self, node: Node, parts: tuple[int, ...], batch: _Batch) -> int:
        match node:
            case And():
                return reduce(and_, (self._answer(part, batch) for part in parts))
            case Or():
                return reduce(or_, (self._answer(part, batch) for part in parts))
            case Not():
                return batch.everything ^ self._answer(parts[0], batch)
            case _:
                return batch.leaf(node)

    def _slot(self, node: Node) -> int:
        """Give a node its number; the same asked twice has one."""
        parts: tuple[int, ...] = ()
        if isinstance(node, And | Or):
            parts = tuple(self._slot(part) for part in node.parts)
        elif isinstance(node, Not):
            parts = (self._slot(node.part),)
        if node not in self._slots:
            self._slots[node] = len(self._nodes)
            self._nodes.append((node, parts))
        return self._slots[node]

    def _note_triggers(self, index: int, tree: Node) -> None:
        triggers = _triggers(tree)
        if triggers is None:
            self._always.append(index)
            return
        number = self._texts.number
        for term in triggers:
            # The longest word of a phrase is mostly the rarest.
            word = max(term.words, key=lambda word: len(word.text))
            self._when[number[word]].append(index)


def _terms(trees: Iterable[Node]) -> tuple[list[Term], list[Term]]:
    """Return the terms that are looked for in texts, and those looked for in authors' names."""
    terms: list[Term] = []
    names: list[Term] = []
    for tree in trees:
        named = {id(name) for node in walk(tree) if isinstance(node, Author) for name in node.names}
        for node in walk(tree):
            if isinstance(node, Term):
                (names if id(node) in named else terms).append(node)
    return terms, names


def _triggers(node: Node) -> tuple[Term, ...] | None:
    """Return terms of which one must be there for the node to hold; None: it needs no term."""
    match node:
        case Term():
            return (node,)
        case Near():
            return min(node.left, node.right, key=len)
        case And():
            needed = [found for part in node.parts if (found := _triggers(part)) is not None]
            return min(needed, key=len) if needed else None
        case Or():
            each = [_triggers(part) for part in node.parts]
            if any(found is None for found in each):
                return None
            return tuple(term for found in each for term in found or ())
        case _:
            return None


def _numbers(bits: int, size: int) -> list[int]:
    flags = np.frombuffer(bits.to_bytes(-(-size // 8), "little"), dtype=np.uint8)
    numbers: list[int] = np.flatnonzero(np.unpackbits(flags, bitorder="little")).tolist()
    return numbers
