"""Algolia's index of Hacker News, and the site's own API, as one server."""

import re
from dataclasses import dataclass
from typing import Any

from tests.connectors.worlds import Asked, Item, World, filled, recorded


@dataclass
class HackerNews(World):
    network: str = "hackernews"
    page: int = 1_000

    def connection(self, **more: Any) -> Any:
        self.wanted = {
            "words": ["fjordkaffe"],
            "search_api": self.url + "/api/v1",
            "items_api": self.url + "/v0",
        }
        return super().connection(**more)

    def answer(self, asked: Asked) -> Any:
        if asked.path.startswith("/v0/item/"):
            return self._item(asked.path.removeprefix("/v0/item/").removesuffix(".json"))
        assert asked.path == "/api/v1/search_by_date"
        limits = re.fullmatch(
            r"created_at_i>=(\d+)(?:,created_at_i<(\d+))?", asked.query["numericFilters"]
        )
        found = [item for item in self.newest_first() if self._within(item, *limits.groups())]
        size = min(int(asked.query["hitsPerPage"]), self.page)
        hits = [self._hit(item) for item in found[:size]]
        return filled(recorded("hackernews", "search"), hits=hits, nbHits=len(found))

    def _within(self, item: Item, since: str, until: str | None) -> bool:
        at = int(item.at.timestamp())
        return at >= int(since) and (until is None or at < int(until))

    def _hit(self, item: Item) -> Any:
        at = int(item.at.timestamp())
        return filled(
            recorded("hackernews", "hit"),
            objectID=item.id,
            comment_text=item.text,
            created_at_i=at,
            author=item.author,
        )

    def _item(self, item_id: str) -> Any:
        found = [item for item in self.items if item.id == item_id]
        if not found:
            return filled(recorded("hackernews", "deleted"), id=int(item_id))
        at = int(found[0].at.timestamp())
        return filled(recorded("hackernews", "item"), id=int(item_id), text=found[0].text, time=at)
