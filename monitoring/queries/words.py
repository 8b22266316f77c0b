"""How a text becomes the words that are compared. Queries and posts go through the same door.

A word is a run of letters, digits and underscores, folded (core.text). A `#` or `@` right before it
belongs to it. An emoji or a sign such as & or % is a word of its own; all other punctuation only
separates. Scripts that write without blanks (Chinese, Japanese, Thai) count each sign.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from core.text import fold

# Stands between title and text, so that nothing is near or next to something across it.
BREAK = "\ue000"
# The farthest that NEAR reaches; BREAK is one wider.
MAX_DISTANCE = 50
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(rf"(?:(?<!\w)([#@]))?([{_UNSPACED}]|[^\W{_UNSPACED}]+)|([^\w\s])")
# The same where * and ? stand for characters.
_PATTERN = re.compile(
    rf"(?:(?<![\w*?])([#@]))?([{_UNSPACED}]|(?:[^\W{_UNSPACED}]|[*?])+)|([^\w\s])"
)
# Folding would make letters of the first two ("kaffe™" -> "kaffetm"); none of them is said aloud.
_SILENT = str.maketrans("™℠®©", "    ")
# Separate words and are none; at the edges of most.
_SEPARATORS = ".,:;!?…\"'“”„’‘»«()[]-–—/*"
_FIRST_UNSPACED = "\u0e00"
_HAS_SILENT = re.compile("[™℠®©]")


class Word(NamedTuple):
    """`mark` is "#", "@" or ""."""

    mark: str
    text: str


def words(text: str) -> list[Word]:
    """Return the words of a text in order."""
    return words_of(_folded(text))


def folded_lines(lines: Sequence[str]) -> list[str]:
    """Fold texts without line feeds, all at once; `words_of` and `single` take them."""
    return _folded("\n".join(lines)).split("\n")


def words_of(folded: str) -> list[Word]:
    """Return the words of a folded text."""
    return list(_found(_TOKEN, folded))


def single(folded: str) -> str:
    """Return the one word of a folded text with its mark before it; "" where that is not plain.

    A quick way for most of what people write; the long way is `words_of`.
    """
    text = folded.strip(_SEPARATORS)
    word = text[1:] if text[:1] in {"#", "@"} else text
    return text if word.isalnum() and (word.isascii() or max(word) < _FIRST_UNSPACED) else ""


def patterns(text: str) -> list[Word]:
    """The same for what stands in a query, where * and ? belong to the word."""
    return list(_found(_PATTERN, _folded(text)))


def joined(title: str, text: str) -> str:
    """Return title and text as one, with a gap between."""
    return f"{title} {BREAK} {text}" if title else text


def places(text: str) -> list[Word | None]:
    """Return the words of a text place by place; places in a gap hold none."""
    found: list[Word | None] = []
    for chunk in text.split():
        found.extend([None] * (MAX_DISTANCE + 1) if chunk == BREAK else words(chunk))
    return found


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return fold(text.translate(_SILENT) if _HAS_SILENT.search(text) else text)


def _found(pattern: "re.Pattern[str]", folded: str) -> Iterator[Word]:
    for mark, text, sign in pattern.findall(folded):
        if text:
            yield Word(mark, text)
        elif _is_said(sign):
            yield Word("", sign)


@lru_cache(maxsize=4096)
def _is_said(sign: str) -> bool:
    return sign in "&%+#@§" or unicodedata.category(sign) in {"So", "Sc"}
