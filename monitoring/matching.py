"""Whether a post speaks of the brand: its words, all searched for in one pass.

All words of all queries of a brand are one automaton (RE2), so the cost of a text does not grow
with their number, and no word can make it slow. Pure: no database.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import re2

from core.text import fold

# Bounds on what one brand may ask for; RE2 gives up above its memory, and a person loses track.
MAX_WORDS = 2_000
MAX_WORD_LENGTH = 200
_MEMORY = 64 * 1024 * 1024
# RE2's own \b knows ASCII only ("øl" would not be found in "en øl tak"), and classes of all
# letters around each word make 2,000 words outgrow its memory. So the edges of words are marked, in
# the text and in what is looked for alike; what is looked for are then plain strings.
_EDGE = re.compile(r"\b")
_MARK = "\x1f"


@dataclass(frozen=True, slots=True)
class Words:
    """One query: any of these (if given), all of these, none of those."""

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


class Matcher:
    """Finds the queries that a text answers."""

    def __init__(self, queries: Sequence[Words]) -> None:
        words = sorted({w for q in queries for w in (*q.any_of, *q.all_of, *q.none_of)})
        self._number = {word: number for number, word in enumerate(words)}
        self._queries = [self._compile(query) for query in queries]
        self._set = _automaton(words)

    def matches(self, text: str) -> bool:
        """Whether any query is answered by `text` (title and text together)."""
        found = (
            frozenset(self._set.Match(_marked(fold(text))) or ()) if self._number else frozenset()
        )
        return any(
            (not some or not some.isdisjoint(found)) and every <= found and none.isdisjoint(found)
            for some, every, none in self._queries
        )

    def _compile(self, query: Words) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
        return (
            self._numbers(query.any_of),
            self._numbers(query.all_of),
            self._numbers(query.none_of),
        )

    def _numbers(self, words: Iterable[str]) -> frozenset[int]:
        return frozenset(self._number[word] for word in words)


@lru_cache(maxsize=256)
def matcher(queries: tuple[Words, ...]) -> Matcher:
    """Return the compiled form of these queries; the same queries are compiled once."""
    return Matcher(queries)


def words(any_of: Iterable[str], all_of: Iterable[str], none_of: Iterable[str]) -> Words:
    """Bring a query's lists into the form that is compared: folded, without blanks and doubles."""
    return Words(_folded(any_of), _folded(all_of), _folded(none_of))


def _folded(items: Iterable[str]) -> tuple[str, ...]:
    folded = (" ".join(fold(str(item)).split())[:MAX_WORD_LENGTH] for item in items)
    return tuple(sorted({item for item in folded if item}))


def _automaton(words: Sequence[str]) -> "re2.Set":
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    automaton = re2.Set.SearchSet(options)
    for word in words:
        automaton.Add(re2.escape(_marked(word)))
    automaton.Compile()
    return automaton


def _marked(folded: str) -> str:
    """Return the text with single blanks and a mark at either edge of every word."""
    return _EDGE.sub(_MARK, " ".join(folded.split()))
