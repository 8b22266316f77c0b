"""The bad-timing scan: what of a post would read badly in the middle of this crisis. Pure.

Three kinds of marks, each with its place: words of this very crisis (its themes and key terms),
words of its kind (what it is about, and boasts of the very thing that failed), and idioms by the
picture they paint. Advice for a person, never a block.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from core.text import fold

WORDS = Path(__file__).parent / "words"
LANGUAGES = ("da", "en")
# Pictures that jar in any crisis in which somebody may have come to harm or is angry.
ALWAYS = ("death", "violence")
# Which further pictures jar in which kind.
IMAGES: Mapping[str, tuple[str, ...]] = {
    "product_safety": ("fire", "illness", "crash", "joy", "sleep"),
    "data_breach": ("leak", "crash", "joy", "sleep"),
    "service_disruption": ("crash", "fire", "water", "joy", "sleep"),
    "viral_backlash": ("fire", "joy", "illness"),
    "pr_disaster": ("fire", "crash", "joy"),
    "legal_regulatory": ("joy",),
    "misinformation": ("leak", "joy"),
}
# Words of a crisis from which a picture follows, whatever its kind was called.
CUES: Mapping[str, tuple[str, ...]] = {
    "fire": ("brand*", "brænd*", "eksplo*", "røg*", "fire*", "burn*", "explo*", "smoke*"),
    "illness": ("syg*", "smit*", "forgift*", "allerg*", "salmonel*", "bakteri*", "ill", "illness*",
                "sick*", "poison*", "allerg*", "plastik*", "horse*", "hest*"),
    "crash": ("ulykke*", "styrt*", "kollision*", "crash*", "accident*", "derail*", "afspor*"),
    "water": ("drukn*", "oversvøm*", "storm*", "flood*", "drown*"),
    "leak": ("læk*", "hack*", "leak*", "breach*"),
    "sleep": ("hest*", "horse*", "seng*", "vugge*", "cot", "crib", "barnevogn*"),
    "joy": ("død*", "dræbt*", "omkom*", "dead", "death*", "died", "killed", "tilskade*", "injur*"),
}  # fmt: skip
# The shortest word of a crisis that is looked for: shorter ones are in every text.
SHORTEST = 4
MOST_TERMS = 60
# In a phrase: up to so many words may stand between.
GAP, WIDEST = "~", 2
_TOKEN = re.compile(r"[^\W_][\w'’./-]*[^\W_]|[^\W_]")


@dataclass(frozen=True)
class Crisis:
    """What is spoken of: its kind, and the words of its themes, detection and title."""

    crisis_type: str = "none"
    terms: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Mark:
    """One place of a text: characters `start` to before `end`. `kind` is "term", "type" or
    "image"; `about` is the crisis's own word, its type, or the picture."""

    start: int
    end: int
    kind: str
    about: str
    words: str


Pattern = tuple[str, ...]
# The most specific first.
KINDS = ("term", "image", "type")


def scan(text: str, crises: Iterable[Crisis]) -> list[Mark]:
    """Return what is to be looked at, in the order of the text, each place once: the most
    specific kind wins, then the longest."""
    tokens = list(_tokens(text))
    found = [
        Mark(start, end, kind, about, text[start:end])
        for crisis in crises
        for kind, about, pattern in _wanted(crisis)
        for start, end in _places(tokens, pattern)
    ]
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda each: (KINDS.index(each.kind), each.start - each.end)):
        if not any(other.start < mark.end and mark.start < other.end for other in kept):
            kept.append(mark)
    return sorted(kept, key=lambda each: each.start)


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _TOKEN.finditer(text):
        yield fold(match[0]).replace("’", "'"), match.start(), match.end()


def _places(tokens: Sequence[tuple[str, int, int]], pattern: Pattern) -> Iterator[tuple[int, int]]:
    for at, token in enumerate(tokens):
        if _fits(token[0], pattern[0]) and (last := _end(tokens, at + 1, pattern[1:])) is not None:
            yield token[1], tokens[last][2]


def _end(tokens: Sequence[tuple[str, int, int]], at: int, rest: Pattern) -> int | None:
    """Return the last token of what fits the rest of a pattern from `at` on."""
    if not rest:
        return at - 1
    if rest[0] == GAP:
        ends = (_end(tokens, at + skipped, rest[1:]) for skipped in range(WIDEST + 1))
        return next((end for end in ends if end is not None), None)
    if at < len(tokens) and _fits(tokens[at][0], rest[0]):
        return _end(tokens, at + 1, rest[1:])
    return None


def _fits(token: str, part: str) -> bool:
    return token.startswith(part[:-1]) if part.endswith("*") else token == part


def _wanted(crisis: Crisis) -> Iterator[tuple[str, str, Pattern]]:
    for term in list(crisis.terms)[:MOST_TERMS]:
        if pattern := _of_term(term):
            yield "term", term, pattern
    for image in _images(crisis):
        for pattern in _patterns("images", image):
            yield "image", image, pattern
    for pattern in _patterns("types", crisis.crisis_type):
        yield "type", crisis.crisis_type, pattern


def _of_term(term: str) -> Pattern:
    """A word of the crisis with its endings; empty for what is too short to mean anything."""
    words = [word[0] for word in _tokens(term)]
    if not words or max(len(word) for word in words) < SHORTEST:
        return ()
    *first, last = words
    return (*first, f"{_stem(last)}*" if len(last) > SHORTEST else last)


def _stem(word: str) -> str:
    """Without the ending of a Danish or English noun, never shorter than it takes to be one."""
    for ending in ("erne", "ene", "en", "et", "er", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) > SHORTEST:
            return word[: -len(ending)]
    return word


def _images(crisis: Crisis) -> list[str]:
    named = dict.fromkeys((*ALWAYS, *IMAGES.get(crisis.crisis_type, ())))
    words = [token[0] for term in crisis.terms for token in _tokens(term)]
    for image, cues in CUES.items():
        if any(_fits(word, cue) for word in words for cue in cues):
            named[image] = None
    return list(named)


@cache
def _patterns(part: str, name: str) -> tuple[Pattern, ...]:
    """The patterns of both languages: a Danish desk posts English idioms too."""
    found: dict[Pattern, None] = {}
    for language in LANGUAGES:
        for phrase in _read(language)[part].get(name, ()):
            found[tuple(fold(word) for word in phrase.split())] = None
    return tuple(sorted(found, key=len, reverse=True))


@cache
def _read(language: str) -> dict[str, dict[str, list[str]]]:
    with (WORDS / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)
