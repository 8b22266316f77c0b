"""How hard a text is to read: LIX for Danish, the Flesch-Kincaid grade for English.

LIX (Björnsson): words a sentence, plus the share of words of more than six letters in percent.
From 45 on a text reads like an official letter. Flesch-Kincaid gives the years of school it takes;
message maps aim at 6 to 8, and beyond 10 readers in a hurry are lost.
"""

import re
from collections.abc import Sequence

from .finding import Readability
from .prose import Prose

# Fewer words say nothing about a text.
LEAST_WORDS = 40
HARD = {"lix": 45.0, "fk": 10.0}
LONG_WORD = 6
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^laeiouy]e|[^tdaeiouy]ed|[^aeiouysxzc]es)$")


def readability(prose: Prose) -> Readability | None:
    """Return how hard it is; None for a short text, or in a language there is no index for."""
    words, count = prose.words, len(prose.sentences)
    if len(words) < LEAST_WORDS or not count:
        return None
    if prose.language == "da":
        return _judged("lix", lix(words, count))
    return _judged("fk", grade(words, count)) if prose.language == "en" else None


def _judged(index: str, value: float) -> Readability:
    return Readability(index, round(value, 1), value >= HARD[index])


def lix(words: Sequence[str], sentences: int) -> float:
    long = sum(len(word) > LONG_WORD for word in words)
    return len(words) / sentences + 100 * long / len(words)


def grade(words: Sequence[str], sentences: int) -> float:
    told = sum(syllables(word) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * told / len(words) - 15.59


def syllables(word: str) -> int:
    """Count an English word's syllables, to about one in ten."""
    low = word.lower()
    return max(1, len(_VOWELS.findall(low)) - (_SILENT.search(low) is not None))
