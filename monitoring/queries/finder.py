"""Finds the words of all queries in many texts at once.

A text is cut at its blanks; what a piece holds is looked up, and worked out only the first time.
People use the same words over and over, so nearly all of it is to split the text and to pass over
what is known to hold nothing, however XX"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import filterfalse
from operator import and_, or_
from typing import Any

import numpy as np
import re2

from .tree import Term
from .words import BREAK, MAX_DISTANCE, Word, folded_lines, single, words_of

# Bounds of what is remembered: some five megabytes. Longer pieces are seldom seen twice.
_MOST_KNOWN = 50_000
_LONGEST_KNOWN = 40
# From so many on an array is quicker.
_FEW = 24
_RUNS = re.compile("[^*?]+")
# What is entered under a run of letters: a number, and what else must hold.
_Entry = tuple[int, Callable[[str], Any] | None]
_Runs = dict[str, list[_Entry]]


def is_wild(word: Word) -> bool:
    return "*" in word.text or "?" in word.text


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a piece of text holds: so many words, and at which of them which of ours."""

    width: int
    hits: tuple[tuple[int, int], ...]
    numbers: tuple[int, ...]


class Finder:
    """Finds the words of `terms`; each word has a number, `number` tells which."""

    def __init__(self, terms: Iterable[Term]) -> None:
        wanted = sorted({word for term in terms for word in term.words})
        self.number = {word: number for number, word in enumerate(wanted)}
        wild = [word for word in wanted if is_wild(word)]
        self._exact = {
            word.mark + word.text: number
            for word, number in self.number.items()
            if not is_wild(word)
        }
        self._wild = _Wild([(word, self.number[word]) for word in wild]) if wild else None
        self._forget()

    def find(self, texts: Sequence[str]) -> "Found":
        """Return what was found in which texts."""
        found = Found(self, texts)
        if not self.number:
            return found
        known, bits = self._known, found.bits
        is_dull = self._dull.__contains__
        # Integers, not lists: the collector has nothing to do with them.
        where: dict[str, int] = {}
        get = where.get
        for index, text in enumerate(texts):
            here = 1 << index
            for piece in filterfalse(is_dull, text.split()):
                where[piece] = get(piece, 0) | here
        fresh = self._learn([piece for piece in where if piece not in known])
        for piece, here in where.items():
            learnt = known.get(piece) or fresh[piece]
            for number in learnt.numbers:
                bits[number] = bits.get(number, 0) | here
        return found

    def places(self, text: str) -> dict[int, int]:
        """Return for every word found the places at which it stands, as bits."""
        places: dict[int, int] = {}
        at = 0
        dull, known = self._dull, self._known
        pieces = text.split()
        fresh = self._learn({p for p in pieces if p not in dull and p not in known})
        for piece in pieces:
            width = dull.get(piece)
            if width is None:
                learnt = known.get(piece) or fresh[piece]
                width = learnt.width
                for offset, number in learnt.hits:
                    places[number] = places.get(number, 0) | 1 << (at + offset)
            at += width
        return places

    def _learn(self, pieces: Collection[str]) -> dict[str, _Piece]:
        """Work out what pieces hold, all at once; remember it for the next texts."""
        fresh: dict[str, _Piece] = {}
        if not pieces:
            return fresh
        ordered = list(pieces)
        plain: dict[str, str] = {}
        others: dict[str, list[Word]] = {}
        for piece, line in zip(ordered, folded_lines(ordered), strict=True):
            form = single(line)
            if form:
                plain[piece] = form
            else:
                others[piece] = words_of(line)
        forms = {word.mark + word.text for found in others.values() for word in found}
        hits = self._hits(forms.union(plain.values()))
        for piece, form in plain.items():
            fresh[piece] = hits.get(form, _NOTHING)
        for piece, found in others.items():
            fresh[piece] = _several(found, hits)
        self._remember(fresh)
        return fresh

    def _hits(self, forms: set[str]) -> dict[str, _Piece]:
        """Return which of our words each of these is, where it is any. A form has its mark."""
        exact = self._exact
        hits: dict[str, list[int]] = {}
        for form in forms:
            if form in exact:
                hits[form] = [exact[form]]
            if form[0] in "#@" and form[1:] in exact:
                hits.setdefault(form, []).append(exact[form[1:]])
        if self._wild is not None:
            for form, numbers in self._wild.hits(forms):
                hits.setdefault(form, []).extend(numbers)
        return {
            form: _Piece(1, tuple((0, number) for number in numbers), tuple(set(numbers)))
            for form, numbers in hits.items()
        }

    def _remember(self, fresh: dict[str, _Piece]) -> None:
        if len(self._dull) + len(self._known) + len(fresh) > _MOST_KNOWN:
            self._forget()
        dull, known = self._dull, self._known
        for piece, learnt in fresh.items():
            if len(piece) > _LONGEST_KNOWN:
                continue
            if learnt.hits:
                known[piece] = learnt
            else:
                dull[piece] = learnt.width

    def _forget(self) -> None:
        # Bound anew, not emptied: another thread may be reading.
        self._known: dict[str, _Piece] = {}
        self._dull: dict[str, int] = {BREAK: MAX_DISTANCE + 1}


_NOTHING = _Piece(1, (), ())


def _several(found: Sequence[Word], hits: dict[str, _Piece]) -> _Piece:
    """What a piece of no word or of several holds."""
    each = [hits.get(word.mark + word.text) for word in found]
    if not any(each):
        return _Piece(len(found), (), ())
    placed = tuple(
        (at, number) for at, learnt in enumerate(each) if learnt for number in learnt.numbers
    )
    return _Piece(len(found), placed, tuple({number for _at, number in placed}))


