"""Reads Reddit's lists, each of which shows its newest thousand items and no more."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connectors.base import Batch, Can, Connection, Probe, Quota, ReadError
from connectors.rest import path
from connectors.shapes import each, moment, text
from connectors.walking import Page, Walk

from .client import api, children, is_gone, post

PAGE = 100
# Lists end at about a thousand items; one that ends near it was cut.
NEARLY_ALL = 900


class RedditReader:
    """Config of the source: {"searches": […], "communities": […], "mentions": "yes"}."""

    def __init__(self, connection: Connection, wanted: Mapping[str, Any]) -> None:
        self._rest = api(connection)
        self._owner = bool(connection.secrets.get("refresh_token"))
        self._name = str(connection.config["username"])
        self._lists = [f"search:{words}" for words in wanted.get("searches", [])]
        for community in wanted.get("communities", []):
            self._lists += [f"new:{community}", f"comments:{community}"]
        if wanted.get("mentions", "no") == "yes":
            self._lists.append("mentions:")

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        if not self._lists:
            raise ReadError(_("Nothing is chosen: give a search or a community."))
        get = partial(self._page, now=now, most=min(limit, PAGE))
        return Walk().fetch(cursor, self._lists, get, now=now)

    def probe(self, *, now: datetime) -> Probe:
        found = self._page((self._lists or ["search:reddit"])[0], "", now, now=now, most=5)
        can = Can.SEARCH | Can.LOOK_UP
        notes = [] if self._owner else [gettext("Without a refresh token nothing can be answered.")]
        return Probe(
            account=f"u/{self._name}",
            can=can | Can.NOTIFICATIONS | Can.REPLY | Can.DELETE if self._owner else can,
            sample=[one.title or one.text for one in found.posts[:5]],
            notes=notes,
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        posts, gone, refused = [], [], []
        quota: Quota | None = None
        for at in range(0, len(external_ids), PAGE):
            some = external_ids[at : at + PAGE]
            answer = self._rest.read("/api/info", now=now, id=",".join(some), raw_json=1)
            found, quota = children(answer), answer.quota
            made, broken = each([item for item in found if not is_gone(item)], post)
            posts += made
            refused += broken
            gone += [text(item, "name") for item in found if is_gone(item)]
        return Batch(posts, {}, gone=gone, refused=refused, quota=quota)

    def _page(self, name: str, token: str, _floor: datetime, *, now: datetime, most: int) -> Page:
        """A token is the last item's full name and how many items came before."""
        after, _blank, count = token.partition(" ")
        before = int(count or 0)
        where, params = _place(name)
        answer = self._rest.read(
            where, now=now, limit=most, raw_json=1, after=after, count=before or None, **params
        )
        found = children(answer)
        posts, refused = each([item for item in found if not is_gone(item)], post)
        following = text(answer.data, "data", "after")
        total = before + len(found)
        return Page(
            posts,
            [moment(item.get("created_utc")) for item in found],
            next=f"{following} {total}" if following else "",
            refused=refused,
            gone=[text(item, "name") for item in found if is_gone(item)],
            quota=answer.quota,
            cut=not following and total >= NEARLY_ALL,
        )


def _place(name: str) -> tuple[str, dict[str, Any]]:
    kind, _colon, what = name.partition(":")
    if kind == "search":
        return "/search", {"q": what, "sort": "new", "type": "link"}
    if kind == "mentions":
        return "/message/mentions", {}
    community = what.strip().removeprefix("r/").strip("/")
    return path("/r/{}/" + kind, community), {}
