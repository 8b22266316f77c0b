"""What a text claims: sentence by sentence its numbers, times, causes and promises, and of what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from monitoring.stopwords import STOP_WORDS
from responses.checks.prose import Prose, Sentence

from .moments import Moment, moments
from .quantities import Quantity, quantities

KEPT = 4000
# A word as short as this has no ending to lose.
SHORT = 4
_ENDING = re.compile(r"(?:erne|ene|ing|ies|er|en|et|es|ed|e|s|n)$")
_WORD = re.compile(r"[^\W\d_]{2,}")
# Words that tell nothing of what a sentence is about.
_LIGHT = frozenset(
    [
        "people",
        "person",
        "persons",
        "mennesker",
        "personer",
        "know",
        "known",
        "have",
        "has",
        "been",
        "there",
        "some",
        "about",
        "reported",
        "says",
        "said",
        "still",
        "now",
        "today",
        "yesterday",
        "tomorrow",
        "which",
        "also",
        "only",
        "will",
        "ved",
        "kender",
        "har",
        "været",
        "der",
        "endnu",
        "nu",
        "dag",
        "går",
        "morgen",
        "siger",
        "sagt",
        "meldt",
        "oplyser",
        "stadig",
        "også",
        "kun",
        "vores",
        "our",
        "we",
        "vi",
        "you",
        "your",
        "jer",
        "jeres",
        "de",
        "dem",
        "they",
        "them",
        "their",
        "its",
        "update",
        "opdatering",
        "next",
        "næste",
        "expect",
        "forventer",
        "regner",
        "confirm",
        "bekræfte",
        "confirmed",
        "bekræftet",
        "total",
        "alt",
        "least",
        "most",
        "mindst",
        "omkring",
        "cirka",
        "over",
        "than",
        "end",
        "million",
        "thousand",
        "hundred",
        "tusind",
        "hundrede",
        "mio",
        "kl",
        "klokken",
        "noon",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "mandag",
        "tirsdag",
        "onsdag",
        "torsdag",
        "fredag",
        "lørdag",
        "søndag",
        "were",
        "was",
        "are",
        "is",
        "be",
        "being",
        "er",
        "var",
        "blev",
        "bliver",
        "blevet",
        "not",
        "ikke",
        "no",
        "ingen",
    ]
)
_PART = re.compile(
    r"\b(?:of (?:these|them|those|which)|including|another|further"
    r"|heraf|deraf|af disse|af dem|yderligere|inklusive)\b",
    re.I,
)
_NAME = re.compile(r"(?<=[^\s.!?:…] )[A-ZÆØÅ][\w-]+|\b[A-ZÆØÅ]{1,4}[-]?\d[\w-]*")
_CAUSE = re.compile(
    r"\b(?P<not>(?:was|is|were|are|has|did|er|var|blev)? ?(?:not|n't|never|ikke|aldrig) )?"
    r"(?:caused by|due to|because of|down to|(?:the )?(?:cause|reason) (?:is|was)(?: that)?"
    r"|result of|skyldt?es(?P<not2> ikke| aldrig)?|forårsaget af|på grund af"
    r"|årsagen (?:er|var)(?: at|, at)?|fordi)\s+"
    r"(?P<cause>[^.,;:!?\n]{3,80})",
    re.I,
)
_UNKNOWN = re.compile(
    r"\b(?:(?:do|does|did) not (?:yet )?know|don't (?:yet )?know|unknown"
    r"|not (?:yet )?(?:known|clear)|ukendt|kender (?:vi )?(?:endnu )?ikke"
    r"|ved (?:vi )?(?:endnu )?ikke)\b[^.!?]{0,40}\b(?:cause|why|årsag\w*|hvorfor)\b"
    r"|\b(?:cause|årsag\w*)\b[^.!?]{0,30}"
    r"\b(?:unknown|not (?:yet )?(?:known|clear)|ukendt|ikke kendt)\b",
    re.I,
)
_PROMISE = {
    "update": r"\b(?:next (?:update|statement|word)|write again|update again|be back"
    r"|næste (?:opdatering|udmelding|melding)|skriver igen|melder ud igen|opdaterer igen"
    r"|nyt igen)\b",
    "refund": r"\b(?:refund\w*|money back|reimburs\w*|penge(?:ne)? (?:tilbage|retur)"
    r"|refunder\w*|tilbagebetal\w*)\b",
    "opens": r"\b(?:re-?opens?|open again|opens? again|will open|åbner|genåbner)\b",
    "report": r"\b(?:report|review|findings|rapport\w*|gennemgang|undersøgelsen)\b[^.!?]{0,40}"
    r"\b(?:publish\w*|public|ready|offentlig\w*|klar|færdig)\b|\b(?:publish|offentliggør)\w*\b",
    "restored": r"\b(?:back to normal|be restored|working again|is back|oppe igen|virker igen"
    r"|tilbage igen|i drift igen)\b",
    "answer": r"\b(?:answer|svarer|svar)\b[^.!?]{0,20}\b(?:everyone|all|alle|enhver)\b",
}
_PROMISES = {kind: re.compile(pattern, re.I) for kind, pattern in _PROMISE.items()}
# The posture of a sentence towards what is held against us (SCCT): denying beside the others in one
# incident weakens all of them. Being sorry for somebody is no posture; taking the blame is one.
_POSTURE = {
    "deny": r"\b(?:(?:is|are|was) (?:simply |completely |entirely )?(?:not true|untrue|false)"
    r"|no truth in|never happened|we (?:firmly |strongly )?(?:deny|reject) "
    r"|er (?:simpelthen |slet )?(?:ikke sand|ikke rigtig|usand|falsk)(?:t|e)?\b|\bpasser ikke\b"
    r"|vi (?:\w+ )?(?:afviser|benægter) )",
    "diminish": r"\b(?:isolated (?:incident|case)|beyond our control"
    r"|could not have (?:known|foreseen)"
    r"|enkeltstående (?:\w+ )?(?:tilfælde|hændelse)|uden for vores kontrol"
    r"|kunne (?:vi )?ikke have (?:vidst|forudset))\b",
    "rebuild": r"\b(?:(?:was|is|were) our (?:own )?(?:fault|mistake|responsibility)"
    r"|we (?:take|accept) (?:full |the )?responsibility|we (?:\w+ )?apologi[sz]e (?:to|for)\b"
    r"|we (?:got it wrong|let you down|failed you)|vores (?:egen )?(?:fejl|skyld|ansvar)\b"
    r"|tager (?:vi )?(?:det )?(?:fulde |hele )?ansvar|vi (?:\w+ )?undskylder (?!ikke)"
    r"|vi (?:har svigtet|svigtede))",
    # Only ever added to one of the others: it contradicts none.
    "bolster": r"\b(?:for (?:more than |over )?\w+ years,? we have"
    r"|we have always (?:put|been|stood)"
    r"|our (?:long|proud|excellent) (?:record|history|tradition)"
    r"|(?:our|vores) (?:loyal|wonderful|fantastic|trofaste|fantastiske|skønne) (?:customers|kunder)"
    r"|we (?:too )?are (?:ourselves |also |the )?victims?"
    r"|i (?:mere end |over )?\w+ år har vi|vi har altid (?:sat|været|stået)"
    r"|vi er (?:selv|også) (?:ofre|offer|ramt))\b",
}
_POSTURES = {name: re.compile(pattern, re.I) for name, pattern in _POSTURE.items()}
_REFUSED = re.compile(r"\b(?:not|no|never|cannot|won't|ikke|ingen|aldrig)\b", re.I)


@dataclass(frozen=True)
class Said:
    """A text, when it was said (in the zone that its times are of), and where it can be read."""

    text: str
    at: datetime
    label: str = ""
    url: str = ""


@dataclass(frozen=True)
class Claim:
    """One thing that a sentence claims. Which fields count is a matter of `kind`.

    Kinds: number, time, cause, promise, posture. `about` are the sentence's concepts; `names` the
    proper names and numbers of things; `days` and `minutes` its dates and times of day.
    """

    kind: str
    start: int
    end: int
    sentence: str
    about: frozenset[str]
    names: frozenset[str] = frozenset()
    days: frozenset[object] = frozenset()
    minutes: frozenset[int] = frozenset()
    quantity: Quantity | None = None
    near: frozenset[str] = frozenset()
    is_part: bool = False
    counts: bool = False
    # cause: what it was; promise: its kind.
    what: str = ""
    cause: frozenset[str] = frozenset()
    denied: bool = False


@cache
def _concepts() -> tuple[dict[str, str], list[tuple[str, str]], frozenset[str]]:
    """Return (whole words, beginnings with the longest first, the strong ones)."""
    whole: dict[str, str] = {}
    starts: list[tuple[str, str]] = []
    strong: set[str] = set()
    for line in (Path(__file__).parent / "concepts.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, words = line.split("\t")
        concept = name.rstrip("!")
        strong |= {concept} if name.endswith("!") else set()
        for word in words.split():
            if word.startswith("="):
                whole[word[1:]] = concept
            else:
                starts.append((word, concept))
    return whole, sorted(starts, key=lambda each: -len(each[0])), frozenset(strong)


def strong() -> frozenset[str]:
    return _concepts()[2]


@lru_cache(maxsize=20_000)
def concept(word: str) -> str:
    """Return what a lower-case word stands for: a concept of the table, or its stem."""
    whole, starts, _ = _concepts()
    if found := whole.get(word):
        return found
    for start, name in starts:
        if word.startswith(start):
            return name
    return _ENDING.sub("", word)[:8] if len(word) > SHORT else word


def concepts(text: str) -> frozenset[str]:
    return frozenset(_ordered(text))


def _ordered(text: str) -> list[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return [concept(word) for word in words if word not in _LIGHT and word not in STOP_WORDS]


def read(said: Said) -> list[Claim]:
    """Return what a text claims, in its order. The same text at the same time is read once."""
    return _read(said.text[:10_000], said.at)


@lru_cache(maxsize=KEPT)
def _read(text: str, at: datetime) -> list[Claim]:
    return [claim for each in Prose(text).sentences for claim in _claims(each, at)]


def _claims(sentence: Sentence, at: datetime) -> Iterator[Claim]:
    told = moments(sentence.text, at)
    plain = _without(sentence.text, told)
    base: dict[str, Any] = {
        "sentence": sentence.text,
        "about": concepts(plain),
        "names": frozenset(_NAME.findall(plain)),
        "days": frozenset(each.day for each in told if each.day),
        "minutes": frozenset(each.minute for each in told if each.minute is not None),
        "is_part": _PART.search(plain) is not None,
        "counts": any(True for _ in quantities(plain)),
    }
    promised = next((kind for kind, cue in _PROMISES.items() if cue.search(sentence.text)), "")
    if promised:
        denied = _REFUSED.search(plain) is not None
        yield Claim("promise", *_span(sentence, told), **base, what=promised, denied=denied)
    elif told:
        yield Claim("time", *_span(sentence, told), **base)
    for found in quantities(plain):
        near = frozenset(_ordered(plain[found.end : found.end + 60].split(",")[0])[:2])
        place = sentence.start + found.start, sentence.start + found.end
        yield Claim("number", *place, **base, quantity=found, near=near)
    yield from _causes(sentence, base)
    for posture, cue in _POSTURES.items():
        if taken := cue.search(sentence.text):
            start = sentence.start
            place = start + taken.start(), start + taken.end()
            yield Claim("posture", *place, **base, what=posture)


def _causes(sentence: Sentence, base: dict[str, Any]) -> Iterator[Claim]:
    if unknown := _UNKNOWN.search(sentence.text):
        start = sentence.start
        place = start + unknown.start(), start + unknown.end()
        of = concepts(sentence.text[: unknown.start()] + " " + sentence.text[unknown.end() :])
        yield Claim("cause", *place, **{**base, "about": of}, what="unknown")
        return
    for found in _CAUSE.finditer(sentence.text):
        start = sentence.start + found.start()
        yield Claim(
            "cause",
            start,
            sentence.start + found.end(),
            **{**base, "about": concepts(sentence.text[: found.start()])},
            what=found["cause"].strip(),
            cause=concepts(found["cause"]),
            denied=bool(found["not"] or found["not2"]),
        )


def _span(sentence: Sentence, told: list[Moment]) -> tuple[int, int]:
    if not told:
        return sentence.start, sentence.end
    return sentence.start + told[0].start, sentence.start + told[-1].end


def _without(text: str, told: list[Moment]) -> str:
    for each in told:
        text = text[: each.start] + " " * (each.end - each.start) + text[each.end :]
    return text
