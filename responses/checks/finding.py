"""The values that a check gives back. Codes and places, no words: wording.py has those."""

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Finding:
    """A place in the text and what is the matter with it.

    `start` and `end` are characters of the text that was checked. `instead` is what to write, in
    the text's language; empty where only a person can know.
    """

    start: int
    end: int
    code: str
    quote: str = ""
    instead: str = ""
    # Why, in the words of the brand's own guideline; empty for our own checks.
    reason: str = ""


@dataclass(frozen=True)
class Element:
    """Something a good text has: `start` is where it was found, None if it was not."""

    group: str
    code: str
    start: int | None = None
    end: int = 0

    @property
    def found(self) -> bool:
        return self.start is not None


@dataclass(frozen=True)
class Readability:
    """How hard a text is to read. `index` is "lix" or "fk" (Flesch-Kincaid grade)."""

    index: str
    value: float
    is_hard: bool


@dataclass(frozen=True)
class Guideline:
    """A word the brand avoids, in one language ("" for every one)."""

    word: str
    instead: str = ""
    reason: str = ""
    language: str = ""


@dataclass(frozen=True)
class Report:
    """`language` is the text's ("und" if unknown); `is_full` says whether we know that language."""

    language: str
    is_full: bool
    findings: list[Finding] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    readability: Readability | None = None

    @property
    def missing(self) -> list[Element]:
        return [element for element in self.elements if not element.found]
