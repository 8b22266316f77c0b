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
    rows = zip(texts, authors, prints, strict=True)
    return np.array([_one(*row, window) for row in rows], dtype=np.float64)


def _one(text: str, author: str, number: int, window: Window) -> float:
    tags = min(text.count("#"), 12)
    spam = 0.08 * tags if tags > 3 and "http" in text else 0.0
    said = window.said(number) if number else {}
    if len(said) < 2 and said.get(author, 0) < 2:
        return round(spam, 3)
    many = 0.0 if _is_shared(text) else 1 - exp(-((len(said) - 1) / _AUTHORS))
    again = 1 - exp(-((said.get(author, 1) - 1) / _REPEATS)) if author else 0.0
    return round(min(1 - (1 - spam) * (1 - many) * (1 - again), _MOST), 3)


def _is_shared(text: str) -> bool:
    """Asked of every wording that was seen before: so the cheap question comes first."""
    start = text[:200].lower().lstrip()
    if not start.startswith("rt") and "via @" not in start:
        return False
    return _SHARED.match(start) is not None
