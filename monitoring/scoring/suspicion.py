"""How likely a machine or a copy-paste campaign wrote a post, 0 to 1.

Three signs, each a probability, together the chance that at least one holds: several authors
saying the same within a short time, one author saying the same again and again, and a text that
is mostly tags and links. What says of itself that it is shared ("RT @…") is no campaign: people
share. There are no labelled campaigns to measure against: the figures below are our judgement.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from math import exp

import numpy as np
from numpy.typing import NDArray

# Wordings kept in mind, over all brands of this process; the oldest go first.
MEMORY = 20_000
# Authors remembered of one wording; more make it no more suspicious.
MOST_AUTHORS = 40
_SHARED = re.compile(r"rt\b|.*?\bvia @", re.DOTALL)
# From here on many authors with one wording are more likely a campaign than chance.
_AUTHORS = 6.0
_REPEATS = 3.0
_MOST = 0.97
_MOST_TIMES = 64
# How much each number of authors, and of repetitions, says.
_MANY = [1 - exp(-max(count - 1, 0) / _AUTHORS) for count in range(MOST_AUTHORS + 1)]
_AGAIN = [1 - exp(-max(count - 1, 0) / _REPEATS) for count in range(_MOST_TIMES + 1)]


class Window:
    """Who said what lately: wordings (fingerprints) and their authors' counts."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._seen: OrderedDict[int, dict[str, int]] = OrderedDict()

    def add(self, prints: Sequence[int], authors: Sequence[str]) -> None:
        """Remember a batch; 0 is a text too short to be anybody's."""
        for number, author in zip(prints, authors, strict=True):
            if number:
                said = self._seen.setdefault(number, {})
                if author in said or len(said) < MOST_AUTHORS:
                    said[author] = said.get(author, 0) + 1
                self._seen.move_to_end(number)
        while len(self._seen) > self._memory:
            self._seen.popitem(last=False)

    def said(self, number: int) -> dict[str, int]:
        """How often each author used this wording."""
        return self._seen.get(number, {})


def suspicion(
    texts: Sequence[str], authors: Sequence[str], prints: Sequence[int], window: Window
) -> NDArray[np.float64]:
    """Add the batch to the window and return how suspicious each post is."""
    window.add(prints, authors)
    said = window.said
    rows = zip(texts, authors, prints, strict=True)
    found = [_one(text, author, said(number) if number else {}) for text, author, number in rows]
    return np.round(found, 3)


def _one(text: str, author: str, said: dict[str, int]) -> float:
    tags = text.count("#")
    spam = 0.08 * min(tags, 12) if tags > 3 and "http" in text else 0.0
    again = _AGAIN[min(said.get(author, 1), _MOST_TIMES)] if author else 0.0
    many = _MANY[len(said)] if len(said) > 1 and not _is_shared(text) else 0.0
    if not (spam or again or many):
        return 0.0
    return min(1 - (1 - spam) * (1 - many) * (1 - again), _MOST)


def _is_shared(text: str) -> bool:
    """Asked of every wording that was seen before: so the cheap question comes first."""
    first = text[:1]
    if "@" not in text and first not in "rR" and not first.isspace():
        return False
    start = text[:200].lower().lstrip()
    if not start.startswith("rt") and "via @" not in start:
        return False
    return _SHARED.match(start) is not None
