"""Promises read in a text: a sentence that announces something, with a time. Pure.

"Næste opdatering kl. 16", "we will update at 4 pm", "we will answer within the hour". Danish and
English; times of day are in the zone given. What is found is a suggestion: a person confirms it,
so reading one too many costs a click, and reading one too few costs a broken promise.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.text import fold

# A text promises little: beyond this it is a list of opening hours.
MOST = 5
LONGEST = 300
# When only a day is named, it is meant by the end of its working hours.
DAY_ENDS, MORNING, NOON = time(17), time(9), time(12)
LATEST = 20

_SENTENCE = re.compile(r"\n+|(?<=[!?])\s+|(?<!\bkl)(?<!\d)\.\s+|(?<=\d)\.\s+(?=[A-ZÆØÅ])")
_CUE = re.compile(
    r"\b(?:updates?|updated|next (?:news|word|statement|briefing)|more information|"
    r"(?:we|you|they|it|shops?|stores?)(?:'ll|’ll| will| shall)|will be|get back|come back|be back|"
    r"report back|let you know|promise|"
    r"opdater\w*|næste (?:nyt|besked|melding|udmelding|status|information)|ny (?:besked|status)|"
    r"nyt igen|mere (?:nyt|information|at fortælle)|vender? (?:vi )?tilbage|melder? (?:vi )?ud|"
    r"giver? (?:vi )?besked|hører? (?:i|du|fra)|skriver? (?:vi )?igen|informer\w*|"
    r"svarer?|vil|lover?|åbner?|får (?:i|du))\b"
)
_CLOCK = re.compile(
    r"\b(?:kl(?:okken)?\.?|at|by|before|around|until|from|senest|inden|før|omkring)\s*(?:kl\.?\s*)?"
    r"([01]?\d|2[0-4])(?:[:.]([0-5]\d))?(?![:.]?\d)\s*(a\.?m\b\.?|p\.?m\b\.?)?"
    r"|\b([01]?\d|2[0-3])[:.]([0-5]\d)(?![.\d])\s*(a\.?m\b\.?|p\.?m\b\.?)?"
    r"|\b(1[0-2]|[1-9])\s*(a\.?m\b\.?|p\.?m\b\.?)"
)
_NOON = re.compile(r"\bnoon\b|\bmidday\b|\bved middagstid\b")
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "the": 1, "the next": 1, "en": 1, "et": 1, "den næste": 1,
    "half an": 0.5, "a half": 0.5, "en halv": 0.5, "two": 2, "to": 2, "three": 3, "tre": 3,
    "four": 4, "fire": 4, "five": 5, "fem": 5, "six": 6, "seks": 6, "halvanden": 1.5,
}  # fmt: skip
_SPAN = re.compile(
    r"\b(?:in|within|om|inden for|indenfor)\s+"
    rf"(\d{{1,3}}|{'|'.join(sorted(_COUNTS, key=len, reverse=True))})\s+"
    r"(hours?|minutes?|mins?|timers?|timer|time|minutter|minut|min|days?|dage?|døgn)\b"
)
_DAYS = (
    ("monday", "mandag"), ("tuesday", "tirsdag"), ("wednesday", "onsdag"), ("thursday", "torsdag"),
    ("friday", "fredag"), ("saturday", "lørdag"), ("sunday", "søndag"),
)  # fmt: skip
_WEEKDAY = re.compile(rf"\b({'|'.join(day for pair in _DAYS for day in pair)})\b")
_MONTHS = (
    "jan", "feb", "mar", "apr", "ma[jy]", "jun", "jul", "aug", "sep", "o[ck]t", "nov", "de[cs]",
)  # fmt: skip
_DATE = re.compile(rf"\b([12]?\d|3[01])\.?\s+((?:{'|'.join(_MONTHS)})\w{{0,6}})\b")
_TOMORROW = re.compile(r"\btomorrow\b|\bi morgen\b")
_TODAY = re.compile(r"\btoday\b|\bi dag\b|\bin the course of the day\b|\bi løbet af dagen\b")
_LATE = re.compile(r"\bafternoon\b|\bevening\b|\btonight\b|\beftermiddag\b|\bi aften\b")
_EARLY = re.compile(r"\bmorning\b|\bmorgen\b(?<!i morgen)|\bi morgen tidlig\b|\bformiddag\b")


@dataclass(frozen=True)
class Found:
    """A sentence that promises something, and by when."""

    text: str
    due_at: datetime


def found(text: str, *, zone: str, now: datetime) -> list[Found]:
    """Return what a text seems to promise, in its order; times of day are in `zone`."""
    here = now.astimezone(ZoneInfo(zone))
    return list(_found(text, here))[:MOST]


def _found(text: str, here: datetime) -> Iterator[Found]:
    for sentence in _SENTENCE.split(text):
        folded = fold(sentence)
        if not _CUE.search(folded):
            continue
        due = _due(folded, here)
        if due and due > here:
            yield Found(
                " ".join(sentence.split())[:LONGEST].rstrip(". "), due.astimezone(here.tzinfo)
            )


def _due(folded: str, here: datetime) -> datetime | None:
    """Return when: in so long, or on a day, at a time; None if no time is named."""
    if span := _SPAN.search(folded):
        return here + _length(span[1], span[2])
    day, at = _day(folded, here.date()), _clock(folded)
    if at is None and day is None:
        return None
    if at is None:
        return _on(day or here.date(), MORNING if _EARLY.search(folded) else DAY_ENDS, here)
    hour, minute, sure = at
    if not sure and (_LATE.search(folded) or (day and hour < MORNING.hour - 2)):
        hour += 12
    return _next(day, time(hour % 24, minute), here, either=not sure and hour < 12)


def _length(count: str, unit: str) -> timedelta:
    number = float(count) if count.isdecimal() else _COUNTS[count]
    if unit.startswith(("h", "t")):
        return timedelta(hours=number)
    return timedelta(days=number) if unit.startswith("d") else timedelta(minutes=number)


def _day(folded: str, today: date) -> date | None:
    if _TOMORROW.search(folded):
        return today + timedelta(days=1)
    if named := _WEEKDAY.search(folded):
        wanted = next(place for place, pair in enumerate(_DAYS) if named[1] in pair)
        return today + timedelta(days=(wanted - today.weekday()) % 7)
    if dated := _DATE.search(folded):
        return _dated(int(dated[1]), dated[2], today)
    return today if _TODAY.search(folded) else None


def _dated(day: int, month: str, today: date) -> date | None:
    number = next(place for place, name in enumerate(_MONTHS, 1) if re.match(name, month))
    try:
        this_year = date(today.year, number, day)
        return this_year if this_year >= today else date(today.year + 1, number, day)
    except ValueError:
        return None


def _clock(folded: str) -> tuple[int, int, bool] | None:
    """Return hour, minute, and whether it is sure which half of the day is meant."""
    if _NOON.search(folded):
        return NOON.hour, 0, True
    for clock in _CLOCK.finditer(folded):
        hour = int(clock[1] or clock[4] or clock[7])
        minute = int(clock[2] or clock[5] or 0)
        half = (clock[3] or clock[6] or clock[8] or "").replace(".", "")
        if half and hour <= 12:
            return hour % 12 + (12 if half == "pm" else 0), minute, True
        # "at 4": either; "kl. 4" and "16.30" mean what they say.
        english = "kl" not in clock[0] and clock[4] is None and clock[2] is None
        return hour % 24, minute, not (english or _LATE.search(folded)) or hour > 12
    return None


def _next(day: date | None, at: time, here: datetime, *, either: bool) -> datetime:
    """Return that time on that day; without a day the next time it is so late."""
    first = _on(day or here.date(), at, here)
    if first > here:
        return first
    later = first + timedelta(hours=12)
    # "at 3" may be the afternoon; "at 10" said after ten is tomorrow, not the night.
    if either and later > here and later.hour <= LATEST:
        return later
    return first if day else _on(here.date() + timedelta(days=1), at, here)


def _on(day: date, at: time, here: datetime) -> datetime:
    return datetime.combine(day, at, tzinfo=here.tzinfo)
