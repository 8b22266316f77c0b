"""The wordings that are looked for, by language: tab-separated files beside this one."""

import re
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
CUES = frozenset({"OPEN", "ACTOR", "VAGUE", "FOLLOW", "WE"})


@cache
def wordings(language: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Return each (check, pattern, what to write instead)."""
    return [
        (code, re.compile(pattern, re.I), instead)
        for code, pattern, instead in _rows(language)
        if code not in CUES
    ]


@cache
def cues(language: str) -> dict[str, re.Pattern[str]]:
    """Return what tells when a wording is meant otherwise, and what promises a next word."""
    found = (row for row in _rows(language) if row[0] in CUES)
    return {code: re.compile(pattern, re.I) for code, pattern, _ in found}


@cache
def element_cues(language: str) -> dict[str, re.Pattern[str]]:
    """Return what a text says when it has an element, by the element's code."""
    found = _rows(f"elements_{language}")
    return {code: re.compile(pattern, re.I) for code, pattern in found}


def _rows(name: str) -> list[list[str]]:
    lines = (_HERE / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