class _Wild:
    """Words with wildcards, however many, looked up by what of them is certain.

    Each is entered under its longest run of letters, as a beginning, an end, or the inside of a
    word. What says more than its longest run is tried out (RE2, so that no pattern is slow).
    """

    def __init__(self, wild: Sequence[tuple[Word, int]]) -> None:
        begins: _Runs = defaultdict(list)
        ends: _Runs = defaultdict(list)
        inside: dict[int, _Runs] = defaultdict(lambda: defaultdict(list))
        for word, number in wild:
            pattern = word.mark + word.text
            run, entry = _entry(pattern, number)
            if pattern.startswith(run):
                begins[run].append(entry)
            elif pattern.endswith(run):
                ends[run[::-1]].append(entry)
            else:
                inside[len(run)][run].append(entry)
        self._begins, self._ends = _Beginnings(begins), _Beginnings(ends)
        self._inside = {length: dict(runs) for length, runs in inside.items()}

    def hits(self, forms: Iterable[str]) -> Iterator[tuple[str, list[int]]]:
        """Yield the forms (with their marks) that are any of the words, and which."""
        for form in forms:
            numbers = self._match(form)
            if form[0] in "#@":
                numbers = [*numbers, *self._match(form[1:])]
            if numbers:
                yield form, numbers

    def _match(self, text: str) -> list[int]:
        entries = self._begins.of(text) + self._ends.of(text[::-1])
        for length, runs in self._inside.items():
            for at in range(len(text) - length + 1):
                entries.extend(runs.get(text[at : at + length], ()))
        return [number for number, check in entries if check is None or check(text)]


class _Beginnings:
    """Which of many runs a text begins with: one search, and then from each to the next shorter."""

    def __init__(self, runs: _Runs) -> None:
        self._runs = sorted(runs)
        self._entries = [runs[run] for run in self._runs]
        self._shorter: list[int] = []
        open_: list[int] = []
        for at, run in enumerate(self._runs):
            while open_ and not run.startswith(self._runs[open_[-1]]):
                open_.pop()
            self._shorter.append(open_[-1] if open_ else -1)
            open_.append(at)

    def of(self, text: str) -> list[_Entry]:
        """Return the entries of all runs that `text` begins with."""
        found: list[_Entry] = []
        at = bisect_right(self._runs, text) - 1
        while at >= 0:
            if text.startswith(self._runs[at]):
                found += self._entries[at]
            at = self._shorter[at]
        return found


def _entry(pattern: str, number: int) -> tuple[str, _Entry]:
    """Return a pattern's longest run of letters, its number and what else must hold."""
    runs = _RUNS.findall(pattern)
    run = max(runs, key=len)
    # "kaf*", "*fe" and "*aff*" say nothing more than their run.
    plain = len(runs) == 1 and "?" not in pattern
    return run, (number, None if plain else re2.compile(_regex(pattern)).fullmatch)


@dataclass(slots=True)
class Found:
    """What a Finder found in some texts. Sets of texts, and of places, are bits of an integer."""

    finder: Finder
    texts: Sequence[str]
    bits: dict[int, int] = field(default_factory=dict)
    _places: dict[int, dict[int, int]] = field(default_factory=dict)

    def term(self, term: Term) -> int:
        """Return the texts that hold a term."""
        candidates = self._holding(term)
        if len(term.words) == 1 or not candidates:
            return candidates
        return self._where(candidates, lambda places: bool(self._starts(term, places)))

    def near(self, left: Sequence[Term], right: Sequence[Term], distance: int) -> int:
        """Return the texts that hold one of `left` and one of `right` so close to each other."""
        first = reduce(or_, map(self._holding, left), 0)
        candidates = first & reduce(or_, map(self._holding, right), 0)

        def is_near(places: dict[int, int]) -> bool:
            one, other = self._spans(left, places), self._spans(right, places)
            return _follows(one, other, distance) or _follows(other, one, distance)

        return self._where(candidates, is_near)

    def _holding(self, term: Term) -> int:
        """Return the texts that hold all words of a term, wherever."""
        number = self.finder.number
        return reduce(and_, (self.bits.get(number[word], 0) for word in term.words))

    def _where(self, candidates: int, holds: Callable[[dict[int, int]], bool]) -> int:
        result = 0
        for index in members(candidates):
            places = self._places.get(index)
            if places is None:
                places = self._places[index] = self.finder.places(self.texts[index])
            if holds(places):
                result |= 1 << index
        return result

    def _starts(self, term: Term, places: dict[int, int]) -> int:
        """Return the places at which a term begins."""
        number = self.finder.number
        found = (places.get(number[word], 0) >> at for at, word in enumerate(term.words))
        return reduce(and_, found)

    def _spans(self, terms: Sequence[Term], places: dict[int, int]) -> tuple[int, int]:
        """Return the places at which any of the terms begins, and those at which one ends."""
        starts = ends = 0
        for term in terms:
            here = self._starts(term, places)
            starts |= here
            ends |= here << (len(term.words) - 1)
        return starts, ends


def _follows(first: tuple[int, int], second: tuple[int, int], distance: int) -> bool:
    """Whether something of `second` begins within `distance` behind an end of `first`."""
    reached = reduce(or_, (first[1] << step for step in range(1, distance + 1)))
    return bool(reached & second[0])


def bits_of(indexes: Sequence[int], size: int) -> int:
    """Return the integer whose bits these are; `size` is more than any of them."""
    if len(indexes) < _FEW:
        return reduce(or_, (1 << index for index in indexes))
    flags = np.zeros(size, dtype=bool)
    flags[indexes] = True
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def members(bits: int) -> list[int]:
    """Return the numbers of the bits that are set."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def _regex(pattern: str) -> str:
    text: str = re2.escape(pattern)
    return text.replace(r"\*", ".*").replace(r"\?", ".?")
