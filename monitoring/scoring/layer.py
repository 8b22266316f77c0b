"""A brand's own leaning: small additions to what the models say, learned from its people's words.

For one question: an addition to the logarithm of each class's probability, and further ones where
certain words stand. Few words teach it, so all are drawn towards nothing; how much it helps is told
by words that it was not taught by. NumPy only: it is learned where the desk runs.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.text import fold

from . import Shares, classes
from .model import softmax

Floats = NDArray[np.float64]

# A word is looked at once it stands in so many of the texts; of these the most frequent.
LEAST_TEXTS = 5
MOST_WORDS = 60
# How strongly additions are drawn to nothing, in texts; and that of all texts, less so.
_PULL, _PULL_ALL = 4.0, 1.0
_ROUNDS, _FOLDS = 300, 5
_LEAST = 1e-6
# Smaller ones say nothing and are not kept.
_KEPT = 0.05
_WORD = re.compile(r"[^\W\d_]{3,30}|#\w{2,30}")


@dataclass(frozen=True)
class Layer:
    """Of the question `field`: additions for all texts, and by word, each (classes,)."""

    field: str
    all: tuple[float, ...]
    words: Mapping[str, tuple[float, ...]]

    def as_json(self) -> dict[str, Any]:
        words = {word: list(each) for word, each in self.words.items()}
        return {"all": list(self.all), "words": words}

    @classmethod
    def from_json(cls, field: str, given: Mapping[str, Any]) -> "Layer":
        """Raises ValueError where it was learned for other classes."""
        sizes = {len(each) for each in (given["all"], *given["words"].values())}
        if sizes != {len(classes(field))}:
            raise ValueError(f"A layer of {field} has other classes.")
        words = {word: tuple(each) for word, each in given["words"].items()}
        return cls(field, tuple(given["all"]), words)

    def shifted(self, texts: Sequence[str], shares: Floats) -> Floats:
        """Return the probabilities (texts, classes) with the additions."""
        added = np.tile(np.array(self.all), (len(texts), 1))
        for number, text in enumerate(texts):
            for word in words_of(text) & self.words.keys():
                added[number] += self.words[word]
        return softmax(np.log(shares + _LEAST) + added)


@dataclass(frozen=True)
class Layers:
    """All layers of a brand, as scoring applies them (monitoring.scoring.Shift)."""

    each: tuple[Layer, ...]

    def __call__(self, texts: Sequence[str], shares: Shares) -> Shares:
        moved = {layer.field: layer.shifted(texts, shares[layer.field]) for layer in self.each}
        return {**shares, **moved}


@dataclass(frozen=True)
class Learned:
    """A layer, and of how many texts the models were right before, and are with it: each judged by
    a layer that was taught by the others only."""

    layer: Layer
    texts: int
    before: int
    after: int


def words_of(text: str) -> set[str]:
    """The words of a text, as layers know them."""
    return set(_WORD.findall(fold(text[:1000])))


def learn(field: str, texts: Sequence[str], shares: Floats, answers: Sequence[str]) -> Learned:
    """Learn from texts, what the models say of them (texts, classes), and what people said."""
    known = classes(field)
    right = np.array([known.index(answer) for answer in answers])
    said = [words_of(text) for text in texts]
    place = np.arange(len(right)) % _FOLDS
    found = np.zeros(len(right), dtype=int)
    for part in range(_FOLDS):
        kept, apart = np.flatnonzero(place != part), np.flatnonzero(place == part)
        layer = _fitted(field, [said[n] for n in kept], shares[kept], right[kept])
        others = [texts[n] for n in apart.tolist()]
        found[apart] = layer.shifted(others, shares[apart]).argmax(axis=1)
    before = int((shares.argmax(axis=1) == right).sum())
    after = int((found == right).sum())
    return Learned(_fitted(field, said, shares, right), len(right), before, after)


def _fitted(field: str, said: Sequence[set[str]], shares: Floats, right: Any) -> Layer:
    """Softmax regression beside what the models say, by plain descent: a few hundred texts."""
    times = Counter(word for words in said for word in words)
    words = [word for word, count in times.most_common(MOST_WORDS) if count >= LEAST_TEXTS]
    stands = np.array([[1.0, *(word in each for word in words)] for each in said])
    base, target = np.log(shares + _LEAST), np.eye(shares.shape[1])[right]
    pull = np.array([_PULL_ALL] + [_PULL] * len(words))[:, None]
    added = np.zeros((len(words) + 1, shares.shape[1]))
    # No step is longer than the steepest place allows.
    rate = 1 / (0.5 * np.linalg.norm(stands, 2) ** 2 + pull.max())
    for _round in range(_ROUNDS):
        slope = stands.T @ (softmax(base + stands @ added) - target) + pull * added
        added -= rate * slope
    rounded = np.round(added, 3)
    kept = {word: row for word, row in zip(words, rounded[1:], strict=True) if _matters(row)}
    tuples = {word: tuple(row.tolist()) for word, row in kept.items()}
    return Layer(field, tuple(rounded[0].tolist()), tuples)


def _matters(row: Any) -> bool:
    return bool(np.abs(row).max() >= _KEPT)
