"""A text as the checks read it: every change keeps the length, so that places stay places."""

import re
from dataclasses import dataclass
from functools import cached_property

from monitoring.scoring.language import detect

FULL = ("da", "en")
# Curly quotes, hard spaces and dashes as they are typed by hand: one character for one.
_TYPED = str.maketrans("‘’‛ʼ\u00a0\u202f\u2011–", "''''  --")
_UNSAID = re.compile(r"\[F[1-9]\d{0,5}\]|https?://\S+|\b[\w.+-]+@[\w-]+\.[\w.]+|[@#]\w+", re.I)
_QUOTED = re.compile(
    r'"[^"\n]{1,300}"|“[^”\n]{1,300}[”“]|»[^«\n]{1,300}«|«[^»\n]{1,300}»|„[^“”\n]{1,300}[“”]'
)
# A full stop ends a sentence unless it is of "kl. 14", "1.200", "bl.a." or an initial.
_END = re.compile(
    r"(?<![\d\s])(?<!\b[Kk]l)(?<!\b[Cc]a)(?<!\b[Nn]r)(?<!\b[MD]r)(?<!\bf\.eks)(?<!\bfx)"
    r"(?<!\bbl\.a)(?<!\b[ap]\.m)(?<!\bst)(?<!\b[Tt]lf)(?<!\bmio)(?<!\bkr)(?<!\b[A-ZÆØÅa-z])\.(?=\s|$)"
    r"|(?<=\d)\.(?=\s+[A-ZÆØÅ]|\s*$|\s*\n)|(?<=[pa]\.m)\.(?=\s+[A-ZÆØÅ]|\s*$)"
    r"|[!?…]+(?=\s|$|[\"”»])|\n\s*\n|\n(?=\s*[-•*]\s)"
)
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
# Months, so that "3. maj" does not end a sentence while "12. Vi" does.
_MONTH = re.compile(r"\s*(?:jan|feb|mar|apr|ma[jy]|jun|jul|aug|sep|o[kc]t|nov|de[cs])\w*\b", re.I)
CLOCK = (
    r"\b(?:kl(?:okken)?\.?\s*\d{1,2}(?:[.:]\d\d)?|\d{1,2}[:.]\d\d(?![\d.,])"
    r"|\d{1,2}(?:[:.]\d\d)?\s*[ap]\.?m\b|noon|midday|midnight"
    r"|(?:at|by|before|until)\s+\d{1,2}(?:[:.]\d\d)?\b(?!\s*(?:%|per|shops|stores|people|of)))"
)
_MONTHS = r"(?:jan|feb|mar|apr|ma[jy]|jun|jul|aug|sep|o[kc]t|nov|de[cs])\w*"
DAY = (
    r"\b(?:today|tonight|tomorrow|i dag|i aften|i morgen|i nat"
    r"|this (?:morning|afternoon|evening|week|month)|next (?:week|month)|næste (?:uge|måned)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:man|tirs|ons|tors|fre|lør|søn)dag(?:en)?"
    rf"|\d{{1,2}}\.?\s+{_MONTHS}|{_MONTHS} \d{{1,2}}|\d{{1,2}}/\d{{1,2}}"
    r"|end of (?:the )?(?:day|week|month)|(?:ved )?udgangen af (?:dagen|ugen|måneden|\w+)"
    r"|(?:denne|i løbet af) (?:uge|ugen|dagen)|døgnet rundt|around the clock)\b"
)
_COUNTS = (
    r"(?:\d+|an?|one|two|three|four|five|six|ten|twelve|half an?"
    r"|en|et|to|tre|fire|fem|seks|ti|tolv|anden|halve?)"
)
SPAN = (
    r"\b(?:within|in|inden(?: ?for)?|om|senest om|every|each|hvert?|the next)\s+"
    rf"(?:the\s+)?(?:next\s+|den? næste\s+)?{_COUNTS}?\s*(?:working |business |hverd)?"
    r"(?:hours?|minutes?|days?|weeks?|months?|timer?|minut(?:ter)?|dage?|hverdage|arbejdsdage"
    r"|døgn|uger?|måned(?:er)?|time|morning|afternoon|morgen)\b"
)
WHEN = re.compile(f"{CLOCK}|{DAY}|{SPAN}", re.I)


@dataclass(frozen=True)
class Sentence:
    start: int
    end: int
    text: str

    @cached_property
    def words(self) -> list[str]:
        return _WORD.findall(self.text)

    @property
    def has_time(self) -> bool:
        """Whether it names a time: of day, a date, or so many hours."""
        return WHEN.search(self.text) is not None


@dataclass(frozen=True)
class Prose:
    """A text made ready: `said` without citations and links, `own` without what is quoted too."""

    text: str

    @cached_property
    def said(self) -> str:
        return _blanked(_UNSAID, self.text.translate(_TYPED))

    @cached_property
    def own(self) -> str:
        """What others are quoted with is theirs: it is not held against the writer."""
        return _blanked(_QUOTED, self.said)

    @cached_property
    def sentences(self) -> list[Sentence]:
        return sentences(self.own)

    @cached_property
    def words(self) -> list[str]:
        return _WORD.findall(self.own)

    @cached_property
    def language(self) -> str:
        """The code of the language, "und" if it cannot be told."""
        (code,), _sure = detect([self.said])
        # Norwegian in bokmål and Danish are told apart by little in a short text.
        return "da" if code == "no" and _DANISH.search(self.said) else code

    def around(self, place: int) -> Sentence:
        """The sentence that a place is in."""
        return next(
            (each for each in self.sentences if each.start <= place < each.end),
            Sentence(0, len(self.own), self.own),
        )


_DANISH = re.compile(r"\b(?:af|hvad|hvis|nogen|jer|også|vores|spis|uden|efter|ved)\b", re.I)


def _blanked(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda found: " " * len(found[0]), text)


def sentences(text: str) -> list[Sentence]:
    """Split a text into its sentences, each with its place, without the space around it."""
    found: list[Sentence] = []
    begin = 0
    for end in _END.finditer(text):
        if _MONTH.match(text, end.end()) and text[end.start() - 1 : end.start()].isdigit():
            continue
        _take(found, text, begin, end.end())
        begin = end.end()
    _take(found, text, begin, len(text))
    return found


def _take(found: list[Sentence], text: str, begin: int, end: int) -> None:
    piece = text[begin:end]
    stripped = piece.strip(" \t\n-•*")
    if _WORD.search(stripped) or any(mark.isdigit() for mark in stripped):
        start = begin + piece.index(stripped)
        found.append(Sentence(start, start + len(stripped), stripped))
