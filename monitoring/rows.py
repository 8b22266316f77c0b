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
from operator import attrgetter
from typing import cast

from connectors.base import Post
from core.text import clean, fold

from . import marking, packing
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
# Addresses that are all in order, or empty, each on its line.
_ALL_WEB = re.compile(rf"(?:https?://[^\s<>\"\\]{{1,{MAX_URL - 8}}}(?:\n|\Z)|\n)*", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,4})?", re.IGNORECASE)


_GIVEN = attrgetter(
    "external_id", "network", "author", "title", "url", "lang", "published_at", "reach",
    "author_id", "parent_id", "stars", "edited_at",
)  # fmt: skip


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
    # The same in microseconds, as PostgreSQL counts them: what sums and indexes go by.
    micros: int
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
    """A batch on its way, column by column: what comes from outside is nearly always in order, and
    one look at a whole column costs a tenth of one at each of its values."""

    def __init__(self, posts: Sequence[Post], numbers: Sequence[int], now: datetime) -> None:
        self.posts = posts
        # Each post's number in the batch as it was given.
        self.numbers = numbers
        self.now = now
        self.mended: list[Refusal] = []

    def rows(self, keys: Sequence[bytes], texts: Sequence[str], network: str) -> list[Row]:
        """Return a row for each post."""
        if not self.posts:
            return []
        (
            ids, networks, authors, titles, urls, langs, times, reaches, people, parents, stars,
            edited,
        ) = zip(*map(_GIVEN, self.posts), strict=True)  # fmt: skip
        moments, micros = self._times(times)
        columns = (
            self.numbers,
            keys,
            [found or key.hex() for found, key in zip(_tidy(ids, MAX_ID), keys, strict=True)],
            [network_name(given) or network for given in networks],
            _tidy(authors, MAX_AUTHOR),
            _tidy(titles, MAX_TITLE),
            self._texts(texts),
            self._urls(urls),
            [_language(lang) if lang else "" for lang in langs],
            moments,
            micros,
            [reach if 0 <= reach <= MAX_REACH else _within(reach) for reach in reaches],
            _tidy(people, MAX_ID),
            _tidy(parents, MAX_ID),
            [None if given is None else _stars(given) for given in stars],
            edited,
        )
        return list(map(Row, *columns))

    def _note(self, place: int, field: str, code: RefusalCode) -> None:
        self.mended.append(Refusal(self.numbers[place], field, code))

    def _texts(self, texts: Sequence[str]) -> Sequence[str]:
        if len(max(texts, key=len)) <= MAX_TEXT:
            return texts
        for place, text in enumerate(texts):
            if len(text) > MAX_TEXT:
                self._note(place, "text", RefusalCode.TRUNCATED)
        return [text[:MAX_TEXT] for text in texts]

    def _urls(self, urls: Sequence[str]) -> Sequence[str]:
        if "".join(urls).isprintable() and _ALL_WEB.fullmatch("\n".join(urls)):
            return urls
        return [self._url(url, place) if url else "" for place, url in enumerate(urls)]

    def _url(self, raw: str, place: int) -> str:
        url = clean(raw).strip()
        if len(url) <= MAX_URL and _WEB.fullmatch(url):
            return url
        self._note(place, "url", RefusalCode.NOT_A_WEB_ADDRESS)
        return ""

    def _times(
        self, claimed: Sequence[datetime | None]
    ) -> tuple[Sequence[datetime], Sequence[int]]:
        """Return when each was published, also in microseconds; now, where that cannot be."""
        moments = [
            self.now if at is None else at if at.tzinfo else at.replace(tzinfo=UTC)
            for at in claimed
        ]
        micros = list(map(packing.micros, moments))
        first, last = packing.micros(EARLIEST), packing.micros(self.now)
        if first <= min(micros) and max(micros) <= last:
            return moments, micros
        for place, value in enumerate(micros):
            if not first <= value <= last:
                late = value > last
                code = RefusalCode.IN_FUTURE if late else RefusalCode.BEFORE_THE_WEB
                self._note(place, "published_at", code)
                moments[place], micros[place] = self.now, last
        return moments, micros


