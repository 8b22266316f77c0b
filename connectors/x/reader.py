"""Reads X: searches of the last seven days, and mentions of the account."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from connectors.base import Batch, Can, Connection, Post, Probe, ReadError
from connectors.rest import Answer, Rest, path
from connectors.shapes import each, items, moment, pick, text
from connectors.walking import Page, Walk

from .client import Asking, first_version, made, posts_of, rest, versions

MENTIONS = "mentions"
PAGE = 100
# The search goes back seven days; a minute of them is spent on the way.
WINDOW = timedelta(days=7) - timedelta(minutes=5)
# The search shows posts some seconds late. Reading a post again the same day costs nothing.
WALK = Walk(backfill=timedelta(days=1), overlap=timedelta(minutes=2))
_GONE = ("/resource-not-found", "/not-authorized-for-resource", "/resource-unavailable")
_NOTHING = _("Nothing is chosen: give a search, or read the mentions.")


class XReader:
    """Config of the source: {"queries": [text, …], "mentions": "yes", "authors": "yes"}."""

    def __init__(self, connection: Connection, wanted: Mapping[str, Any]) -> None:
        authors = wanted.get("authors", "yes") == "yes"
        self._posts = Asking(rest(connection, as_user=False), authors=authors)
        self._connection = connection
        self._lists = [q for q in wanted.get("queries", []) if q.strip()]
        if wanted.get("mentions", "yes") == "yes":
            self._lists.append(MENTIONS)

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        if not self._lists:
            raise ReadError(_NOTHING)
        me, cursor = self._who(cursor, now=now)
        get = partial(self._page, me=me, most=max(min(limit, PAGE), 10), now=now)
        batch = WALK.fetch(cursor, self._lists, get, now=now)
        batch.cursor["me"] = me
        return batch

    def probe(self, *, now: datetime) -> Probe:
        if not self._lists:
            raise ReadError(_NOTHING)
        as_account = self._has_account() or self._lists[0] == MENTIONS
        who = self._as_account().read("/2/users/me", now=now) if as_account else None
        me = text(who.data, "data", "id") if who else ""
        page = self._page(self._lists[0], "", now - timedelta(days=1), me=me, most=10, now=now)
        notes = [] if who else [gettext("Without an access token nothing can be posted.")]
        can = Can.SEARCH | Can.LOOK_UP
        return Probe(
            account=f"@{text(who.data, 'data', 'username')}" if who else "",
            can=can | Can.NOTIFICATIONS | Can.POST | Can.DELETE if who else can,
            sample=[post.text for post in page.posts[:5]],
            notes=notes,
        )

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        found: list[Post] = []
        gone: list[str] = []
        refused: list[str] = []
        answer: Answer | None = None
        for at in range(0, len(external_ids), PAGE):
            answer = self._lookup(external_ids[at : at + PAGE], now=now)
            posts, missing = self._looked_up(answer, now=now)
            made_of, broken = each(posts, lambda item: item)
            found += made_of
            gone += missing
            refused += broken
        return Batch(found, {}, gone=gone, refused=refused, quota=answer.quota if answer else None)

    def _looked_up(self, answer: Answer, *, now: datetime) -> tuple[list[Post], list[str]]:
        """Posts as they are now. An id is answered with its own version: the newest is fetched."""
        found, users = posts_of(answer.data)
        newest = [versions(v)[-1] for v in found]
        changed = [n for n in newest if n not in {text(v, "id") for v in found}]
        if changed:
            again = self._lookup(changed, now=now)
            latest, more = posts_of(again.data)
            users |= more
            firsts = {first_version(v) for v in latest}
            found = [v for v in found if first_version(v) not in firsts] + latest
        posts, _broken = each(found, partial(made, users=users))
        problems = items(answer.data, "errors")
        gone = [text(p, "resource_id") for p in problems if text(p, "type").endswith(_GONE)]
        return posts, gone

    def _lookup(self, ids: list[str], *, now: datetime) -> Answer:
        return self._posts.read("/2/tweets", now=now, ids=",".join(ids))

    def _page(
        self, name: str, token: str, floor: datetime, *, me: str, most: int, now: datetime
    ) -> Page:
        where, token_name, query = "/2/tweets/search/recent", "next_token", name
        if name == MENTIONS:
            where, token_name, query = path("/2/users/{}/mentions", me), "pagination_token", ""
        answer = self._posts.read(
            where,
            now=now,
            query=query,
            max_results=most,
            start_time=max(floor, now - WINDOW).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **{token_name: token},
        )
        return self._read(answer)

    def _read(self, answer: Answer) -> Page:
        found, users = posts_of(answer.data)
        posts, refused = each(found, partial(made, users=users))
        return Page(
            posts,
            [moment(pick(item, "created_at")) for item in found],
            next=text(answer.data, "meta", "next_token"),
            refused=refused,
            quota=answer.quota,
        )

    def _who(self, cursor: dict[str, Any], *, now: datetime) -> tuple[str, dict[str, Any]]:
        """The account's own id, asked for once and kept in the cursor."""
        if MENTIONS not in self._lists or cursor.get("me"):
            return str(cursor.get("me", "")), cursor
        answer = self._as_account().read("/2/users/me", now=now)
        return text(answer.data, "data", "id"), cursor

    def _has_account(self) -> bool:
        secrets = self._connection.secrets
        return bool(secrets.get("access_token") or secrets.get("refresh_token"))

    def _as_account(self) -> Rest:
        return rest(self._connection, as_user=True)
