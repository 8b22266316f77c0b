"""Two people changed one text: their changes joined, sentence by sentence. Pure.

A sentence that only one of them touched is taken as that one left it. Words within one sentence
are never mixed: a sentence that nobody wrote and nobody read must not go out. Where both changed
the same sentence differently, a person chooses, and both are shown.
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import regex

# A sentence or line ends here; what blank stands behind it belongs to it.
_END = regex.compile(r"(?<=[.!?…])[\"”’»)\]]*\s+|\s*\n\s*")


@dataclass(frozen=True)
class _Unit:
    """A sentence, the blank behind it, and the blank before it in the text that it comes from."""

    text: str
    after: str
    before: str = ""


@dataclass(frozen=True)
class _Edit:
    """One side's change: these units of the base become those."""

    start: int
    end: int
    units: tuple[_Unit, ...]


@dataclass(frozen=True)
class Clash:
    """A place that both changed, each in their own way; "" where it was taken out."""

    base: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class Merged:
    """The joined text. In a place of a clash it holds what `mine` says."""

    text: str
    clashes: list[Clash] = field(default_factory=list)


def merge(base: str, mine: str, theirs: str) -> Merged:
    """Join what was made of `base` by two people."""
    if theirs in (mine, base):
        return Merged(mine)
    if mine == base:
        return Merged(theirs)
    units = _units(base)
    ours, others = _edits(units, _units(mine)), _edits(units, _units(theirs))
    blanks = _blanks(units, _units(mine), _units(theirs))
    out: list[_Unit] = []
    clashes: list[Clash] = []
    reached = 0
    for group in _groups(ours, others):
        start, end = group[0], group[1]
        out += blanks[reached:start]
        chosen, clash = _chosen(units[start:end], *_sides(group, units))
        out += chosen
        clashes += [clash] if clash else []
        reached = end
    out += blanks[reached:]
    return Merged(_joined(out), clashes)


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without the blanks between them."""
    return [unit.text for unit in _units(text)]


def _units(text: str) -> list[_Unit]:
    units: list[_Unit] = []
    start, before = 0, ""
    for end in _END.finditer(text):
        tail = end[0].rstrip()
        if words := text[start : end.start()] + tail:
            blank = end[0][len(tail) :]
            units.append(_Unit(words, blank, before))
            before = blank
        start = end.end()
    if text[start:]:
        units.append(_Unit(text[start:], "", before))
    return units


def _opcodes(
    old: Sequence[_Unit], new: Sequence[_Unit]
) -> Sequence[tuple[str, int, int, int, int]]:
    matcher = difflib.SequenceMatcher(None, _words(old), _words(new), autojunk=False)
    return matcher.get_opcodes()


def _edits(old: Sequence[_Unit], new: Sequence[_Unit]) -> list[_Edit]:
    """What was done to `old`; a sentence for a sentence is a change of each by itself."""
    edits: list[_Edit] = []
    for kind, i1, i2, j1, j2 in _opcodes(old, new):
        if kind == "replace" and i2 - i1 <= j2 - j1:
            edits += [_Edit(i1 + at, i1 + at + 1, (new[j1 + at],)) for at in range(i2 - i1)]
            i1, j1 = i2, j1 + i2 - i1  # noqa: PLW2901 - what is left is added behind them
        if kind != "equal" and (i1 < i2 or j1 < j2):
            edits.append(_Edit(i1, i2, tuple(new[j1:j2])))
    return edits


def _blanks(base: Sequence[_Unit], *sides: Sequence[_Unit]) -> list[_Unit]:
    """The base's units with the blanks behind them as whoever changed them left them."""
    found = list(base)
    for side in reversed(sides):
        for kind, i1, i2, j1, _end in _opcodes(base, side):
            for at in range(i2 - i1 if kind == "equal" else 0):
                after = side[j1 + at].after
                if after != base[i1 + at].after:
                    found[i1 + at] = _Unit(base[i1 + at].text, after, side[j1 + at].before)
    return found


_Group = tuple[int, int, list[_Edit], list[_Edit]]


def _groups(mine: list[_Edit], theirs: list[_Edit]) -> Iterator[_Group]:
    """Changes in order; those that touch the same sentences, or one place, together."""
    waiting = sorted(
        [(edit, True) for edit in mine] + [(edit, False) for edit in theirs],
        key=lambda each: (each[0].start, each[0].end),
    )
    group: _Group | None = None
    for edit, own in waiting:
        if group and not _meets(group, edit):
            yield group
            group = None
        start, end, ours, others = group or (edit.start, edit.end, [], [])
        (ours if own else others).append(edit)
        group = (start, max(end, edit.end), ours, others)
    if group:
        yield group


def _meets(group: _Group, edit: _Edit) -> bool:
    start, end = group[0], group[1]
    at_one_place = start == end == edit.start == edit.end
    return at_one_place or edit.start < end


def _sides(group: _Group, base: Sequence[_Unit]) -> tuple[list[_Unit], list[_Unit]]:
    """What each of both made of the group's sentences."""
    start, end, mine, theirs = group
    return _applied(base, start, end, mine), _applied(base, start, end, theirs)


def _applied(base: Sequence[_Unit], start: int, end: int, edits: list[_Edit]) -> list[_Unit]:
    out: list[_Unit] = []
    reached = start
    for edit in edits:
        out += [*base[reached : edit.start], *edit.units]
        reached = edit.end
    return [*out, *base[reached:end]]


def _chosen(
    base: Sequence[_Unit], mine: list[_Unit], theirs: list[_Unit]
) -> tuple[list[_Unit], Clash | None]:
    before, ours, others = _words(base), _words(mine), _words(theirs)
    if others in (before, ours):
        return mine, None
    if ours == before:
        return theirs, None
    return mine, Clash(_joined(base), _joined(mine), _joined(theirs))


def _words(units: Sequence[_Unit]) -> list[str]:
    return [unit.text for unit in units]


def _joined(units: Sequence[_Unit]) -> str:
    """The text again; what stood last in its own text gets a blank before what follows now."""
    out: list[str] = []
    for unit, following in zip(units, [*units[1:], None], strict=False):
        out.append(unit.text)
        if following:
            out.append(unit.after or following.before or " ")
    return "".join(out)