def prepare(
    posts: Sequence[Post], *, source_id: int, network: str, now: datetime
) -> tuple[list[Row], list[Refusal], list[Refusal]]:
    """Return the rows that can be stored, what was refused, and what was mended.

    A post without an id gets one from its content. Of several posts with one id, the one that was
    edited last stays, else the first.
    """
    texts = _seen(posts)
    refused = [
        Refusal(number, "text", RefusalCode.EMPTY_TEXT)
        for number, text in enumerate(texts)
        if not text
    ]
    keys = _keys(posts, _salt(source_id))
    kept = _chosen(posts, keys, texts)
    if len(kept) < len(posts):
        posts, keys = [posts[n] for n in kept], [keys[n] for n in kept]
        texts = [texts[n] for n in kept]
    mender = _Mender(posts, kept, now)
    found = mender.rows(keys, texts, network)
    return found, refused, sorted(mender.mended, key=attrgetter("row"))


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


def _tidy(column: Sequence[str], most: int) -> Sequence[str]:
    """Return the values cleaned and none of them longer than `most`."""
    if "".join(column).isprintable() and len(max(column, key=len)) <= most:
        return column
    return [clean(value)[:most] for value in column]


def _language(code: str) -> str:
    return code.lower() if _LANGUAGE.fullmatch(code) else ""


def _within(reach: int) -> int:
    return min(max(reach, 0), MAX_REACH)


def _stars(given: float) -> float:
    return min(max(round(given * 2) / 2, 1.0), 5.0)


def _seen(posts: Sequence[Post]) -> list[str]:
    """Return what is to be read of each post: its text, else its title, else nothing."""
    texts = [post.text.strip() for post in posts]
    if not "".join(texts).isprintable():
        texts = [clean(text).strip() for text in texts]
    return [
        text if text[:1].isalnum() else _visible(text) or _visible(clean(post.title).strip())
        for text, post in zip(texts, posts, strict=True)
    ]


def _visible(text: str) -> str:
    """Return the text, or nothing where nobody would see anything in it."""
    return text if fold(text).strip() else ""


def _chosen(posts: Sequence[Post], keys: Sequence[bytes], texts: Sequence[str]) -> Sequence[int]:
    """Return the numbers of the posts that become rows: with a text, and one for each key."""
    if all(texts) and len(set(keys)) == len(keys):
        return range(len(posts))
    chosen: dict[bytes, int] = {}
    for number, (key, text) in enumerate(zip(keys, texts, strict=True)):
        if text and (key not in chosen or _is_later(posts[number], posts[chosen[key]])):
            chosen[key] = number
    return list(chosen.values())


def key_of(source_id: int, external_id: str) -> bytes:
    """Return the key of a source's post whose id is known."""
    return _digest(external_id.encode("utf-8", "surrogatepass"), _salt(source_id))


def _salt(source_id: int) -> bytes:
    return source_id.to_bytes(8, "big")


def _is_later(post: Post, other: Post) -> bool:
    return post.edited_at is not None and (
        other.edited_at is None or post.edited_at > other.edited_at
    )


def _keys(posts: Sequence[Post], salt: bytes) -> list[bytes]:
    """128 bits of source and id as given; cleaning must not make two ids one."""
    return [
        _digest((post.external_id or _content(post)).encode("utf-8", "surrogatepass"), salt)
        for post in posts
    ]


def _content(post: Post) -> str:
    """Return what stands for the id of a post without one."""
    when = post.published_at.isoformat() if post.published_at else ""
    return "\0".join(("", post.author, when, post.url, post.title, post.text))


def _digest(identity: bytes, salt: bytes) -> bytes:
    return hashlib.blake2b(identity, digest_size=16, key=salt).digest()
