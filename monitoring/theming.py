"""Themes of a heap of posts: which words make groups of them, and what each group is called. Pure.

Greedy cover: the term that sets most of what is left apart from the brand's ordinary talk becomes a
theme, together with the terms that keep it company; its posts are taken out, and so on. Every step
is array work over a matrix of posts and terms, of bounded size.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .distinctive import words
from .stopwords import STOP_WORDS

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_THEMES = 12
MOST_TERMS = 800
# A theme has at least so many posts, and this share of them.
LEAST_POSTS = 4
LEAST_SHARE = 0.02
# A term keeps company with a theme if so many of its posts have it, so many times more than others.
COMPANY = 0.2
LIFT = 2.0
MOST_COMPANY = 8
# Two of its terms, or the one that it began with, make a post belong to a theme.
BELONGS = 2
# What a term's rarity (squared) counts for beside its unusualness.
RARE = 0.2
# A term that so many ordinary posts have is no theme unless it rose by so many times.
ORDINARY = 0.05
ROSE = 1.5
# Two themes are one if the smaller shares so much of its words with the other.
OVERLAP = 0.5
NAMED = 3


@dataclass(frozen=True)
class Group:
    """A theme: its terms, the most telling first, and the posts (their places in the list)."""

    terms: tuple[str, ...]
    posts: tuple[int, ...]

    @property
    def name(self) -> str:
        return ", ".join(without_doubles(self.terms)[:NAMED])


def terms_of(text: str, ignored: frozenset[str]) -> set[str]:
    """The words and pairs of neighbours of a text that may name a theme."""
    kept = [word if _telling(word, ignored) else "" for word in words(text)]
    terms = set(kept)
    terms.update(f"{a} {b}" for a, b in pairwise(kept) if a and b)
    terms.discard("")
    return terms


def ignored_for(name: str) -> frozenset[str]:
    """The words that never name a theme of this brand: those of its own name among them."""
    return STOP_WORDS | {word for each in (name, "".join(name.split())) for word in words(each)}


def group(texts: Sequence[set[str]], usual: Mapping[str, float]) -> list[Group]:
    """Group posts by their terms, the largest group first.

    `usual` is the share of the brand's ordinary posts that have a term.
    """
    terms, matrix = _matrix(texts)
    if not terms:
        return []
    weights = _weights(terms, matrix, usual)
    least = max(LEAST_POSTS, LEAST_SHARE * len(texts))
    left = np.ones(len(texts), dtype=bool)
    groups: list[Group] = []
    while len(groups) < MOST_THEMES:
        counts = matrix[left].sum(axis=0)
        seed = int((counts * weights).argmax())
        if counts[seed] < least or weights[seed] <= 0:
            break
        company = _company(matrix, left, seed)
        posts = left & (matrix[:, seed] | (matrix[:, company].sum(axis=1) >= BELONGS))
        named = tuple(terms[index] for index in company)
        groups.append(Group(named, tuple(np.flatnonzero(posts).tolist())))
        left &= ~posts
    return sorted(groups, key=lambda each: -len(each.posts))


def shares(texts: Sequence[set[str]]) -> dict[str, float]:
    """The share of posts that have each of their frequent terms: what `usual` is made of."""
    terms, matrix = _matrix(texts)
    found = matrix.mean(axis=0) if len(texts) else np.zeros(0)
    return dict(zip(terms, found.tolist(), strict=True))


def overlap(some: Iterable[str], others: Iterable[str]) -> float:
    """How much of the smaller set of words is in the larger; pairs count by their words."""
    here = {word for term in some for word in term.split()}
    there = {word for term in others for word in term.split()}
    return len(here & there) / max(min(len(here), len(there)), 1)


def without_doubles(terms: Sequence[str]) -> list[str]:
    """Say "plastic bits" once rather than "plastic bits" and "plastic"."""
    kept: list[str] = []
    for term in terms:
        parts = set(term.split())
        if not any(parts & set(other.split()) for other in kept):
            kept.append(term)
    return kept


def _telling(word: str, ignored: frozenset[str]) -> bool:
    plain = "'" not in word and "’" not in word
    return plain and len(word) > 2 and not {word, word.lstrip("#")} & ignored


def _matrix(texts: Sequence[set[str]]) -> tuple[list[str], Bools]:
    """The terms that are frequent enough, and which text has which: (texts, terms)."""
    counts: dict[str, int] = {}
    for each in texts:
        for term in each:
            counts[term] = counts.get(term, 0) + 1
    least = max(LEAST_POSTS, LEAST_SHARE * len(texts) / 2)
    usable = [term for term, count in counts.items() if count >= least]
    usable.sort(key=lambda term: (-counts[term], term))
    terms = usable[:MOST_TERMS]
    places = {term: place for place, term in enumerate(terms)}
    matrix = np.zeros((len(texts), len(terms)), dtype=bool)
    for row, each in enumerate(texts):
        matrix[row, [places[term] for term in each if term in places]] = True
    return terms, matrix


def _weights(terms: Sequence[str], matrix: Bools, usual: Mapping[str, float]) -> Floats:
    """What a post with the term counts for: how unusual the term is now, and how rare."""
    now = matrix.mean(axis=0)
    # A term that was never seen may have been in one post of five hundred.
    before = np.array([max(usual.get(term, 0.0), 0.002) for term in terms])
    unusual = np.maximum(np.log(now / before), 0.0) if usual else np.zeros(len(terms))
    pairs = np.array([1.3 if " " in term else 1.0 for term in terms])
    ordinary = (before >= ORDINARY) & (now < ROSE * before)
    weights: Floats = (unusual + RARE * np.log(now) ** 2) * pairs
    return np.where(ordinary, 0.0, weights)


def _company(matrix: Bools, left: Bools, seed: int) -> list[int]:
    """The seed and the terms that come with it, the most telling first."""
    inside = left & matrix[:, seed]
    here = matrix[inside].mean(axis=0)
    overall = np.maximum(matrix.mean(axis=0), 1e-9)
    lift = here / overall
    # What nearly all posts have comes with it too.
    fits = (here >= COMPANY) & ((lift >= LIFT) | (overall >= 1 / LIFT) & (here >= 2 * COMPANY))
    fits[seed] = False
    ranked = sorted(np.flatnonzero(fits).tolist(), key=lambda at: -here[at] * np.log(lift[at]))
    return [seed, *ranked[: MOST_COMPANY - 1]]
