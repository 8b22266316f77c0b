"""How long a text is, by the rules of those networks that do not simply count code points."""

from collections.abc import Mapping
from typing import Any

import regex

_GRAPHEME = regex.compile(r"\X")
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3")


def graphemes(text: str) -> int:
    """How many characters a reader sees: a family emoji or a letter with its accent is one."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return len(_GRAPHEME.findall(text))


def emoji_as_bytes(text: str) -> int:
    """Count each character once, but of an emoji the bytes of its UTF-8."""
    if text.isascii():
        return len(text)
    return sum(
        len(each.encode()) if _EMOJI.search(each) else len(each) for each in _GRAPHEME.findall(text)
    )


def by_graphemes(most: int, bytes_most: int = 0) -> Any:
    """Return a `Network.measure` in graphemes, or in bytes where these are too many."""

    def measure(_config: Mapping[str, Any], text: str) -> tuple[int, int]:
        size = len(text.encode())
        if bytes_most and size > bytes_most and graphemes(text) <= most:
            return size, bytes_most
        return graphemes(text), most

    return measure
