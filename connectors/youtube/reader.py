"""Reads the comments on a channel's videos, and the answers under them.

Threads come newest first. An answer does not bring its thread to the top again, so the newest
threads are looked at each round, and those with another number of answers are read.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from connectors.base import Batch, Can, Connection, Post, Probe
from connectors.boards import Listing, follow
from connectors.rest import Answer, pause
from connectors.shapes import each, items, moment, number, pick, text
from connectors.walking import Page, Walk, in_turn

from .client import LIST, api, comment, quota, spent

THREADS = ["threads"]
PAGE = 100
LOOK_UP = 50


class YouTubeReader:
    """Config of the account: {"channel": id}."""

    def __init__(self, connection: Connection, _wanted: Mapping[str, Any]) -> None:
        self._rest = api(connection)
        self._owner = bool(connection.secrets.get("refresh_token"))
        self._channel = str(connection.config["channel"])

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        """Each fetch is one call, and is counted."""
        threads, answers = partial(self._threads, now=now), partial(self._answers, now=now)
        batch = in_turn(
            cursor,
            {
                "threads": lambda place: Walk().fetch(place, THREADS, threads, now=now),
                "answers": lambda place: follow(
                    place, partial(self._boards, now=now), answers, now=now
                ),
            },
            now=now,
        )
        count = spent(cursor, LIST, now=now)
        left = quota(count, now=now)
        wait = pause(left, now=now)
        batch.cursor["spent"] = count
        return replace(batch, quota=left, wait=wait, more=batch.more and wait is None)

    def probe(self, *, now: datetime) -> Probe:
        me = self._read("/channels", now=now, part="snippet", id=self._channel)
        found = self._threads("", "", now, now=now)
        owner = self._owner
        notes = (
            [] if owner else [_("Without a refresh token of the owner nothing can be answered.")]
        )
        names = [text(pick(item, "snippet"), "title") for item in items(me.data, "items")]
        can = Can.NOTIFICATIONS | Can.LOOK_UP
        return Probe(
            account=names[0] if names else "",
            can=can | Can.REPLY | Can.DELETE if owner else can,
            sample=[post.text for post in found.posts[:5]],
            notes=notes if names else [*notes, _("There is no channel with this ID.")],
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        """What is missing from the answer is gone."""
        posts: list[Post] = []
        refused: list[str] = []
        here: set[str] = set()
        for at in range(0, len(external_ids), LOOK_UP):
            some = external_ids[at : at + LOOK_UP]
            answer = self._read("/comments", now=now, ids=some, part="snippet")
            found = items(answer.data, "items")
            here |= {text(item, "id") for item in found}
            made, broken = each(found, partial(comment, channel=self._channel))
            posts += made
            refused += broken
        gone = [each_id for each_id in external_ids if each_id not in here]
        return Batch(posts, {}, gone=gone, refused=refused)

    def _threads(self, _name: str, token: str, _floor: datetime, *, now: datetime) -> Page:
        answer = self._newest(now=now, token=token, part="snippet,replies")
        found = items(answer.data, "items")
        threads = [
            (pick(i, "snippet", "topLevelComment"), text(i, "snippet", "videoId")) for i in found
        ]
        answers = [
            (reply, text(i, "snippet", "videoId"))
            for i in found
            for reply in items(pick(i, "replies"), "comments")
        ]
        posts, refused = each([*threads, *answers], self._post)
        marks = [moment(pick(top, "snippet", "publishedAt")) for top, _video in threads]
        return Page(posts, marks, next=text(answer.data, "nextPageToken"), refused=refused)

    def _boards(self, *, now: datetime) -> Listing:
        answer = self._newest(now=now, part="snippet")
        found = items(answer.data, "items")
        return Listing(
            [
                (text(i, "id"), number(i, "snippet", "totalReplyCount"))
                for i in found
                if text(i, "id")
            ]
        )

    def _answers(self, thread: str, token: str, _floor: datetime, *, now: datetime) -> Page:
        """Answers have no promised order: all pages of a thread are read."""
        answer = self._read(
            "/comments",
            now=now,
            part="snippet",
            parentId=thread,
            maxResults=PAGE,
            pageToken=token,
            textFormat="plainText",
        )
        posts, refused = each(items(answer.data, "items"), partial(comment, channel=self._channel))
        return Page(posts, (), next=text(answer.data, "nextPageToken"), refused=refused)

    def _newest(self, *, now: datetime, part: str, token: str = "") -> Answer:
        return self._read(
            "/commentThreads",
            now=now,
            part=part,
            allThreadsRelatedToChannelId=self._channel,
            order="time",
            maxResults=PAGE,
            pageToken=token,
            textFormat="plainText",
        )

    def _post(self, found: tuple[Any, str]) -> Post | None:
        item, video = found
        return comment(item, channel=self._channel, video=video)

    def _read(
        self, where: str, *, now: datetime, ids: list[str] | None = None, **params: Any
    ) -> Answer:
        if ids:
            params["id"] = ",".join(ids)
        return self._rest.read(where, now=now, **params)
