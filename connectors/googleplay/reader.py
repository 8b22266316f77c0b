"""Reads reviews of an app: those with words, written or changed within the last week."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from connectors.base import Batch, Can, Connection, Probe
from connectors.looking import one_by_one
from connectors.rest import Call, path
from connectors.shapes import each, items, text
from connectors.walking import Page, Walk

from .client import api, changed_at, review

LIST = ["reviews"]
PAGE = 100


class GooglePlayReader:
    """Config of the account: {"package": name}."""

    def __init__(self, connection: Connection, _wanted: Mapping[str, Any]) -> None:
        self._rest = api(connection)
        self._package = str(connection.config["package"])

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        return Walk().fetch(cursor, LIST, partial(self._page, now=now), now=now)

    def probe(self, *, now: datetime) -> Probe:
        found = self._page("", "", now, now=now)
        return Probe(
            account=self._package,
            can=Can.LOOK_UP | Can.REPLY,
            sample=[post.text for post in found.posts[:5]],
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        rest = self._rest

        def call(review_id: str) -> Call:
            return Call(path("/{}/reviews/{}", self._package, review_id))

        make = partial(review, package=self._package)
        return one_by_one(
            rest, external_ids, call, make, read=lambda: self._page("", "", now, now=now), now=now
        )

    def _page(self, _name: str, token: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._rest.read(
            path("/{}/reviews", self._package), now=now, maxResults=PAGE, token=token
        )
        found = items(answer.data, "reviews")
        posts, refused = each(found, partial(review, package=self._package))
        return Page(
            posts,
            [changed_at(item) for item in found],
            next=text(answer.data, "tokenPagination", "nextPageToken"),
            refused=refused,
        )
