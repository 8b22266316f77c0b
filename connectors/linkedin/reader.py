"""Reads a page's notifications, which LinkedIn keeps for sixty days."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from connectors.base import Batch, Can, Connection, Post, Probe
from connectors.rest import Call, Kind, read_error
from connectors.shapes import each, items, text
from connectors.walking import Page, Walk

from .client import api, ends_at, gone, notification, organization, parts, written

LIST = ["notifications"]
PAGE = 50
_ACTIONS = "COMMENT,COMMENT_EDIT,COMMENT_DELETE,SHARE,SHARE_MENTION"
WALK = Walk(backfill=timedelta(days=14))


class LinkedInReader:
    """Config of the account: {"organization": number}."""

    def __init__(self, connection: Connection, _wanted: Mapping[str, Any]) -> None:
        self._rest = api(connection)
        self._owner = organization(connection)
        self._connection = connection

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        batch = WALK.fetch(cursor, LIST, partial(self._page, now=now), now=now)
        if self._connection.secrets.get("refresh_token"):
            return batch
        return self._with_end(batch, str(cursor.get("asked", "")), now=now)

    def _with_end(self, batch: Batch, asked: str, *, now: datetime) -> Batch:
        """Say when the token ends, which is asked once a day."""
        today = now.date().isoformat()
        batch.cursor["asked"] = today
        if asked == today:
            return batch
        return replace(batch, expires_at=ends_at(self._connection, now=now))

    def probe(self, *, now: datetime) -> Probe:
        renewed = bool(self._connection.secrets.get("refresh_token"))
        number = str(self._connection.config["organization"])
        me = self._rest.read("/organizations/" + written(number), now=now)
        found = self._page("", "", now - timedelta(days=7), now=now)
        return Probe(
            account=text(me.data, "localizedName"),
            can=Can.NOTIFICATIONS | Can.POST | Can.REPLY | Can.DELETE,
            sample=[post.text for post in found.posts[:5]],
            expires_at=ends_at(self._connection, now=now) if not renewed else None,
        )

    def _page(self, _name: str, token: str, floor: datetime, *, now: datetime) -> Page:
        """A token is "<end>:<offset>": what comes while pages are read would move them."""
        end, _colon, start = token.partition(":")
        until = int(end or now.timestamp() * 1000)
        at = int(start or 0)
        since = int(floor.timestamp() * 1000)
        # The structure of Rest.li stays bare in the address; only what is named is escaped.
        where = (
            "/organizationalEntityNotifications?q=criteria"
            f"&organizationalEntity={written(self._owner)}&actions=List({_ACTIONS})"
            f"&timeRange=(start:{since},end:{until})&start={at}&count={PAGE}"
        )
        answer, verdict = self._rest.ask(Call(where), now=now)
        if verdict.kind is not Kind.FINE:
            raise read_error(verdict)
        found = items(answer.data, "elements")
        deleted = [gone(item) for item in found if isinstance(item, dict)]
        told = [item for item in found if text(item, "action") != "COMMENT_DELETE"]
        posts, refused = each(told, partial(self._post, now=now))
        return Page(
            posts,
            [datetime.fromtimestamp(until / 1000, tz=UTC)],
            next=f"{until}:{at + len(found)}" if len(found) >= PAGE else "",
            refused=refused,
            gone=[urn for urn in deleted if urn],
        )

    def _post(self, item: dict[str, Any], *, now: datetime) -> Post | None:
        """What comes without its words is fetched."""
        if not isinstance(item.get("decoratedGeneratedActivity"), dict):
            item = {**item, "decoratedGeneratedActivity": self._activity(item, now=now)}
        return notification(item, owner=self._owner)

    def _activity(self, item: dict[str, Any], *, now: datetime) -> dict[str, Any]:
        urn = text(item, "generatedActivity")
        comment = parts(urn)
        if comment:
            where = f"/socialActions/{written(comment[0])}/comments/{written(comment[1])}"
        else:
            where = f"/posts/{written(urn)}"
        answer, verdict = self._rest.ask(Call(where), now=now)
        if verdict.kind is Kind.MISSING:
            return {}
        if verdict.kind is not Kind.FINE:
            raise read_error(verdict)
        if comment:
            return {"comment": {**(answer.data or {}), "entity": urn}}
        share = {"text": text(answer.data, "commentary"), "owner": text(answer.data, "author")}
        return {"share": {**share, "entity": urn}}
