"""How a network will show a text: what it links, how it writes links, and from where it is too
long. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from connectors.models import ConnectedAccount

from . import texts

_MARK = regex.compile(
    r"(?P<link>https?://[^\s<>\"]+)"
    r"|(?<![\w@/.])(?P<mention>@\w+(?:[.-]+\w+)*(?:@\w+(?:[.-]+\w+)*)?)"
    r"|(?<![\w#&/])(?P<tag>#[^\W\d_]\w{0,99})"
)
_GRAPHEME = regex.compile(r"\X")
# Where an address in a text leads nowhere: people have to type it.
_WITHOUT_LINKS = {"instagram", "tiktok", "trustpilot", "googleplay", "appstore", "googlebusiness"}
# Networks that write an address without its scheme, and cut it after so many characters.
_CUTS = {"mastodon": 30, "x": 26}


@dataclass(frozen=True)
class Piece:
    """A stretch: "text", "link", "mention", "tag" or "over" (too long); `full` is a cut address."""

    kind: str
    shown: str
    full: str = ""


def pieces(account: ConnectedAccount, text: str) -> list[Piece]:
    """The text as the account's network shows it, and last what is too much."""
    fits = _fitting(account, text)
    found = list(_marked(account.network, text[:fits]))
    return found + ([Piece("over", text[fits:])] if text[fits:] else [])


def _fitting(account: ConnectedAccount, text: str) -> int:
    """How much of it fits: the end of the last character that people see and the network takes."""
    length, limit = texts.measure(account, text)
    if not limit or length <= limit:
        return len(text)
    ends: list[int] = [0, *(each.end() for each in _GRAPHEME.finditer(text))]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        length, limit = texts.measure(account, text[: ends[middle]])
        low, high = (middle, high) if length <= limit else (low, middle - 1)
    return ends[low]


def _marked(network: str, text: str) -> Iterator[Piece]:
    end = 0
    for found in _MARK.finditer(text):
        kind = str(found.lastgroup)
        words = found[0].rstrip(".,;:!?\"'") if kind == "link" else found[0]
        if kind == "link" and network in _WITHOUT_LINKS:
            continue
        if text[end : found.start()]:
            yield Piece("text", text[end : found.start()])
        shown = _address(network, words) if kind == "link" else words
        yield Piece(kind, shown, words if shown != words else "")
        end = found.start() + len(words)
    if text[end:]:
        yield Piece("text", text[end:])


def _address(network: str, address: str) -> str:
    most = _CUTS.get(network)
    if most is None:
        return address
    bare: str = regex.sub(r"^https?://(www\.)?", "", address)
    return bare if len(bare) <= most else bare[:most] + "…"
