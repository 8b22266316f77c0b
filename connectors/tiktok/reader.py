"""Reads the comments on the account's newest videos, and videos that mention it."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from connectors.base import Batch, Can, Connection, Post, Probe
from connectors.boards import Listing, follow
from connectors.rest import Answer
from connectors.shapes import each, items, moment, number, pick, text
from connectors.walking import Page, Walk, in_turn

from .client import api, comment, mention

VIDEOS = 20
PAGE = 30
MENTIONS = ["mentions"]


class TikTokReader:
    """Config of the account: {"business": id, "username": name}."""

    def __init__(self, connection: Connection, wanted: Mapping[str, Any]) -> None:
        self._rest = api(connection)
        self._business = str(connection.config["business"])
        self._name = str(connection.config["username"])
        self._mentions = wanted.get("mentions", "no") == "yes"

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        videos, comments = partial(self._videos, now=now), partial(self._comments, now=now)
        parts: dict[str, Callable[[dict[str, Any]], Batch]] = {
            "comments": lambda place: follow(place, videos, comments, now=now)
        }
        if self._mentions:
            get = partial(self._mentioned, now=now)
            parts["mentions"] = lambda place: Walk().fetch(place, MENTIONS, get, now=now)
        return in_turn(cursor, parts, now=now)

    def probe(self, *, now: datetime) -> Probe:
        fields = json.dumps(["username", "display_name"])
        me = self._read("/business/get/", now=now, fields=fields)
        videos = self._listed(now=now)
        return Probe(
            account=f"@{text(me.data, 'data', 'username') or self._name}",
            can=Can.NOTIFICATIONS | Can.REPLY | Can.DELETE,
            sample=[text(video, "caption") for video in videos[:5]],
        )

    def _videos(self, *, now: datetime) -> Listing:
        found = [(text(v, "item_id"), number(v, "comments")) for v in self._listed(now=now)]
        return Listing([video for video in found if video[0]])

    def _listed(self, *, now: datetime) -> list[Any]:
        answer = self._read(
            "/business/video/list/",
            now=now,
            fields=json.dumps(["item_id", "create_time", "caption", "comments"]),
            max_count=VIDEOS,
        )
        return items(pick(answer.data, "data"), "videos")

    def _comments(self, video: str, cursor: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._read(
            "/business/comment/list/",
            now=now,
            video_id=video,
            include_replies="true",
            sort_field="create_time",
            sort_order="desc",
            max_count=PAGE,
            cursor=cursor,
        )
        found = items(pick(answer.data, "data"), "comments")
        answers = [reply for one in found for reply in items(one, "reply_list")]
        make = partial(comment, video=video, name=self._name)
        posts, refused = each([*found, *answers], make)
        return _page(answer, found, posts, refused)

    def _mentioned(self, _name: str, cursor: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._read(
            "/business/mention/video/list/",
            now=now,
            sort_field="CREATE_TIME",
            sort_type="DESC",
            max_count=PAGE,
            cursor=cursor,
        )
        found = items(pick(answer.data, "data"), "videos")
        posts, refused = each(found, mention)
        return _page(answer, found, posts, refused)

    def _read(self, where: str, *, now: datetime, **params: Any) -> Answer:
        return self._rest.read(where, now=now, business_id=self._business, **params)


def _page(answer: Answer, found: list[Any], posts: list[Post], refused: list[str]) -> Page:
    data = pick(answer.data, "data")
    more = pick(data, "has_more") is True
    return Page(
        posts,
        [moment(number(one, "create_time")) for one in found],
        next=text(data, "cursor") if more else "",
        refused=refused,
    )
