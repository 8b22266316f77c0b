"""Dates and times of day in Danish and English texts, made absolute by when the text was said."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_DAYS = (
    ("monday", "mandag"), ("tuesday", "tirsdag"), ("wednesday", "onsdag"), ("thursday", "torsdag"),
    ("friday", "fredag"), ("saturday", "lørdag"), ("sunday", "søndag"),
)  # fmt: skip
_PLACES = {name: place for place, pair in enumerate(_DAYS) for name in pair}
_MONTHS = (
    "jan", "feb", "mar", "apr", "ma[jy]", "jun", "jul", "aug", "sep", "o[ck]t", "nov", "de[cs]",
)  # fmt: skip
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-zæøå]{{0,6}}"
_CLOCK = re.compile(
    r"\b(?:kl(?:okken)?\.?\s*(?P<k>[01]?\d|2[0-4])(?:[:.](?P<km>[0-5]\d))?(?![\d])"
    r"|(?P<h>[01]?\d|2[0-3])[:.](?P<m>[0-5]\d)(?![.,]?\d)\s*(?P<half>[ap]\.?m\b\.?)?"
    r"|(?P<b>1[0-2]|[1-9])\s*(?P<bhalf>[ap]\.?m\b\.?)"
    r"|(?P<noon>noon|midday|middag(?:stid)?\b)|(?P<midnight>midnight|midnat))",
    re.I,
)
_DATE = re.compile(
    rf"\b(?P<d>[12]?\d|3[01])(?:\.|st|nd|rd|th)?\s+(?:of )?(?P<month>{_MONTH})\b"
    r"(?:\s+(?P<y>20\d\d))?"
    rf"|\b(?P<month2>{_MONTH})\s+(?P<d2>[12]?\d|3[01])\b(?!:)"
    rf"|\b(?P<weekday>{'|'.join(_PLACES)})(?:en|s)?\b"
    r"|\b(?P<near>the day before yesterday|yesterday|today|tonight|tomorrow|i forgårs|i overmorgen"
    r"|i går|i dag|i aften|i nat|i morges|i morgen|this (?:morning|afternoon|evening))\b",
    re.I,
)
_NEAR = {
    "the day before yesterday": -2, "i forgårs": -2, "yesterday": -1, "i går": -1, "tomorrow": 1,
    "i morgen": 1, "i overmorgen": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """A date, or a time of day in minutes since midnight, where it stands."""

    start: int
    end: int
    day: date | None = None
    minute: int | None = None


def moments(text: str, at: datetime) -> list[Moment]:
    """Return the dates and times of a text said at `at` (whose zone is the reader's)."""
    days = [_dated(found, at.date()) for found in _DATE.finditer(text)]
    clocks = [_timed(found) for found in _CLOCK.finditer(text)]
    return sorted((each for each in [*days, *clocks] if each), key=lambda each: each.start)


def _dated(found: re.Match[str], said: date) -> Moment | None:
    if found["near"]:
        day: date | None = said + timedelta(days=_NEAR.get(found["near"].lower(), 0))
    elif found["weekday"]:
        # Which week is meant is not said: the day nearest to when it was said.
        off = (_PLACES[found["weekday"].lower()] - said.weekday()) % 7
        day = said + timedelta(days=off if off <= 3 else off - 7)
    else:
        day = _named(found, said)
    return Moment(found.start(), found.end(), day) if day else None


def _named(found: re.Match[str], said: date) -> date | None:
    name = (found["month"] or found["month2"]).lower()
    month = next(place for place, each in enumerate(_MONTHS, 1) if re.match(each, name))
    year = int(found["y"]) if found["y"] else said.year
    try:
        return date(year, month, int(found["d"] or found["d2"]))
    except ValueError:
        return None


def _timed(found: re.Match[str]) -> Moment:
    if found["noon"] or found["midnight"]:
        return Moment(found.start(), found.end(), minute=720 if found["noon"] else 0)
    hour = int(found["k"] or found["h"] or found["b"])
    minute = int(found["km"] or found["m"] or 0)
    half = (found["half"] or found["bhalf"] or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return Moment(found.start(), found.end(), minute=hour % 24 * 60 + minute)
