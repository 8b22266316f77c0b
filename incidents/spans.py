"""Spans of time as people write them: "30 min", "1 h 30 min", "3 d"; in Danish also "2 t"."""

import re

from core import formats

_UNITS = {"s": 1, "sek": 1, "min": 60, "m": 60, "h": 3600, "t": 3600, "d": 86400}
_PART = re.compile(r"\s*(\d{1,6})\s*([a-z]+)\.?")
LONGEST = 366 * 86400


def parse(written: str) -> int:
    """Return the seconds of a written span; a bare number is minutes. ValueError if unreadable."""
    text = written.strip().casefold().replace("timer", "t").replace("time", "t")
    if text.isdecimal() and len(text) < 7:
        return _bounded(int(text) * 60)
    total, at = 0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or part[2] not in _UNITS:
            raise ValueError(written)
        total, at = total + int(part[1]) * _UNITS[part[2]], part.end()
        at += len(text[at:]) - len(text[at:].lstrip())
    if not text:
        raise ValueError(written)
    return _bounded(total)


def _bounded(seconds: int) -> int:
    if seconds > LONGEST:
        raise ValueError(seconds)
    return seconds


def written(seconds: int | None) -> str:
    """Write a span so that `parse` reads the same out of it, in the active language."""
    if seconds is None:
        return ""
    left, parts = seconds, []
    for size, unit in ((86400, "d"), (3600, "t" if formats.language() == "da" else "h")):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    if left >= 60 or (seconds == 0):
        parts.append(f"{left // 60} min")
    return " ".join(parts)
