"""What can be said about a text without the database: its digest, length, hidden characters, diff.

The length here is the truth; the page's own counter (static/js/composer.js) only saves a round
trip. Texts are at most MAX_LENGTH characters, which bounds the time of a diff.
"""

import difflib
import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from connectors.counting import graphemes  # noqa: F401 - what a reader counts, for whoever asks
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.text import clean
from incidents.citing import without

MAX_LENGTH = 10_000
# Where a text is parted, if it goes out as a thread (splitting.py); never published.
BREAK = "[/]"
_BREAK = regex.compile(r"\s*\[/\]\s*")
_TOKEN = regex.compile(r"\s+|\S+")
_LINK = regex.compile(r"https?://[^\s<>\"]+|(?<![\w@.])(?:[\w-]+\.)+[\p{L}]{2,}(?:/[^\s<>\"]*)?")
# What difflib says of one stretch: what to do, and from where to where in both texts.
Step = tuple[str, int, int, int, int]
# Joins and styles within emoji and some scripts: seen as part of the character they belong to.
_HARMLESS = {"\u200d", "\ufe0f", "\ufe0e"}


def tidy(text: str) -> str:
    """Return the form that is kept and published: storable, line feeds, nothing at either end."""
    return clean(text).strip()


def public(written: str) -> str:
    """Return what the public reads of a text: without its citations of facts, such as [F3], and
    without the breaks between its parts."""
    return str(_BREAK.sub(_blank, without(written))).strip()


def _blank(found: "regex.Match[str]") -> str:
    """What stands where a break stood: an empty line, the end of a line, or a space."""
    lines = found[0].count("\n")
    return "\n" * min(lines, 2) or " "


def sha256(text: str) -> str:
    """The digest of the bytes that go out."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest(text: str, media: str, parts: str = "") -> str:
    """The digest of a version: of its text alone, or with its list of images behind a zero byte,
    which no text holds, and behind a second one its threads. The database computes it too
    (responses_digest)."""
    if parts:
        return sha256(f"{text}\0{media}\0{parts}")
    return sha256(f"{text}\0{media}" if media else text)


def measure(account: ConnectedAccount, text: str) -> tuple[int, int]:
    """Return how long a text is as the account's network counts, and its limit; 0 is none."""
    network = NETWORKS[account.network]
    if network.measure:
        return network.measure(account.config, text)
    # What their publishers check before they send.
    return len(text), network.max_length


@dataclass(frozen=True)
class Hidden:
    """A character that nobody sees, how often it occurs, and its name in Unicode."""

    code: str
    name: str
    count: int


def hidden_characters(text: str) -> list[Hidden]:
    """What the eye cannot see but a machine reads: direction marks, zero-width characters."""
    counts: dict[str, int] = {}
    for character in text:
        if _is_hidden(character):
            counts[character] = counts.get(character, 0) + 1
    return [
        Hidden(f"U+{ord(each):04X}", unicodedata.name(each, "–").capitalize(), count)
        for each, count in counts.items()
    ]


def _is_hidden(character: str) -> bool:
    return (
        character not in _HARMLESS
        and not character.isascii()
        and unicodedata.category(character) in {"Cf", "Zl", "Zp", "Cn", "Co"}
    )


def links(text: str) -> list[str]:
    """Where the text leads to, each address once, in order."""
    return list(dict.fromkeys(found.rstrip(".,;:!?)") for found in _LINK.findall(text)))


@dataclass(frozen=True)
class Change:
    """A stretch of text that was kept, inserted or deleted."""

    kind: str
    text: str


def word_diff(before: str, after: str) -> list[Change]:
    """What changed from `before` to `after`, word by word; joined, both texts come out again."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    changes: list[Change] = []
    for operation, i1, i2, j1, j2 in _joined(matcher.get_opcodes(), old):
        if operation == "equal":
            changes.append(Change("kept", "".join(old[i1:i2])))
            continue
        if i1 < i2:
            changes.append(Change("deleted", "".join(old[i1:i2])))
        if j1 < j2:
            changes.append(Change("inserted", "".join(new[j1:j2])))
    return changes


def _joined(opcodes: Sequence[Step], old: list[str]) -> Iterator[Step]:
    """Take a lone space between two changes into them: whole phrases read better than shreds."""
    held: Step | None = None
    for number, code in enumerate(opcodes):
        between = (
            held is not None
            and code[0] == "equal"
            and number + 1 < len(opcodes)
            and not "".join(old[code[1] : code[2]]).strip()
        )
        if held and (between or code[0] != "equal"):
            held = ("replace", held[1], code[2], held[3], code[4])
        elif code[0] == "equal":
            if held:
                yield held
            held = None
            yield code
        else:
            held = code
    if held:
        yield held
