"""A text that is longer than a network takes, as a numbered thread. Pure.

Split at the end of a paragraph, else of a sentence, else of a word; never inside a link, which has
no space. `[/]` is a break that its writer placed: it is for the desk, like a citation.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

import regex
from django.utils.translation import gettext as _

from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Refused
from incidents.citing import without

from . import texts

# Parts of one thread; nobody reads more, and each is a call.
MOST = 25
# A part ends at a paragraph or sentence only if that fills it by so much.
WORTH = 1 / 3
_ENDS = (
    regex.compile(r"\S(?=\s*\n\s*\n)"),
    regex.compile(r"[.!?…][\"'”’»)\]]*(?=\s+[^\p{Ll}\p{Nd}\s])|\S(?=\s*\n)"),
    regex.compile(r"\S(?=\s)"),
)
Fits = Callable[[str], bool]


def segments(written: str) -> list[str]:
    """What was typed, between the breaks that its writer placed, as the public reads it."""
    pieces = (each.strip() for each in without(written).split(texts.BREAK))
    return [each for each in pieces if each]


def split(pieces: Sequence[str], fits: Fits) -> list[str]:
    """Return the parts with their numbers, or [] where the one piece fits as it is.

    Raises Refused where a stretch without a space is too long, or the parts are too many.
    """
    if not pieces or (len(pieces) == 1 and fits(pieces[0])):
        return []
    for digits in (1, 2):
        # The longest number that a part can get is kept free in each.
        longest = _numbered("", "9" * digits, "9" * digits)
        parts = _parts(pieces, _with(fits, longest))
        if len(parts) < 10**digits:
            break
    if len(parts) > MOST:
        raise Refused(
            _("It would become %(count)d parts, at most %(most)d. Shorten the text.")
            % {"count": len(parts), "most": MOST}
        )
    return [_numbered(part, at, len(parts)) for at, part in enumerate(parts, 1)]


def _with(fits: Fits, end: str) -> Fits:
    return lambda text: fits(text + end)


def _numbered(text: str, number: object, of: object) -> str:
    return f"{text} ({number}/{of})"


def _parts(pieces: Sequence[str], fits: Fits) -> list[str]:
    return [part for piece in pieces for part in _cut(piece, fits)]


def _cut(piece: str, fits: Fits) -> Iterator[str]:
    while piece:
        end = len(piece) if fits(piece) else _end(piece, fits)
        yield piece[:end].rstrip()
        piece = piece[end:].lstrip()


def _end(piece: str, fits: Fits) -> int:
    """Where the part ends that begins here."""
    words = _fitting(piece, [found.end() for found in _ENDS[2].finditer(piece)], fits)
    if not words:
        raise Refused(
            _("“%(start)s…” has no space where it could be parted. Shorten it.")
            % {"start": piece[:40]}
        )
    longest = words[-1]
    for pattern in _ENDS[:2]:
        ends = [found.end() for found in pattern.finditer(piece, 0, longest + 3)]
        ends = ends[: bisect_right(ends, longest)]
        if ends and ends[-1] >= longest * WORTH:
            return int(ends[-1])
    return int(longest)


def _fitting(piece: str, ends: Sequence[int], fits: Fits) -> Sequence[int]:
    """Those of `ends` up to which the piece fits. Looks no further than twice what does."""
    most = 1
    while most < len(ends) and fits(piece[: ends[most - 1]]):
        most *= 2
    low, high = 0, min(most, len(ends))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(piece[: ends[middle - 1]]) else (low, middle - 1)
    return ends[:low]


def of_account(account: ConnectedAccount, pieces: Sequence[str]) -> list[str]:
    """The thread that these pieces become in an account; [] where it is one post, or the network
    has no threads. Raises Refused."""
    network = NETWORKS.get(account.network)
    if network is None or not network.threads:
        return []

    def fits(text: str) -> bool:
        length, limit = texts.measure(account, text)
        return not limit or length <= limit

    return split(pieces, fits)
