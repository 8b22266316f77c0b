"""Which words make the difference between two heaps of texts. Pure.

Log-odds of a text containing the word, with a prior from both heaps together (Monroe, Colaresi
and Quinn 2008), in standard deviations: a word that is new and frequent leads, a word that is
merely rare does not.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log, sqrt

from core.text import fold

from .stopwords import STOP_WORDS

# Characters of a text that are read.
READ = 400
# How much the prior weighs, in texts.
PRIOR = 50.0
# The least a word must differ to be named.
DEVIATIONS = 2.5
LEAST_TEXTS = 3
LEAST_SHARE = 0.02
# A phrase stands for its words if it is in most texts that they are in.
PHRASE_SHARE = 0.6

_NOISE = re.compile(r"https?://\S+|www\.\S+|@\w+")
_WORD = re.compile(r"#?[^\W\d_][\w'’-]*")


def distinctive(
    recent: Sequence[str], before: Sequence[str], *, ignore: Iterable[str] = (), limit: int = 5
) -> list[str]:
    """Return the words and two-word phrases that set `recent` apart, the most telling first."""
    ignored = STOP_WORDS | {word for name in ignore for word in words(name)}
    now, then = _texts_with(recent, ignored), _texts_with(before, ignored)
    least = max(LEAST_TEXTS, LEAST_SHARE * len(recent))
    scored = {
        term: deviations(count, len(recent), then[term], len(before))
        for term, count in now.items()
        if count >= least
    }
    telling = [term for term, score in scored.items() if score >= DEVIATIONS]
    telling.sort(key=lambda term: (-scored[term], term))
    return _without_doubles(telling, now)[:limit]


def words(text: str) -> list[str]:
    """The words of a text as they are compared: folded, without links and names of people."""
    return [word.strip("'’-") for word in _WORD.findall(_NOISE.sub(" ", fold(text[:READ])))]


def _texts_with(texts: Sequence[str], ignored: frozenset[str]) -> Counter[str]:
    """In how many texts each word and each pair of neighbours occurs."""
    found: Counter[str] = Counter()
    for text in texts:
        kept = [word if _telling(word, ignored) else "" for word in words(text)]
        terms = set(kept)
        terms.update(f"{a} {b}" for a, b in pairwise(kept) if a and b)
        terms.discard("")
        found.update(terms)
    return found


def _telling(word: str, ignored: frozenset[str]) -> bool:
    return len(word) > 2 and word not in ignored and word.lstrip("#") not in ignored


def deviations(now: int, texts_now: int, then: int, texts_then: int) -> float:
    """How far the odds have risen, in standard deviations."""
    share = (now + then) / (texts_now + texts_then + 1)
    expected = PRIOR * share
    a, b = now + expected, texts_now - now + PRIOR - expected
    c, d = then + expected, texts_then - then + PRIOR - expected
    return (log(a / b) - log(c / d)) / sqrt(1 / a + 1 / c)


def _without_doubles(terms: list[str], count: Counter[str]) -> list[str]:
    """Say "plastic bits" once rather than "plastic", "bits" and "plastic bits"."""
    phrases = [
        term
        for term in terms
        if " " in term and all(count[term] >= PHRASE_SHARE * count[word] for word in term.split())
    ]
    covered = {word for phrase in phrases for word in phrase.split()}
    kept: list[str] = []
    for term in terms:
        single = " " not in term
        if (single and term not in covered) or (term in phrases and not _overlaps(term, kept)):
            kept.append(term)
    return kept


def _overlaps(phrase: str, kept: list[str]) -> bool:
    used = {word for term in kept for word in term.split()}
    return any(word in used for word in phrase.split())
