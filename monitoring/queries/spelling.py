"""How a name is likely to be misspelt, the likeliest first: one slip away, by ear or by hand."""

from collections.abc import Iterator
from itertools import islice

from core.text import fold

# What is written where a keyboard or a person lacks the letter, and the other way round.
_LETTERS = {
    "ø": ("oe", "o", "ö"), "æ": ("ae", "e", "ä"), "å": ("aa", "a"),
    "ö": ("oe", "o", "ø"), "ä": ("ae", "a", "æ"), "ü": ("ue", "u"), "é": ("e",), "ß": ("ss",),
    "oe": ("ø",), "ae": ("æ",), "aa": ("å",),
}  # fmt: skip
_SOUNDS = {
    "ph": ("f",), "f": ("ph",), "ck": ("k",), "c": ("k",), "k": ("c",), "v": ("w",), "w": ("v",),
    "z": ("s",), "s": ("z",), "y": ("i",), "i": ("y",), "x": ("ks",), "ks": ("x",), "q": ("k",),
}  # fmt: skip
_ROWS = ("qwertyuiopå", "asdfghjklæø", "zxcvbnm")
_BESIDE = {
    letter: row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    for row in _ROWS
    for at, letter in enumerate(row)
}
# Of a shorter name, one letter less or other is another word.
_LONG_ENOUGH = 5


def suggestions(name: str, *, most: int = 24) -> list[str]:
    """Return at most that many misspellings of a name, in small letters."""
    name = " ".join(fold(name).split())[:60]
    each = dict.fromkeys(slip for slip in _slips(name) if slip and slip != name)
    return list(islice(each, most))


def _slips(name: str) -> Iterator[str]:
    yield from _exchanged(name, _LETTERS)
    yield from _blanks(name)
    if len(name) < _LONG_ENOUGH:
        return
    yield from _doubles(name)
    yield from _turned(name)
    yield from _misheard(name)
    yield from (name[:at] + name[at + 1 :] for at in range(1, len(name)) if name[at].isalpha())
    yield from (
        name[:at] + near + name[at + 1 :]
        for at in range(1, len(name))
        for near in _BESIDE.get(name[at], "")
    )


def _exchanged(name: str, table: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Who lacks a letter lacks it everywhere."""
    for letters, others in table.items():
        if letters in name:
            yield from (name.replace(letters, other) for other in others)


def _misheard(name: str) -> Iterator[str]:
    for letters, others in _SOUNDS.items():
        # The first letter is seldom wrong.
        if letters in name[1:]:
            yield from (name[0] + name[1:].replace(letters, other, 1) for other in others)


def _blanks(name: str) -> Iterator[str]:
    """A name of several words written as one, or with a hyphen, and the other way round."""
    for mark in " -":
        if mark in name:
            yield name.replace(mark, "")
            yield name.replace(mark, "-" if mark == " " else " ")


def _doubles(name: str) -> Iterator[str]:
    for at in range(1, len(name)):
        if name[at] == name[at - 1]:
            yield name[:at] + name[at + 1 :]
    for at in range(1, len(name) - 1):
        if name[at] in "fklmnprst" and name[at] not in {name[at - 1], name[at + 1]}:
            yield name[: at + 1] + name[at:]


def _turned(name: str) -> Iterator[str]:
    for at in range(1, len(name) - 1):
        if name[at] != name[at + 1] and " " not in name[at : at + 2]:
            yield name[:at] + name[at + 1] + name[at] + name[at + 2 :]
