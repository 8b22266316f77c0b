"""Invented texts with what ought to be found in them, and how well that is done."""

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from responses.checks import check
from responses.guard import Index, Said, clashes

_HERE = Path(__file__).parent
_MARK = re.compile(r"<([a-z_]+)\|([^>]*)>")


def judged(language: str) -> list[tuple[str, list[tuple[str, int, int]]]]:
    """Return each text with its expected findings: (check, start, end)."""
    lines = (_HERE / f"checks_{language}.txt").read_text().splitlines()
    return [_read(line) for line in lines if line and not line.startswith("#")]


def _read(line: str) -> tuple[str, list[tuple[str, int, int]]]:
    text, expected, end = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[end : mark.start()]
        start = len(text) if mark[2] else 0
        text += mark[2]
        expected.append((mark[1], start, len(text)))
        end = mark.end()
    return text + line[end:], expected


def counted(language: str) -> tuple[Counter[str], Counter[str], Counter[str], list[str]]:
    """Return per check how often it was right, cried wolf, and missed; and the errors in words."""
    right, wrong, missed, told = Counter[str](), Counter[str](), Counter[str](), []
    for text, expected in judged(language):
        left = list(expected)
        for finding in check(text).findings:
            hit = next((each for each in left if _same(finding, each)), None)
            if hit:
                left.remove(hit)
                right[finding.code] += 1
            else:
                wrong[finding.code] += 1
                told.append(f"wolf {finding.code} {finding.quote!r} in {text!r}")
        for code, start, end in left:
            missed[code] += 1
            told.append(f"missed {code} {text[start:end]!r} in {text!r}")
    return right, wrong, missed, told


def _same(finding: object, expected: tuple[str, int, int]) -> bool:
    code, start, end = expected
    return finding.code == code and finding.start < max(end, 1) and finding.end > start  # type: ignore[attr-defined]


def pairs() -> list[tuple[Said, Said, str]]:
    """Return (draft, live text, what they contradict each other in or "-")."""
    zone = ZoneInfo("Europe/Copenhagen")
    found = []
    for line in (_HERE / "guard.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            draft, live, kind = (part.strip() for part in line.split(" | "))
            noon = datetime(2026, 11, 19, 12, tzinfo=zone)
            before = Said(live, noon.replace(hour=10), "Live")
            found.append((Said(draft, noon), before, kind))
    return found


def guarded() -> tuple[int, int, int, list[str]]:
    """Return how often a contradiction was found, cried, and missed; and the errors in words."""
    right = wrong = missed = 0
    told = []
    for draft, live, kind in pairs():
        kinds = {each.kind for each in clashes(draft, Index([live]))}
        right += kind in kinds
        wrong += len(kinds - {kind})
        missed += kind != "-" and kind not in kinds
        if kinds - {kind} or (kind != "-" and kind not in kinds):
            told.append(f"{kind} but {kinds}: {draft.text} | {live.text}")
    return right, wrong, missed, told
