"""Reads the comments on an account's own media, and media in which it is tagged."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from connectors.base import Batch, Can, Connection, Post, Probe
from connectors.boards import Listing, follow
from connectors.looking import one_by_one
from connectors.meta.graph import proof
from connectors.rest import Answer, Call, path
from connectors.shapes import each, items, moment, number, pick, text
from connectors.walking import Page, Walk, in_turn

from .client import COMMENT_FIELDS, MENTION, api, by_facebook, comment, media, token_of

PAGE = 50
TAGS = ["tags"]


class InstagramReader:
    """Config of the account: {"user": id, "login": "instagram" or "facebook"}."""

    def __init__(self, connection: Connection, _wanted: Mapping[str, Any]) -> None:
        self._token = token_of(connection)
        self._rest = api(connection, self._token)
        self._user = str(connection.config["user"])
        self._proof = proof(connection.secrets)
        self._connection = connection

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        listing, comments = partial(self._boards, now=now), partial(self._comments, now=now)
        parts: dict[str, Callable[[dict[str, Any]], Batch]] = {
            "comments": lambda place: follow(place, listing, comments, now=now)
        }
        if by_facebook(self._connection):
            tags = partial(self._tags, now=now)
            parts["tags"] = lambda place: Walk().fetch(place, TAGS, tags, now=now)
        batch = in_turn(cursor, parts, now=now)
        return replace(batch, expires_at=self._token.ends_at)

    def probe(self, *, now: datetime) -> Probe:
        me = self._read(path("/{}", self._user), now=now, fields="username")
        found = self._boards(now=now)
        notes = [] if self._proof else [_("Without the app secret no webhook can be accepted.")]
        return Probe(
            account=f"@{text(me.data, 'username')}",
            can=Can.NOTIFICATIONS | Can.LOOK_UP | Can.REPLY | Can.DELETE,
            sample=[_("Own media found: %(count)d") % {"count": len(found.boards)}],
            expires_at=self._token.ends_at,
            notes=notes,
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        """Look comments on our own media up; mentions elsewhere cannot be asked for so."""

        def call(external_id: str) -> Call:
            params = {"fields": COMMENT_FIELDS, "appsecret_proof": self._proof}
            return Call(path("/{}", external_id), params=params)

        ours = [i for i in external_ids if not i.startswith(MENTION)]
        return one_by_one(
            self._rest,
            ours,
            call,
            partial(comment, user=self._user),
            read=lambda: self._boards(now=now),
            now=now,
        )

    def _boards(self, *, now: datetime) -> Listing:
        answer = self._read(
            path("/{}/media", self._user), now=now, fields="id,comments_count", limit=PAGE
        )
        data = items(answer.data, "data")
        found = [(text(item, "id"), number(item, "comments_count")) for item in data]
        return Listing([board for board in found if board[0]], quota=answer.quota)

    def _comments(self, board: str, after: str, _floor: datetime, *, now: datetime) -> Page:
        """Comments come newest first, each with its answers."""
        answer = self._read(
            path("/{}/comments", board),
            now=now,
            fields=f"{COMMENT_FIELDS},replies{{{COMMENT_FIELDS}}}",
            limit=PAGE,
            after=after,
        )
        found = items(answer.data, "data")
        answers = [reply for item in found for reply in items(pick(item, "replies"), "data")]
        posts, refused = each([*found, *answers], partial(comment, user=self._user))
        return _page(answer, posts, refused)

    def _tags(self, _name: str, after: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._read(
            path("/{}/tags", self._user),
            now=now,
            fields="id,caption,timestamp,username,permalink",
            limit=PAGE,
            after=after,
        )
        posts, refused = each(items(answer.data, "data"), media)
        return _page(answer, posts, refused)

    def _read(self, where: str, *, now: datetime, **params: Any) -> Answer:
        return self._rest.read(where, now=now, appsecret_proof=self._proof, **params)


def _page(answer: Answer, posts: list[Post], refused: list[str]) -> Page:
    more = bool(text(answer.data, "paging", "next"))
    return Page(
        posts,
        [moment(pick(item, "timestamp")) for item in items(answer.data, "data")],
        next=text(answer.data, "paging", "cursors", "after") if more else "",
        refused=refused,
        quota=answer.quota,
    )
