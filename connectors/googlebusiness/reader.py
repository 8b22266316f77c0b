"""Reads the reviews of a business's locations, those last changed first."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from connectors.base import Batch, Can, Connection, Probe
from connectors.looking import one_by_one
from connectors.rest import Call
from connectors.shapes import each, items, moment, pick, text
from connectors.walking import Page, Walk

from .client import api, is_review, location, review

PAGE = 50


class GoogleBusinessReader:
    """Config of the source: {"locations": ["accounts/…/locations/…", …]}."""

    def __init__(self, connection: Connection, wanted: Mapping[str, Any]) -> None:
        self._rest = api(connection)
        self._locations = list(dict.fromkeys(wanted["locations"])) or [""]

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        return Walk().fetch(cursor, self._locations, partial(self._page, now=now), now=now)

    def probe(self, *, now: datetime) -> Probe:
        found = self._page(self._locations[0], "", now, now=now)
        return Probe(
            account=self._locations[0],
            can=Can.LOOK_UP | Can.REPLY | Can.DELETE,
            sample=[post.text for post in found.posts[:5]],
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        names = [name for name in external_ids if is_review(name)]
        return one_by_one(
            self._rest,
            names,
            lambda name: Call("/" + name),
            review,
            read=lambda: self._page(self._locations[0], "", now, now=now),
            now=now,
        )

    def _page(self, name: str, token: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._rest.read(
            location(name) + "/reviews",
            now=now,
            pageSize=PAGE,
            pageToken=token,
            orderBy="updateTime desc",
        )
        found = items(answer.data, "reviews")
        posts, refused = each(found, review)
        return Page(
            posts,
            [moment(pick(item, "updateTime")) for item in found],
            next=text(answer.data, "nextPageToken"),
            refused=refused,
        )
