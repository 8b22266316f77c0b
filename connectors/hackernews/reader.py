"""Reads Hacker News: found through Algolia's index, looked up at its own API.

The index gives at most 1,000 hits for a question, however it is paged, so that time is cut into
slices: each page asks for what is older than the oldest hit of the one before. The index leaves out
what was deleted or killed; only the API says so.
"""

import html
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import Batch, Can, Connection, Post, Probe, ReadError
from connectors.plain import text_of
from connectors.rest import Rest
from connectors.shapes import each, items, moment, number, pick, text
from connectors.walking import Page, Walk

SEARCH = "https://hn.algolia.com/api/v1"
ITEMS = "https://hacker-news.firebaseio.com/v0"
PAGE = "https://news.ycombinator.com/item?id="
MOST_HITS = 1_000
# The index follows the site within minutes.
OVERLAP = timedelta(minutes=30)
# Look-ups at once.
LINES = 8


class HackerNewsReader:
    """Config: {"words": [a search, …]}."""

    def __init__(self, _connection: Connection, wanted: Mapping[str, Any]) -> None:
        self._words = [words for words in dict.fromkeys(wanted["words"]) if words.strip()]
        if not self._words:
            raise ReadError(_("Give words to search for: without any, all of the site would come."))
        self._search = Rest(wanted.get("search_api", SEARCH))
        self._items = Rest(wanted.get("items_api", ITEMS))

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        def get(words: str, end: str, floor: datetime) -> Page:
            return self._slice(words, end, floor, min(limit, MOST_HITS), now=now)

        return Walk(overlap=OVERLAP).fetch(cursor, self._words, get, now=now)

    def probe(self, *, now: datetime) -> Probe:
        page = self._slice(self._words[0], "", now - timedelta(days=365), 5, now=now)
        return Probe(can=Can.SEARCH | Can.LOOK_UP, sample=[p.title or p.text for p in page.posts])

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        ids = [each_id for each_id in external_ids if each_id.isdecimal()]
        with ThreadPoolExecutor(LINES) as lines:
            found = list(lines.map(lambda i: self._items.read(f"/item/{i}.json", now=now), ids))
        known = [answer.data for answer in found if isinstance(answer.data, dict)]
        gone = [text(item, "id") for item in known if item.get("deleted") or item.get("dead")]
        here = [item for item in known if text(item, "id") not in gone]
        posts, refused = each(here, _looked_up)
        return Batch(posts, {}, gone=gone, refused=refused)

    def _slice(self, words: str, end: str, floor: datetime, most: int, *, now: datetime) -> Page:
        """Read the newest hits from `floor` on, before `end` (seconds since 1970) if given."""
        since = int(floor.timestamp())
        until = f",created_at_i<{int(end)}" if end else ""
        answer = self._search.read(
            "/search_by_date",
            now=now,
            query=words,
            tags="(story,comment,poll)",
            typoTolerance="false",
            numericFilters=f"created_at_i>={since}{until}",
            hitsPerPage=most,
        )
        hits = items(answer.data, "hits")
        posts, refused = each(hits, _hit)
        more = number(answer.data, "nbHits") > len(hits) and bool(hits)
        return Page(
            posts,
            [moment(pick(hit, "created_at_i")) for hit in hits],
            next=_before(hits[-1], end) if more else "",
            refused=refused,
        )


def _before(oldest: Any, end: str) -> str:
    """The end of the next slice: what shares the oldest hit's second is asked for again."""
    second = number(oldest, "created_at_i")
    return str(second if end and second + 1 >= int(end) else second + 1)


def _hit(hit: dict[str, Any]) -> Post:
    comment = text(hit, "comment_text")
    title = text(hit, "title")
    body = text_of(comment or text(hit, "story_text"))
    return Post(
        external_id=hit["objectID"],
        text=body or title,
        title=title or text(hit, "story_title"),
        author=text(hit, "author"),
        author_id=text(hit, "author"),
        url=PAGE + hit["objectID"],
        published_at=moment(hit["created_at_i"]),
        parent_id=text(hit, "parent_id"),
        lang="en",
    )


def _looked_up(item: dict[str, Any]) -> Post:
    title = html.unescape(text(item, "title"))
    return Post(
        external_id=str(item["id"]),
        text=text_of(text(item, "text")) or title,
        title=title,
        author=text(item, "by"),
        author_id=text(item, "by"),
        url=PAGE + str(item["id"]),
        published_at=moment(item["time"]),
        parent_id=text(item, "parent"),
        lang="en",
    )
