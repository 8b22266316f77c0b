"""Asks a server what became of posts that we know."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from connectors.base import Batch, Post

from .client import Client, Declined, Lacking, NotThere
from .posts import posts_of

# Ids asked for in one call: what Mastodon takes at most.
TOGETHER = 20


class MastodonLooker:
    """See LookUp."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        """Say what became of posts. Gone is only what the server says it does not have."""
        posts: dict[str, Post] = {}
        gone = []
        for at in range(0, len(external_ids), TOGETHER):
            asked = external_ids[at : at + TOGETHER]
            found = posts_of(self._many(asked))
            posts |= found
            gone += [each for each in asked if each not in found and not self._is_there(each)]
        return Batch(list(posts.values()), {}, gone=gone, quota=self._client.quota)

    def _many(self, asked: list[str]) -> list[Any]:
        """Servers before Mastodon 4.3, and relatives, do not have this call."""
        try:
            found = self._client.get("/api/v1/statuses", **{"id[]": asked})
        except (Declined, Lacking):
            return []
        return found if isinstance(found, list) else []

    def _is_there(self, external_id: str) -> bool:
        try:
            self._client.get(f"/api/v1/statuses/{quote(external_id, safe='')}")
        except NotThere:
            return False
        return True
