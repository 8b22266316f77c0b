"""Reads Threads: mentions of the account, searches, and conversations under its own posts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from connectors.base import Batch, Can, Connection, Probe
from connectors.boards import Listing, follow
from connectors.looking import one_by_one
from connectors.rest import Answer, Call, path
from connectors.shapes import each, items, moment, pick, text
from connectors.walking import Page, Walk, in_turn

from .client import FIELDS, api, post, token_of

MENTIONS = "mentions"
PAGE = 100
OWN_POSTS = 25
# Threads says that a post was answered, not how often: what was is looked at once an hour.
_HOUR = 3_600


class ThreadsReader:
    """Config of the account: {"user": id}; of the source: {"words": [text, …], "mentions"}."""

    def __init__(self, connection: Connection, wanted: Mapping[str, Any]) -> None:
        self._token = token_of(connection)
        self._rest = api(connection, self._token)
        self._user = str(connection.config["user"])
        self._lists = [MENTIONS] * (wanted.get("mentions", "yes") == "yes")
        self._lists += [f"words:{words}" for words in wanted.get("words", []) if words.strip()]
        self._post = partial(post, me=self._user)

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        boards, answers = partial(self._boards, now=now), partial(self._answers, now=now)
        parts: dict[str, Callable[[dict[str, Any]], Batch]] = {
            "answers": lambda place: follow(place, boards, answers, now=now)
        }
        if self._lists:
            get = partial(self._list, now=now)
            parts["lists"] = lambda place: Walk().fetch(place, self._lists, get, now=now)
        batch = in_turn(cursor, parts, now=now)
        return replace(batch, expires_at=self._token.ends_at)

    def probe(self, *, now: datetime) -> Probe:
        me = self._rest.read(path("/{}", self._user), now=now, fields="username")
        found = self._list((self._lists or [MENTIONS])[0], "", now, now=now)
        return Probe(
            account=f"@{text(me.data, 'username')}",
            can=Can.NOTIFICATIONS | Can.LOOK_UP | Can.POST | Can.REPLY | Can.DELETE,
            sample=[one.text for one in found.posts[:5]],
            expires_at=self._token.ends_at,
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        def call(external_id: str) -> Call:
            return Call(path("/{}", external_id), params={"fields": FIELDS})

        return one_by_one(
            self._rest, external_ids, call, self._post, read=lambda: self._boards(now=now), now=now
        )

    def _list(self, name: str, after: str, floor: datetime, *, now: datetime) -> Page:
        params: dict[str, Any] = {"fields": FIELDS, "limit": PAGE, "after": after}
        where = path("/{}/mentions", self._user)
        if name != MENTIONS:
            where = "/keyword_search"
            params |= {
                "q": name.partition(":")[2],
                "search_type": "RECENT",
                "since": int(floor.timestamp()),
            }
        return self._page(self._rest.read(where, now=now, **params))

    def _boards(self, *, now: datetime) -> Listing:
        answer = self._rest.read(
            path("/{}/threads", self._user), now=now, fields="id,has_replies", limit=OWN_POSTS
        )
        hour = int(now.timestamp()) // _HOUR
        found = items(answer.data, "data")
        boards = [(text(i, "id"), hour if pick(i, "has_replies") is True else 0) for i in found]
        return Listing([board for board in boards if board[0]], quota=answer.quota)

    def _answers(self, board: str, after: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._rest.read(
            path("/{}/conversation", board),
            now=now,
            fields=FIELDS,
            reverse="true",
            limit=PAGE,
            after=after,
        )
        return self._page(answer)

    def _page(self, answer: Answer) -> Page:
        found = items(answer.data, "data")
        posts, refused = each(found, self._post)
        more = bool(text(answer.data, "paging", "next"))
        return Page(
            posts,
            [moment(pick(item, "timestamp")) for item in found],
            next=text(answer.data, "paging", "cursors", "after") if more else "",
            refused=refused,
            quota=answer.quota,
        )
