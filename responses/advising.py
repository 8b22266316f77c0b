"""What stands beside the composer, put together for the page and the API."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from core import formats

from .checks import Element, Finding, Report, wording
from .services.checking import Leaning


@dataclass(frozen=True)
class Piece:
    """A stretch of the text, and the numbers of the findings that it is part of."""

    text: str
    numbers: tuple[int, ...]


def pieces(text: str, findings: Sequence[Finding]) -> list[Piece]:
    """Cut a text where findings begin and end; joined, the text comes out again."""
    numbered = [each for each in enumerate(findings, 1) if each[1].code != "hard_to_read"]
    cuts = {0, len(text), *(place for _, each in numbered for place in (each.start, each.end))}
    places = sorted(cuts)
    return [
        Piece(
            text[start:end],
            tuple(number for number, each in numbered if each.start < end and each.end > start),
        )
        for start, end in pairwise(places)
    ]


def units(text: str, place: int) -> int:
    """Return a place as browsers count it, in UTF-16 units."""
    return place + sum(character > "\uffff" for character in text[:place])


@dataclass(frozen=True)
class Told:
    """A finding in words, with its number, and its place as browsers count."""

    number: int
    finding: Finding
    start: int
    end: int

    @property
    def name(self) -> Any:
        return wording.FINDINGS[self.finding.code][0]

    @property
    def why(self) -> Any:
        return self.finding.reason or wording.FINDINGS[self.finding.code][1]

    @property
    def what(self) -> Any:
        """What to do, in the reader's language."""
        return wording.FINDINGS[self.finding.code][2]

    @property
    def has_place(self) -> bool:
        return self.finding.code != "hard_to_read"


@dataclass(frozen=True)
class Asked:
    """An element in words."""

    element: Element

    @property
    def name(self) -> Any:
        return wording.ELEMENTS[self.element.code][0]

    @property
    def what(self) -> Any:
        return wording.ELEMENTS[self.element.code][1]


@dataclass(frozen=True)
class Checked:
    """A text with its report, as it is shown. `leaning` are facts that do not stand."""

    text: str
    report: Report
    leaning: Leaning

    @cached_property
    def findings(self) -> list[Told]:
        return [
            Told(number, each, units(self.text, each.start), units(self.text, each.end))
            for number, each in enumerate(self.report.findings, 1)
        ]

    @cached_property
    def pieces(self) -> list[Piece]:
        return pieces(self.text, self.report.findings)

    @cached_property
    def groups(self) -> list[tuple[Any, list[Asked], int]]:
        """(name, elements, how many of them are there) by group, in order."""
        return [
            (name, _asked(each), sum(element.found for element in each))
            for code, name in wording.GROUPS.items()
            if (each := [element for element in self.report.elements if element.group == code])
        ]

    @property
    def asked(self) -> list[Asked]:
        """Every element in words."""
        return _asked(self.report.elements)

    @property
    def index(self) -> str:
        """How hard it is to read, in words; "" if that cannot be said."""
        hard = self.report.readability
        if hard is None:
            return ""
        return wording.INDEXES[hard.index] % {"value": formats.number(hard.value, 1)}


def _asked(elements: Iterable[Element]) -> list[Asked]:
    return [Asked(element) for element in elements]
