"""Places in a text that weaken it: words of the lexicons, and what needs no language."""

import re
from collections.abc import Iterable, Iterator

from .finding import Finding, Guideline
from .prose import FULL, Prose, Sentence
from .words import cues, wordings

LONGEST_SENTENCE = 30
# A sign typed for another to fill in, and words only a draft has.
_PLACEHOLDER = re.compile(
    r"\[(?!F\d|/\])[^\]\n]{1,60}\]|\{\{?[^}\n]{1,60}\}?\}|<[A-ZÆØÅ][A-ZÆØÅ _-]+>"
    r"|\bX{2,5}(?:[.:-]X{2,5})*\b|\bN\.?N\.?\b"
    r"|\b(?:TBD|TBC|TODO|FIXME|lorem ipsum)\b|_{3,}|\?{3,}",
)
_SHOUTED = re.compile(
    r"\b[A-ZÆØÅ]{4,}\s+[A-ZÆØÅ]{4,}\b(?:\s+[A-ZÆØÅ]{2,}\b)*"
    r"|\b[A-ZÆØÅ]{2,}(?:\s+[A-ZÆØÅ]{2,}){2,}\b|!{2,}|\?!|!\?"
)
# Names of people and things are often written in capitals; a run of words is not.
_PASSIVES, _GUESSES = frozenset({"passive"}), frozenset({"speculation"})


def marks(prose: Prose, guidelines: Iterable[Guideline] = ()) -> list[Finding]:
    """Return what is found, by place; of findings of one kind that overlap, the longest."""
    found = [*_everywhere(prose), *_guided(prose, guidelines)]
    if prose.language in FULL:
        found += [*_worded(prose), *_promised(prose)]
    return _apart(found)


def _worded(prose: Prose) -> Iterator[Finding]:
    found = cues(prose.language)
    for code, pattern, instead in wordings(prose.language):
        for place in pattern.finditer(prose.own):
            if not _excused(code, prose, place, found):
                yield _finding(prose, place.start(), place.end(), code, instead)


def _excused(
    code: str, prose: Prose, place: re.Match[str], known: dict[str, re.Pattern[str]]
) -> bool:
    if code in _GUESSES:
        return known["OPEN"].search(prose.around(place.start()).text) is not None
    # ACTOR begins at the end of what was found.
    return code in _PASSIVES and known["ACTOR"].match(prose.own[place.end() :]) is not None


def _finding(prose: Prose, start: int, end: int, code: str, instead: str = "") -> Finding:
    while end > start and prose.own[end - 1] in " ,":
        end -= 1
    return Finding(start, end, code, prose.text[start:end], instead)


def _promised(prose: Prose) -> Iterator[Finding]:
    """What is promised to follow, without a time: nobody can hold us to it, and nobody waits."""
    found = cues(prose.language)
    for sentence, after in _pairs(prose.sentences):
        if sentence.has_time or not found["WE"].search(sentence.text):
            continue
        # "We will be back. The next update comes at 4 pm." has its time after all.
        if after and after.has_time and found["FOLLOW"].search(sentence.text):
            continue
        said = found["VAGUE"].search(sentence.text) or found["FOLLOW"].search(sentence.text)
        if said:
            start = sentence.start + said.start()
            yield _finding(prose, start, sentence.start + said.end(), "untimed")


def _pairs(sentences: list[Sentence]) -> Iterator[tuple[Sentence, Sentence | None]]:
    following: list[Sentence | None] = [*sentences[1:], None]
    return zip(sentences, following[: len(sentences)], strict=True)


def _everywhere(prose: Prose) -> Iterator[Finding]:
    """What can be seen in any language."""
    for place in _PLACEHOLDER.finditer(prose.text):
        yield _finding(prose, place.start(), place.end(), "placeholder")
    for place in _SHOUTED.finditer(prose.own):
        yield _finding(prose, place.start(), place.end(), "shouting")
    for sentence in prose.sentences:
        if len(sentence.words) > LONGEST_SENTENCE:
            yield _finding(prose, sentence.start, sentence.end, "long_sentence")


def _guided(prose: Prose, guidelines: Iterable[Guideline]) -> Iterator[Finding]:
    for rule in guidelines:
        if rule.language and rule.language != prose.language:
            continue
        # Words are met in their forms: "kunde*" is every word that begins so.
        word = re.escape(rule.word.rstrip("*").strip())
        tail = r"\w*" if rule.word.endswith("*") else r"(?!\w)"
        for place in re.finditer(rf"(?<!\w){word}{tail}", prose.own, re.I):
            start, end = place.span()
            quote = prose.text[start:end]
            yield Finding(start, end, "guideline", quote, rule.instead, rule.reason)


def _apart(found: list[Finding]) -> list[Finding]:
    """By place; two of one check on the same words are one."""
    kept: list[Finding] = []
    for each in sorted(found, key=lambda one: (one.code, one.start, -one.end)):
        before = kept[-1] if kept else None
        if before and before.code == each.code and each.start < before.end:
            if each.end - each.start > before.end - before.start:
                kept[-1] = each
            continue
        kept.append(each)
    return sorted(kept, key=lambda one: (one.start, one.end, one.code))
