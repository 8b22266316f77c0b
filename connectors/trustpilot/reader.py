"""Reads the reviews of a business, newest first."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from connectors.base import Batch, Can, Connection, Probe
from connectors.looking import one_by_one
from connectors.rest import Call, path
from connectors.shapes import each, items, moment, pick, text
from connectors.walking import Page, Walk

from .client import api, review

LIST = ["reviews"]
PAGE = 100
# Pages have numbers: what is deleted meanwhile moves the others up. A day is read twice.
WALK = Walk(overlap=timedelta(days=1))


class TrustpilotReader:
    """Config of the account: {"business_unit": id}."""

    def __init__(self, connection: Connection, _wanted: Mapping[str, Any]) -> None:
        self._rest = api(connection)
        self._unit = str(connection.config["business_unit"])
        self._answers = bool(connection.config.get("business_user"))

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        return WALK.fetch(cursor, LIST, partial(self._page, now=now), now=now)

    def probe(self, *, now: datetime) -> Probe:
        unit = self._rest.read(path("/v1/business-units/{}", self._unit), now=now)
        found = self._page("", "", now, now=now)
        return Probe(
            account=text(unit.data, "displayName"),
            can=Can.LOOK_UP | Can.REPLY | Can.DELETE if self._answers else Can.LOOK_UP,
            sample=[post.text for post in found.posts[:5]],
            notes=[] if self._answers else [_("Without a business user nothing can be answered.")],
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        def call(review_id: str) -> Call:
            return Call(path("/v1/private/reviews/{}", review_id))

        return one_by_one(
            self._rest,
            external_ids,
            call,
            review,
            read=lambda: self._page("", "", now, now=now),
            now=now,
        )

    def _page(self, _name: str, number: str, _floor: datetime, *, now: datetime) -> Page:
        page = int(number or 1)
        answer = self._rest.read(
            path("/v1/private/business-units/{}/reviews", self._unit),
            now=now,
            orderBy="createdat.desc",
            perPage=PAGE,
            page=page,
        )
        found = items(answer.data, "reviews")
        posts, refused = each(found, review)
        return Page(
            posts,
            [moment(pick(item, "createdAt")) for item in found],
            next=str(page + 1) if len(found) >= PAGE else "",
            refused=refused,
        )
