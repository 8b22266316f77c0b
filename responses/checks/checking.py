"""The whole check of a text."""

from collections.abc import Iterable

from .elements import elements
from .finding import Finding, Guideline, Report
from .marks import marks
from .prose import FULL, Prose
from .readability import readability


def check(text: str, guidelines: Iterable[Guideline] = ()) -> Report:
    """Return what is found in a text, and what it has and lacks. The same text, the same report.

    In Danish and English everything is looked at; in other languages only what needs no language:
    signs left to be filled in, shouting, long sentences, and the brand's own words.
    """
    prose = Prose(text)
    findings = marks(prose, guidelines)
    hard = readability(prose)
    if hard and hard.is_hard:
        findings.append(Finding(0, len(text), "hard_to_read"))
    return Report(
        language=prose.language,
        is_full=prose.language in FULL,
        findings=findings,
        elements=elements(prose, findings),
        readability=hard,
    )
