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

_NOBODY: dict[str, int] = {}


class Window:
    """Who said what lately: wordings (fingerprints) and their authors' counts."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._seen: OrderedDict[int, dict[str, int]] = OrderedDict()

    def add(self, prints: Sequence[int], authors: Sequence[str]) -> list[dict[str, int]]:
        """Remember a batch; 0 is a text too short to be anybody's.

        Return for each post how often each author used its wording, the whole batch included.
        """
        seen, found = self._seen, []
        for number, author in zip(prints, authors, strict=True):
            said = seen.get(number) if number else _NOBODY
            if said is None:
                said = seen[number] = {author: 1}
            elif number:
                seen.move_to_end(number)
                if author in said:
                    said[author] += 1
                elif len(said) < MOST_AUTHORS:
                    said[author] = 1
            found.append(said)
        while len(seen) > self._memory:
            seen.popitem(last=False)
        return found


def suspicion(
    texts: Sequence[str], authors: Sequence[str], prints: Sequence[int], window: Window
) -> NDArray[np.float64]:
    """Add the batch to the window and return how suspicious each post is."""
    rows = zip(texts, authors, window.add(prints, authors), strict=True)
    return np.round([_one(text, author, said) for text, author, said in rows], 3)


def _one(text: str, author: str, said: dict[str, int]) -> float:
    spam = _spam(text) if "#" in text else 0.0
    times = said.get(author, 1) if author else 1
    many = _MANY[len(said)] if len(said) > 1 and not _is_shared(text) else 0.0
    if times == 1 and not (spam or many):
        return 0.0
    again = _AGAIN[times] if times < _MOST_TIMES else _AGAIN[-1]
    return min(1 - (1 - spam) * (1 - many) * (1 - again), _MOST)


def _spam(text: str) -> float:
    tags = text.count("#")
    return 0.08 * min(tags, 12) if tags > 3 and "http" in text else 0.0


def _is_shared(text: str) -> bool:
    """Asked of every wording that was seen before: so the cheap question comes first."""
    first = text[:1]
    if "@" not in text and first not in "rR" and not first.isspace():
        return False
    start = text[:200].lower().lstrip()
    if not start.startswith("rt") and "via @" not in start:
        return False
    return _SHARED.match(start) is not None
