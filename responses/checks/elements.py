"""What a good text has: what we know, do not know and when the next word comes; CERC; an apology.

CERC's six principles (CDC): be first, be right, be credible, express empathy, promote action, show
respect. Two of them are kept by leaving something out, and are read off the findings. The elements
of an apology (Lewicki, Polin & Lount 2016) are asked for only of a text that apologises.
"""

import re
from collections.abc import Collection, Iterator

from .finding import Element, Finding
from .prose import FULL, Prose, Sentence
from .words import element_cues

STATUS = ("known", "unknown", "next")
APOLOGY = ("responsibility", "repair", "regret", "explanation", "repentance", "forgiveness")
# Findings that speak against it: holding back or guessing, and disrespect.
_AGAINST = {
    "credible": frozenset({"euphemism", "minimising", "speculation", "empty", "overclaim"}),
    "respect": frozenset({"blame", "nonapology", "shouting", "minimising"}),
}
# Feeling is named early: within the first so many sentences.
EARLY = 3


def elements(prose: Prose, findings: Collection[Finding]) -> list[Element]:
    """Return every element asked for and where it is; none in a language that we do not know."""
    if prose.language not in FULL:
        return []
    cues = element_cues(prose.language)
    status = [_element("status", code, cues[code], prose) for code in STATUS]
    found = [*status, *_cerc(prose, cues, findings, known=status[0])]
    if cues["regret"].search(prose.own):
        found += [_element("apology", code, cues[code], prose) for code in APOLOGY]
    return found


def _cerc(
    prose: Prose,
    cues: dict[str, re.Pattern[str]],
    findings: Collection[Finding],
    *,
    known: Element,
) -> Iterator[Element]:
    codes = {finding.code for finding in findings}
    yield Element("cerc", "first", known.start, known.end)
    unknown = _element("cerc", "right", cues["unknown"], prose)
    yield unknown if known.found else Element("cerc", "right")
    yield _without("credible", codes)
    yield _element("cerc", "empathy", cues["empathy"], prose, first=EARLY)
    yield _element("cerc", "action", cues["action"], prose)
    yield _without("respect", codes)


def _without(code: str, codes: Collection[str]) -> Element:
    return Element("cerc", code, None if _AGAINST[code].intersection(codes) else 0)


def _element(
    group: str, code: str, cue: re.Pattern[str], prose: Prose, *, first: int | None = None
) -> Element:
    for sentence in prose.sentences[:first]:
        # "Next update at 4 pm" is nothing that is known of what happened.
        if code == "known" and element_cues(prose.language)["next"].search(sentence.text):
            continue
        if place := _place(code, cue, sentence):
            start = sentence.start
            return Element(group, code, start + place[0], start + place[1])
    return Element(group, code)


def _place(code: str, cue: re.Pattern[str], sentence: Sentence) -> tuple[int, int] | None:
    said = cue.search(sentence.text)
    # A next word without a time is none.
    if said is None or (code == "next" and not sentence.has_time):
        return None
    return said.span()
