"""Reads a Page by asking: what the webhook tells at once, once more and for sure."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from connectors.base import Batch, Can, Connection, Probe
from connectors.boards import Listing, follow
from connectors.looking import one_by_one
from connectors.meta.graph import facebook, proof
from connectors.rest import Answer, Call, path
from connectors.shapes import each, items, moment, number, pick, text
from connectors.walking import Page, Walk, in_turn

from .posts import post

FIELDS = "id,message,created_time,from,permalink_url"
COMMENT_FIELDS = FIELDS + ",parent{id}"
PAGE = 100
BOARDS = 50


class FacebookReader:
    """Config of the account: {"page": id}; of the source: {"tagged": "yes"}."""

    def __init__(self, connection: Connection, wanted: Mapping[str, Any]) -> None:
        self._rest = facebook(connection)
        self._page = str(connection.config["page"])
        self._proof = proof(connection.secrets)
        self._lists = ["feed"] + ["tagged"] * (wanted.get("tagged", "yes") == "yes")

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        return in_turn(
            cursor,
            {
                "lists": lambda place: Walk().fetch(
                    place, self._lists, partial(self._list, now=now), now=now
                ),
                "comments": lambda place: follow(
                    place,
                    partial(self._boards, now=now),
                    partial(self._comments, now=now),
                    now=now,
                ),
            },
            now=now,
        )

    def probe(self, *, now: datetime) -> Probe:
        me = self._read(path("/{}", self._page), now=now, fields="name")
        found = self._list("feed", "", now, now=now)
        return Probe(
            account=text(me.data, "name"),
            can=Can.NOTIFICATIONS | Can.LOOK_UP | Can.POST | Can.REPLY | Can.DELETE,
            sample=[each_post.text for each_post in found.posts[:5]],
            notes=[] if self._proof else [_("Without the app secret no webhook can be accepted.")],
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        def call(external_id: str) -> Call:
            params = {"fields": FIELDS, "appsecret_proof": self._proof}
            return Call(path("/{}", external_id), params=params)

        make = partial(post, page=self._page)
        return one_by_one(
            self._rest,
            external_ids,
            call,
            make,
            read=lambda: self._list("feed", "", now, now=now),
            now=now,
        )

    def _list(self, name: str, after: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._read(
            path("/{}/{}", self._page, name), now=now, fields=FIELDS, limit=PAGE, after=after
        )
        return self._as_page(answer)

    def _boards(self, *, now: datetime) -> Listing:
        """The Page's newest posts, with the number of comments and of answers to them."""
        answer = self._read(
            path("/{}/feed", self._page),
            now=now,
            fields="id,comments.filter(stream).limit(0).summary(total_count)",
            limit=BOARDS,
        )
        boards = [
            (text(board, "id"), number(pick(board, "comments"), "summary", "total_count"))
            for board in items(answer.data, "data")
        ]
        return Listing([b for b in boards if b[0]], quota=answer.quota)

    def _comments(self, board: str, after: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._read(
            path("/{}/comments", board),
            now=now,
            fields=COMMENT_FIELDS,
            filter="stream",
            order="reverse_chronological",
            limit=PAGE,
            after=after,
        )
        return self._as_page(answer)

    def _as_page(self, answer: Answer) -> Page:
        found = items(answer.data, "data")
        posts, refused = each(found, partial(post, page=self._page))
        more = bool(text(answer.data, "paging", "next"))
        return Page(
            posts,
            [moment(pick(item, "created_time")) for item in found],
            next=text(answer.data, "paging", "cursors", "after") if more else "",
            refused=refused,
            quota=answer.quota,
        )

    def _read(self, where: str, *, now: datetime, **params: Any) -> Answer:
        return self._rest.read(where, now=now, appsecret_proof=self._proof, **params)
