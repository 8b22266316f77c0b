"""A brand's own words: rules applied to the batch, in two further looks at the few they touch.

A rule "is not" blanks the phrase and lets the text be judged again without it. A rule "is" sets
the label. Where no phrase stands, nothing costs more than one search for all phrases at once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import re2

from core.text import fold

from . import Shift

_EDGE = re.compile(r"\b")
_MARK = "\x1f"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where `phrase` (folded) stands, `field` is `value`, or is not on account of the phrase."""

    phrase: str
    field: str
    value: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """A text in which phrases stand. `blanked` is without those of the rules "is not"."""

    number: int
    blanked: str
    rules: tuple[Rule, ...]


class RuleBook:
    """All active rules of a brand, compiled; and what its corrections make of the models' word."""

    def __init__(self, rules: Sequence[Rule], shift: Shift | None = None) -> None:
        self.rules = tuple(rules)
        self.shift = shift
        self._set = _automaton([rule.phrase for rule in rules])

    def touched(self, texts: Sequence[str]) -> list[Touched]:
        """Return the texts in which a phrase stands."""
        found: list[Touched] = []
        if not self.rules:
            return found
        for number, text in enumerate(texts):
            matched = self._set.Match(_marked(fold(text)))
            if matched:
                rules = tuple(self.rules[index] for index in sorted(matched))
                found.append(Touched(number, _without(text, rules), rules))
        return found


def normal(phrase: str) -> str:
    """Return a phrase as it is compared: folded, with single blanks."""
    return " ".join(fold(phrase).split())


def _without(text: str, rules: Sequence[Rule]) -> str:
    phrases = [rule.phrase for rule in rules if rule.negated]
    if not phrases:
        return text
    longest_first = sorted(phrases, key=len, reverse=True)
    words = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in longest_first)
    return re.sub(rf"(?<!\w)(?:{words})(?!\w)", " ", fold(text))


def _automaton(phrases: Sequence[str]) -> "re2.Set":
    options = re2.Options()
    options.log_errors = False
    automaton = re2.Set.SearchSet(options)
    for phrase in phrases:
        automaton.Add(re2.escape(_marked(phrase)))
    automaton.Compile()
    return automaton


def _marked(folded: str) -> str:
    """Single blanks, and a mark at either edge of every word: see monitoring.matching."""
    return _EDGE.sub(_MARK, " ".join(folded.split()))
