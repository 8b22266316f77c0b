"""Numbers in Danish and English texts: "1.200", "1,200", "tolv hundrede", "3.4 million", "40 %"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SMALL = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "to": 2, "tre": 3, "fire": 4, "fem": 5, "seks": 6, "syv": 7, "otte": 8, "ni": 9, "ti": 10,
    "elleve": 11, "tolv": 12, "tretten": 13, "fjorten": 14, "femten": 15, "seksten": 16,
    "sytten": 17, "atten": 18, "nitten": 19, "tyve": 20, "tredive": 30, "fyrre": 40,
    "halvtreds": 50, "tres": 60, "halvfjerds": 70, "firs": 80, "halvfems": 90,
}  # fmt: skip
# Words of another meaning too, read as numbers only before a greater one: "to hundrede".
_DOUBTFUL = frozenset({"to", "fire", "ti", "tres", "a", "an", "en", "et", "one"})
_GREAT = {
    "hundred": 100, "hundrede": 100, "thousand": 1000, "tusind": 1000, "tusinde": 1000,
    "million": 10**6, "millions": 10**6, "millioner": 10**6, "mio": 10**6, "m": 10**6,
    "billion": 10**9, "milliard": 10**9, "milliarder": 10**9, "mia": 10**9,
}  # fmt: skip
_ONES = {"a": 1, "an": 1, "en": 1, "et": 1, "one": 1, "half a": 0.5, "en halv": 0.5}
_WORDS = "|".join(sorted({*_SMALL, *_ONES}, key=len, reverse=True))
_SCALES = "|".join(sorted(set(_GREAT) - {"m"}, key=len, reverse=True))
_DIGITS = (
    r"(?<![\w.,:/-])\d{1,3}(?:[.,\u00a0 ]\d{3})+(?![\d])"
    r"|(?<![\w.,:/-])\d+(?:[.,]\d{1,2})?(?![\w:/]|[.,]\d)"
)
_NUMBER = re.compile(
    rf"(?:(?P<digits>{_DIGITS})|\b(?P<word>{_WORDS})\b(?:[ -](?P<ones>{_WORDS})\b)?)"
    rf"(?:[ -](?P<scale>{_SCALES})\b\.?(?:[ -](?P<more>tusinde?|thousand)\b)?)?"
    r"(?:\s?(?P<percent>%|per ?cent\b|procent\b))?",
    re.I,
)
_BOUNDING = {
    "least": "at least|more than|over|upwards of|mindst|mere end|flere end|op mod",
    "most": "at most|fewer than|less than|up to|under|højst|færre end|mindre end|op til",
    "about": "about|around|some|roughly|nearly|almost|approximately"
    r"|omkring|cirka|ca\.?|knap|godt|næsten|omtrent",
}
_BOUNDS = [(name, re.compile(rf"\b(?:{words})\s+$", re.I)) for name, words in _BOUNDING.items()]
# What a number belongs to that names a thing and counts none.
_NAMING = re.compile(
    r"\b(?:batch|lot|parti|partiet|flight|rute|route|line|linje|version|model|platform|perron|"
    r"nr\.?|no\.?|number|nummer|uge|week|page|side|article|artikel|gate|track|spor|torvet|vej|gade|tlf\.?|"
    r"telefon|call|ring (?:på|til)|phone|sev)\s*$",
    re.I,
)
_PHONE = re.compile(r"\+?\d{2}(?:[ .-]\d{2}){3,}|\+\d[\d ]{6,}|\b\d{8}\b")
NEAR = 0.1


@dataclass(frozen=True)
class Quantity:
    """A number where it stands. `bound` is "", "least", "most" or "about"; `unit` "%" or ""."""

    value: float
    start: int
    end: int
    bound: str = ""
    unit: str = ""

    def agrees(self, other: "Quantity") -> bool:
        """Whether both can be true of the same thing."""
        if "about" in (self.bound, other.bound):
            return abs(self.value - other.value) <= NEAR * max(self.value, other.value)
        low, high = max(self._low, other._low), min(self._high, other._high)
        return low <= high

    @property
    def _low(self) -> float:
        return 0.0 if self.bound == "most" else self.value

    @property
    def _high(self) -> float:
        return float("inf") if self.bound == "least" else self.value


def quantities(text: str) -> Iterator[Quantity]:
    """Yield the numbers that count something."""
    text = _PHONE.sub(lambda found: " " * len(found[0]), text)
    for found in _NUMBER.finditer(text):
        before = text[max(0, found.start() - 24) : found.start()]
        value = _value(found)
        if value is None or _NAMING.search(before):
            continue
        bound = next((name for name, said in _BOUNDS if said.search(before)), "")
        unit = "%" if found["percent"] else ""
        yield Quantity(value, found.start(), found.end(), bound, unit)


def _value(found: re.Match[str]) -> float | None:
    scale = _GREAT.get((found["scale"] or "").lower(), 1)
    scale *= 1000 if found["more"] else 1
    if found["digits"]:
        return _digits(found["digits"]) * scale
    word, ones = found["word"].lower(), (found["ones"] or "").lower()
    if scale == 1 and word in _DOUBTFUL:
        return None
    value = _ONES.get(word, _SMALL.get(word, 0)) + _ONES.get(ones, _SMALL.get(ones, 0))
    return value * scale


def _digits(said: str) -> float:
    """Three figures after a mark are thousands, one or two are decimals, in both languages."""
    if re.fullmatch(r"\d{1,3}(?:[.,\u00a0 ]\d{3})+", said):
        return float(re.sub(r"\D", "", said))
    return float(said.replace(",", "."))
