"""Posts made into rows: cleaned, bounded, and refused with a name where nothing can be kept.

Pure: no database. A bad field is mended where that loses nothing that matters (and said so), the
row is refused only where it would say nothing.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast

from connectors.base import Post
from core.text import clean, fold

from . import marking
from .enums import About, RefusalCode
from .scoring.rules import RuleBook

MAX_TEXT = 20_000
MAX_TITLE = 500
MAX_AUTHOR = 200
MAX_ID = 500
MAX_URL = 2_000
MAX_NETWORK = 40
MAX_REACH = 10**12
# Earlier than the first web page: a date that some program made up.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_WEB = re.compile(r"https?://[^\s<>\"\\]+", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,4})?", re.IGNORECASE)


# Language and how sure; sentiment, its score and how sure; crisis type and how sure; emotion and
# how sure; who is blamed and how sure; whether it is a question; how likely a machine or a campaign
# wrote it; the fingerprint that near-duplicates share. See monitoring.scoring.
Marks = tuple[
    str, float, str, float, float, str, float, str, float, str, float, bool, float, int
]  # fmt: skip
UNMARKED: Marks = ("", 0.0, "", 0.0, 0.0, "", 0.0, "", 0.0, "", 0.0, False, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused, or mended, in which field of which row (0 is the batch's first)."""

    row: int
    field: str
    code: RefusalCode


@dataclass(slots=True)
class Row:
    """A post that can be stored. `key` is what makes accepting it twice the same as once."""

    number: int
    key: bytes
    external_id: str
    network: str
    author: str
    title: str
    text: str
    url: str
    lang: str
    published_at: datetime
    reach: int
    author_id: str = ""
    parent_id: str = ""
    stars: float | None = None
    edited_at: datetime | None = None
    # Ids of the queries that it answers, and what they are about (monitoring.enums.About).
    queries: list[int] = field(default_factory=list)
    about: str = About.BRAND.value
    marks: Marks = UNMARKED


class _Mender:
    """One batch on its way: what holds for all its rows, and what was noted about each."""

    def __init__(self, *, network: str, now: datetime) -> None:
        self.network = network
        self.now = now
        self.mended: list[Refusal] = []

    def row(self, post: Post, number: int, key: bytes, text: str) -> Row:
        if len(text) > MAX_TEXT:
            text = text[:MAX_TEXT]
            self._note(number, "text", RefusalCode.TRUNCATED)
        title = post.title
        return Row(
            number,
            key,
            _bounded(post.external_id, MAX_ID) or key.hex(),
            network_name(post.network) or self.network,
            _bounded(post.author, MAX_AUTHOR),
            clean(title)[:MAX_TITLE] if title else "",
            text,
            self._url(post.url, number) if post.url else "",
            post.lang.lower() if post.lang and _LANGUAGE.fullmatch(post.lang) else "",
            self._date(post.published_at, number),
            post.reach if 0 <= post.reach <= MAX_REACH else min(max(post.reach, 0), MAX_REACH),
            clean(post.author_id)[:MAX_ID] if post.author_id else "",
            clean(post.parent_id)[:MAX_ID] if post.parent_id else "",
            None if post.stars is None else _stars(post.stars),
            post.edited_at,
        )

    def _note(self, number: int, field: str, code: RefusalCode) -> None:
        self.mended.append(Refusal(number, field, code))

    def _url(self, raw: str, number: int) -> str:
        url = raw if raw.isprintable() else clean(raw)
        url = url.strip()
        if len(url) <= MAX_URL and _WEB.fullmatch(url):
            return url
        self._note(number, "url", RefusalCode.NOT_A_WEB_ADDRESS)
        return ""

    def _date(self, claimed: datetime | None, number: int) -> datetime:
        if claimed is None:
            return self.now
        if claimed.tzinfo is None:
            claimed = claimed.replace(tzinfo=UTC)
        if EARLIEST <= claimed <= self.now:
            return claimed
        late = claimed > self.now
        code = RefusalCode.IN_FUTURE if late else RefusalCode.BEFORE_THE_WEB
        self._note(number, "published_at", code)
        return self.now


def prepare(
    posts: Sequence[Post], *, source_id: int, network: str, now: datetime
) -> tuple[list[Row], list[Refusal], list[Refusal]]:
    """Return the rows that can be stored, what was refused, and what was mended.

    A post without an id gets one from its content. Of several posts with one id, the one that was
    edited last stays, else the first.
    """
    rows: dict[bytes, Row] = {}
    refused: list[Refusal] = []
    mender = _Mender(network=network, now=now)
    salt = _salt(source_id)
    for number, post in enumerate(posts):
        text = _visible(post.text) or _visible(post.title)
        if not text:
            refused.append(Refusal(number, "text", RefusalCode.EMPTY_TEXT))
            continue
        key = _key(post, salt)
        if key not in rows or _is_later(post, rows[key]):
            rows[key] = mender.row(post, number, key, text)
    return list(rows.values()), refused, mender.mended


def score(rows: Sequence[Row], book: RuleBook | None = None) -> None:
    """Mark the rows that are not marked yet, all at once, by the brand's rules where it has any."""
    unmarked = [row for row in rows if row.marks is UNMARKED]
    if unmarked:
        authors = [row.author_id or row.author for row in unmarked]
        found = marking.marks([row.text for row in unmarked], authors, book)
        for row, marks in zip(unmarked, found, strict=True):
            row.marks = cast("Marks", marks)


@lru_cache(maxsize=1024)
def network_name(raw: str) -> str:
    """Return a network's name as it is stored and grouped by: short, lower case."""
    return clean(raw)[:MAX_NETWORK].strip().lower()


def _bounded(raw: str, most: int) -> str:
    return raw if len(raw) <= most and raw.isprintable() else clean(raw)[:most]


def _stars(given: float) -> float:
    return min(max(round(given * 2) / 2, 1.0), 5.0)


def _visible(raw: str) -> str:
    """Return the cleaned text, or nothing where nobody would see anything in it."""
    text = (raw if raw.isprintable() else clean(raw)).strip()
    return text if text[:1].isalnum() or fold(text).strip() else ""


def key_of(source_id: int, external_id: str) -> bytes:
    """Return the key of a source's post whose id is known."""
    return _digest(external_id.encode("utf-8", "surrogatepass"), _salt(source_id))


def _salt(source_id: int) -> bytes:
    return source_id.to_bytes(8, "big")


def _is_later(post: Post, row: Row) -> bool:
    return post.edited_at is not None and (row.edited_at is None or post.edited_at > row.edited_at)


def _key(post: Post, salt: bytes) -> bytes:
    """128 bits of source and id as given; cleaning must not make two ids one."""
    if post.external_id:
        identity = post.external_id.encode("utf-8", "surrogatepass")
    else:
        when = post.published_at.isoformat() if post.published_at else ""
        content = "\0".join((post.author, when, post.url, post.title, post.text))
        identity = b"\0" + content.encode("utf-8", "surrogatepass")
    return _digest(identity, salt)


def _digest(identity: bytes, salt: bytes) -> bytes:
    return hashlib.blake2b(identity, digest_size=16, key=salt).digest()
