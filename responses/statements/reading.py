"""A chain of entries as the public reads it in one language: pure, no queries.

News (updates, the closing note) are told in the reader's language where there is a translation,
else as they were written, with their language named. Corrections and withdrawals belong to the
entry that they speak of, whose words all stay to be read.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from responses.enums_statement import NEWS, EntryForm
from responses.models_statement import StatementEntry

_PARAGRAPH = re.compile(r"\n\s*\n")
_BULLET = re.compile(r"[-*•]\s+(.*)")
LONGEST_HEADLINE = 120


@dataclass(frozen=True)
class Block:
    """A paragraph of lines, or a list of points."""

    lines: tuple[str, ...]
    is_list: bool = False


@dataclass(frozen=True)
class Wording:
    """What stood on the page for a time, and why it was put right."""

    entry: StatementEntry
    until: datetime | None = None
    reason: str = ""
    corrected_by: StatementEntry | None = None

    @property
    def headline(self) -> str:
        return headline(self.entry.text)

    @property
    def blocks(self) -> list[Block]:
        return blocks(self.entry.text)


@dataclass(frozen=True)
class News:
    """One piece of news: `now` is its wording that stands, `before` those that stood, newest first.

    `promised` is the time by which the news before it had promised news; None: it had not.
    """

    root: StatementEntry
    now: Wording
    before: tuple[Wording, ...] = ()
    withdrawal: StatementEntry | None = None
    promised: datetime | None = None

    @property
    def is_closing(self) -> bool:
        return self.root.form == EntryForm.CLOSING

    @property
    def updated_at(self) -> datetime:
        """When anything about it was last said."""
        return self.withdrawal.published_at if self.withdrawal else self.now.entry.published_at

    @property
    def was_on_time(self) -> bool:
        return self.promised is not None and self.root.published_at <= self.promised

    @property
    def next_update_at(self) -> datetime | None:
        return None if self.withdrawal else self.now.entry.next_update_at


@dataclass(frozen=True)
class Telling:
    """A statement in one language, newest news first."""

    language: str
    news: tuple[News, ...] = ()
    # The newest entry of the chain: what a checker begins with.
    last: StatementEntry | None = field(default=None)

    @property
    def standing(self) -> list[News]:
        return [each for each in self.news if not each.withdrawal]

    @property
    def title(self) -> str:
        """The newest headline that stands; "" where nobody wrote one."""
        found = (each.now.headline for each in self.standing)
        return next((words for words in found if words), "")

    @property
    def summary(self) -> str:
        """The newest words in one line, for previews of links."""
        newest = self.standing[0].now.blocks if self.standing else []
        return " ".join(" ".join(block.lines) for block in newest)[:300]

    @property
    def updated_at(self) -> datetime | None:
        return max((each.updated_at for each in self.news), default=None)

    @property
    def next_update_at(self) -> datetime | None:
        """What the newest news promises; nothing after a closing note."""
        newest = self.standing[0] if self.standing else None
        return newest.next_update_at if newest and not newest.is_closing else None

    @property
    def promises(self) -> tuple[int, int]:
        """How many updates were promised and came, and how many of them in time."""
        promised = [each for each in self.news if each.promised]
        return len(promised), sum(each.was_on_time for each in promised)


def telling(entries: Iterable[StatementEntry], language: str) -> Telling:
    """Return the chain as told in `language`. `about` is read by number, so it may be unsaved."""
    chain = sorted(entries, key=lambda entry: entry.number)
    news: list[News] = []
    promised: datetime | None = None
    for root in (entry for entry in chain if entry.form in NEWS):
        found = _news(root, chain, language, promised)
        news.append(found)
        promised = found.next_update_at
    return Telling(language, tuple(reversed(news)), chain[-1] if chain else None)


def _about(chain: Sequence[StatementEntry], entry: StatementEntry) -> list[StatementEntry]:
    return [each for each in chain if each.about and each.about.number == entry.number]


def _news(
    root: StatementEntry, chain: Sequence[StatementEntry], language: str, promised: datetime | None
) -> News:
    told = _translated(root, chain, language)
    spoken = [*_about(chain, root), *(_about(chain, told) if told is not root else [])]
    withdrawn = [each for each in spoken if each.form == EntryForm.WITHDRAWAL]
    corrections = [each for each in _about(chain, told) if each.form == EntryForm.CORRECTION]
    wordings = [told, *corrections]
    stood = [
        Wording(each, later.published_at, later.reason, later) for each, later in pairwise(wordings)
    ]
    return News(
        root,
        Wording(wordings[-1]),
        tuple(reversed(stood)),
        withdrawn[0] if withdrawn else None,
        promised,
    )


def _translated(
    root: StatementEntry, chain: Sequence[StatementEntry], language: str
) -> StatementEntry:
    """The entry in the reader's language, else the news itself."""
    if root.language == language:
        return root
    found = [
        each
        for each in _about(chain, root)
        if each.form == EntryForm.TRANSLATION and each.language == language
    ]
    return found[-1] if found else root


# Texts


def headline(text: str) -> str:
    """The first line, where it stands alone above the rest and reads as a headline."""
    first, rest = _first(text)
    return first if rest and "\n" not in first and len(first) <= LONGEST_HEADLINE else ""


def blocks(text: str) -> list[Block]:
    """What stands below the headline: paragraphs and lists."""
    body = _first(text)[1] if headline(text) else text
    return [_block(part) for part in _PARAGRAPH.split(body.strip()) if part.strip()]


def _first(text: str) -> tuple[str, str]:
    parts = _PARAGRAPH.split(text.strip(), maxsplit=1)
    return parts[0].strip(), parts[1] if len(parts) > 1 else ""


def _block(part: str) -> Block:
    lines = [line.strip() for line in part.strip().split("\n")]
    points = [_BULLET.fullmatch(line) for line in lines]
    if all(points):
        return Block(tuple(point.group(1) for point in points if point), is_list=True)
    return Block(tuple(lines))
