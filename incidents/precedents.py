"""What this reminds of: the closest earlier incidents and cases, why, and what was different.

A case is compared by its kind, its words, the course of its volume and its severity; what is not
known of either counts for nothing. Rooms above add cases with `source` and lessons with `lessons`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from core import formats
from monitoring.distinctive import words as words_of
from monitoring.enums import CrisisType
from monitoring.stopwords import STOP_WORDS

from .enums import Severity
from .models import Incident

WEIGHTS = {"kind": 0.35, "words": 0.35, "course": 0.2, "severity": 0.1}
# Below this nothing is alike enough to be shown.
LEAST = 0.3
MOST_WORDS = 4


@dataclass(frozen=True)
class Case:
    """Something that happened before, as it is compared.

    `course` are the peaks of each half hour from its beginning, in times of the expected maximum;
    empty if it is not known. `took` are seconds until it was resolved.
    """

    title: str
    url: str
    where: str
    crisis_type: str
    severity: int
    words: Counter[str]
    course: tuple[float, ...] = ()
    took: float | None = None
    lessons: list[str] = field(default_factory=list)

    @property
    def peak(self) -> float:
        return max(self.course, default=0.0)


@dataclass(frozen=True)
class Near:
    """A case with how near it is, from 0 to 1, why, and what was different then."""

    case: Case
    nearness: float
    alike: list[str]
    different: list[str]

    @property
    def percent(self) -> str:
        return formats.percent(self.nearness)


Source = Callable[[User, Incident], Iterable[Case]]
SOURCES: list[Source] = []
# {id of an incident: what was learned from it}, in one query.
LESSONS: list[Callable[[Sequence[int]], Mapping[int, list[str]]]] = []


def source(function: Source) -> Source:
    """Register where cases come from; the function keeps to what its user may see."""
    SOURCES.append(function)
    return function


def lessons(
    function: Callable[[Sequence[int]], Mapping[int, list[str]]],
) -> Callable[[Sequence[int]], Mapping[int, list[str]]]:
    """Register what was learned from incidents."""
    LESSONS.append(function)
    return function


def bag(texts: Iterable[str]) -> Counter[str]:
    """Count the telling words of some texts."""
    said = (word for text in texts for word in words_of(text))
    return Counter(word for word in said if len(word) > 2 and word not in STOP_WORDS)


def closest(this: Case, others: Sequence[Case], *, most: int = 3) -> list[Near]:
    """Return the cases that are most like `this`, the closest first."""
    rarity = _rarity([this, *others])
    found = [_compared(this, other, rarity) for other in others]
    alike = [each for each in found if each.nearness >= LEAST]
    return sorted(alike, key=lambda each: -each.nearness)[:most]


def _rarity(cases: Sequence[Case]) -> dict[str, float]:
    """Weigh a word by how few cases have it: what all share tells nothing."""
    having = Counter(word for case in cases for word in case.words)
    return {word: log(1 + len(cases) / count) for word, count in having.items()}


def _compared(this: Case, other: Case, rarity: Mapping[str, float]) -> Near:
    parts = {
        "kind": _same_kind(this, other),
        "words": _same_words(this, other, rarity),
        "course": _same_course(this, other),
        "severity": 1 - abs(this.severity - other.severity) / 3,
    }
    known = {name: value for name, value in parts.items() if value is not None}
    total = sum(WEIGHTS[name] for name in known)
    nearness = sum(WEIGHTS[name] * value for name, value in known.items()) / total
    shared = _shared(this, other, rarity)
    return Near(other, nearness, _alike(this, other, parts, shared), _different(this, other))


def _same_kind(this: Case, other: Case) -> float | None:
    if CrisisType.NONE in (this.crisis_type, other.crisis_type):
        return None
    return float(this.crisis_type == other.crisis_type)


def _same_words(this: Case, other: Case, rarity: Mapping[str, float]) -> float | None:
    """The cosine of the two, each word by its rarity; a few common words count for much already."""
    if not this.words or not other.words:
        return None
    mine, theirs = _weighed(this, rarity), _weighed(other, rarity)
    product = sum(value * theirs.get(word, 0.0) for word, value in mine.items())
    return sqrt(max(0.0, product / (_length(mine) * _length(theirs))))


def _weighed(case: Case, rarity: Mapping[str, float]) -> dict[str, float]:
    return {word: (1 + log(count)) * rarity[word] for word, count in case.words.items()}


def _length(weighed: Mapping[str, float]) -> float:
    return sqrt(sum(value * value for value in weighed.values())) or 1.0


def _same_course(this: Case, other: Case) -> float | None:
    """How alike the two rise and fall, half hour by half hour as far as both go."""
    pairs = list(zip(this.course, other.course, strict=False))
    if len(pairs) < 2:
        return None
    apart = sum(abs(log(1 + mine) - log(1 + theirs)) for mine, theirs in pairs) / len(pairs)
    return max(0.0, 1 - apart / 2)


def _shared(this: Case, other: Case, rarity: Mapping[str, float]) -> list[str]:
    common = this.words.keys() & other.words.keys()
    return sorted(common, key=lambda word: (-rarity[word], word))[:MOST_WORDS]


def _alike(
    this: Case, other: Case, parts: Mapping[str, float | None], shared: list[str]
) -> list[str]:
    said = []
    if parts["kind"]:
        said.append(_("The same kind: %(kind)s.") % {"kind": CrisisType(this.crisis_type).label})
    if shared:
        said.append(_("Words in common: %(words)s.") % {"words": ", ".join(shared)})
    if (parts["course"] or 0) >= 0.7:
        said.append(_("It rose and fell alike."))
    if this.severity == other.severity:
        said.append(_("As grave: %(severity)s.") % {"severity": Severity(this.severity).label})
    return said


def _different(this: Case, other: Case) -> list[str]:
    """What was otherwise then, in words."""
    said = []
    if other.crisis_type not in {this.crisis_type, CrisisType.NONE}:
        said.append(_("It was about: %(kind)s.") % {"kind": CrisisType(other.crisis_type).label})
    if this.severity != other.severity:
        said.append(_("It was %(severity)s.") % {"severity": Severity(other.severity).label})
    if this.peak and other.peak and not 0.5 <= this.peak / other.peak <= 2:
        figures: dict[str, Any] = {
            "then": formats.number(other.peak, 1),
            "now": formats.number(this.peak, 1),
        }
        said.append(_("Its peak was %(then)s times the expected, now it is %(now)s.") % figures)
    if other.took is not None:
        said.append(_("It took %(took)s.") % {"took": formats.duration(other.took)})
    return said
