"""More texts for the languages that have few: cut, joined, and with words changed for others that
mean about the same or look alike. A larger model says afterwards what each of them sounds like, so
they need be neither true nor well said."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.vectors import WORD, Vectors

# Words that stand for a word: so many of the nearest.
NEAREST = 15
# Of the words of a text so many are changed, by turns.
CHANGED = (0.1, 0.25, 0.45)
LEFT_OUT = 0.05
_PART = 1000


@dataclass(frozen=True)
class Changer:
    """Changes texts. `near` has the neighbours of a word; `strong` are words of the word lists."""

    near: dict[str, list[str]]
    strong: Sequence[str]
    source: random.Random

    def changed(self, text: str, others: Sequence[str]) -> str:
        """A part of `text`, or of it and one of `others`, in other words."""
        share = self.source.choice(CHANGED)
        words = [
            self._other(word) if self.source.random() < share else word
            for word in self._part(text.split(), others)
            if self.source.random() > LEFT_OUT
        ]
        if self.strong and self.source.random() < 0.15:
            words.insert(self.source.randint(0, len(words)), self.source.choice(self.strong))
        return " ".join(words)

    def _part(self, words: list[str], others: Sequence[str]) -> list[str]:
        if self.source.random() < 0.3:
            other = self.source.choice(others).split()
            return words[: self.source.randint(3, 20)] + other[-self.source.randint(3, 20) :]
        if len(words) <= 8:
            return words
        count = self.source.randint(4, min(len(words), 28))
        start = self.source.randint(0, len(words) - count)
        return words[start : start + count]

    def _other(self, word: str) -> str:
        found = WORD.search(word)
        if not found or found.group().lower() not in self.near:
            return word
        other = self.source.choice(self.near[found.group().lower()])
        other = other.capitalize() if found.group()[0].isupper() else other
        return word[: found.start()] + other + word[found.end() :]


def neighbours(known: Vectors, texts: Iterable[str], more: Iterable[str]) -> dict[str, list[str]]:
    """The nearest of each word of `texts`: of those that stand there more than once, and `more`."""
    times: Counter[str] = Counter()
    for text in texts:
        times.update(WORD.findall(text.lower()))
    place = {word: number for number, word in enumerate(known.words)}
    often = {word for word, count in times.items() if count > 1}
    words = sorted(word for word in often.union(more) if word in place)
    if len(words) <= NEAREST:
        return {}
    table = known.table[[place[word] for word in words]]
    table = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
    asked = [number for number, word in enumerate(words) if word in times]
    found: dict[str, list[str]] = {}
    for start in range(0, len(asked), _PART):
        part = asked[start : start + _PART]
        for number, row in zip(part, _nearest(table, part), strict=True):
            found[words[number]] = [words[other] for other in row if other != number]
    return found


def _nearest(table: Any, part: Sequence[int]) -> Any:
    return np.argpartition(-(table[part] @ table.T), NEAREST, axis=1)[:, : NEAREST + 1]
