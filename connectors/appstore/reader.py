"""Reads the reviews of an app from all countries, newest first."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.base import Batch, Can, Connection, Probe
from connectors.looking import one_by_one
from connectors.rest import Call, path
from connectors.shapes import each, items, moment, pick, text
from connectors.walking import Page, Walk

from .client import api, review

LIST = ["reviews"]
PAGE = 200
# Apple shows a review up to a day after it was written.
WALK = Walk(backfill=timedelta(days=30), overlap=timedelta(days=1))


class AppStoreReader:
    """Config of the source: {"app": Apple ID}."""

    def __init__(self, connection: Connection, wanted: Mapping[str, Any]) -> None:
        self._rest = api(connection)
        self._app = str(wanted["app"])

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        return WALK.fetch(cursor, LIST, partial(self._page, now=now), now=now)

    def probe(self, *, now: datetime) -> Probe:
        app = self._rest.read(path("/v1/apps/{}", self._app), now=now, **{"fields[apps]": "name"})
        found = self._page("", "", now, now=now)
        return Probe(
            account=text(app.data, "data", "attributes", "name"),
            can=Can.LOOK_UP | Can.REPLY | Can.DELETE,
            sample=[post.text for post in found.posts[:5]],
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        def call(review_id: str) -> Call:
            return Call(path("/v1/customerReviews/{}", review_id))

        def make(data: Any) -> Any:
            return review(data["data"], app=self._app)

        return one_by_one(
            self._rest,
            external_ids,
            call,
            make,
            read=lambda: self._page("", "", now, now=now),
            now=now,
        )

    def _page(self, _name: str, after: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._rest.read(
            path("/v1/apps/{}/customerReviews", self._app),
            now=now,
            sort="-createdDate",
            limit=PAGE,
            cursor=after,
        )
        found = items(answer.data, "data")
        posts, refused = each(found, partial(review, app=self._app))
        return Page(
            posts,
            [moment(pick(item, "attributes", "createdDate")) for item in found],
            next=_after(text(answer.data, "links", "next")),
            refused=refused,
            quota=answer.quota,
        )


def _after(link: str) -> str:
    """Return the place that the link to the next page names; the host is always ours to choose."""
    try:
        return parse_qs(urlsplit(link).query).get("cursor", [""])[0]
    except ValueError:
        return ""
