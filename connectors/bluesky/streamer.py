"""Follows the network as it happens, and goes on where it was: by the stream, or by search.

Cursor: the stream's own place, and "gap" while something is still to be searched for. What the
server no longer has (we were away too long, or it began anew) is searched for by the source's
words, from now back to the last event that was heard, a page between two batches.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.utils.translation import gettext_noop as _
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from connectors.base import Batch, CursorLost, Post, ReadError
from core import http, websocket
from core.text import fold

from . import people
from .firehose import Dialect, Gathered, Lost, Refused
from .posts import moment
from .reader import Lists
from .session import Session, reading

# A batch is handed on when it is this large, or has waited this long, in seconds.
ENOUGH = 1_000
PATIENCE = 1.0
# An empty one is a sign of life.
QUIET = 10.0
# The protocol bounds a message to 5 MB.
MAX_MESSAGE = 6 * 1024 * 1024


# With an account that cannot sign in, or a search that fails, the stream goes on; it is asked again
# after this many seconds.
REST = 300.0
T = TypeVar("T")


class Streamer:
    """`words` keep only posts that hold one of them ([]: all); `lists` searches for a gap."""

    def __init__(
        self, dialect: Dialect, *, words: list[str], session: Session | None, lists: Lists | None
    ) -> None:
        self._dialect = dialect
        self._words = [fold(word).strip('"') for word in words]
        self._session = session
        self._lists = lists if words else None
        self._rests_until = 0.0

    def stream(self, cursor: dict[str, Any], *, stop: Callable[[], bool]) -> Iterator[Batch]:
        place = {name: value for name, value in cursor.items() if name != "gap"}
        gap = cursor.get("gap") if cursor else self._gap(None)
        # The first sign of life comes soon: it says that the line stands.
        quiet = PATIENCE
        with self._connected(place) as line:
            while not stop():
                gathered = Gathered(place)
                self._listen(line, gathered, stop, quiet)
                place, quiet = gathered.place, QUIET
                yield self._batch(gathered, gap)
                found = self._search(gap) if gap else None
                if found:
                    gap = found.cursor.get("gap")
                    yield replace(found, cursor=_cursor(place, gap))

    def _connected(self, place: dict[str, Any]) -> ClientConnection:
        try:
            return websocket.connect(self._dialect.url(place), max_message=MAX_MESSAGE)
        except http.HttpError as error:
            raise ReadError(error) from error

    def _listen(
        self, line: ClientConnection, gathered: Gathered, stop: Callable[[], bool], quiet: float
    ) -> None:
        """Gather until there is enough, or what there is has waited long enough; nothing, `quiet`
        seconds."""
        began = time.monotonic()
        while len(gathered) < ENOUGH and not stop():
            if time.monotonic() - began > (PATIENCE if len(gathered) else quiet):
                return
            try:
                self._dialect.take(line.recv(timeout=PATIENCE), gathered)
            except TimeoutError:
                continue
            except Lost as error:
                raise self._lost(gathered.place) from error
            except Refused as error:
                raise _ended(error) from error
            except (ConnectionClosed, OSError) as error:
                if len(gathered):
                    # Handed on first; then it is said again, and raised.
                    return
                raise _ended(error) from error

    def _batch(self, gathered: Gathered, gap: dict[str, Any] | None) -> Batch:
        gone = list(gathered.gone)
        posts: list[Post] = []
        own = self._session.own if self._session else ""
        for post in gathered.posts.values():
            if own and post.author_id == own:
                continue
            if self._holds(post):
                posts.append(post)
            elif post.edited_at:
                # Edited until it no longer concerns us: what we keep of it goes.
                gone.append(post.external_id)
        refused: list[str] = []
        return Batch(
            self._complete(posts, refused),
            _cursor(gathered.place, gap),
            refused=refused,
            gone=gone,
            authors_gone=[did for did, there in gathered.there.items() if not there],
            authors_back=[did for did, there in gathered.there.items() if there],
            authors_at=gathered.there_at,
        )

    def _holds(self, post: Post) -> bool:
        text = fold(f"{post.title}\n{post.text}")
        return not self._words or any(word in text for word in self._words)

    def _complete(self, posts: list[Post], refused: list[str]) -> list[Post]:
        """Name the authors, where there are words that keep their number small."""
        session = self._session
        if not posts or not self._words or session is None:
            return posts
        return self._asked(lambda: people.complete(posts, session), refused) or posts

    def _search(self, gap: dict[str, Any]) -> Batch | None:
        """Read one page of what is missing; the batch's cursor holds what then still is."""
        lists = self._lists
        if lists is None:
            return Batch([], {})
        refused: list[str] = []
        now = moment(gap["now"]) or datetime.now(UTC)
        found = self._asked(lambda: lists.fetch({"lists": gap["lists"]}, now=now, limit=1), refused)
        if found is None:
            return Batch([], {"gap": gap}, refused=refused) if refused else None
        left = {"gap": {**gap, **found.cursor}} if found.more else {}
        return replace(found, cursor=left, more=False)

    def _asked(self, ask: Callable[[], T], refused: list[str]) -> T | None:
        """Ask what needs the account, unless that failed a moment ago."""
        if time.monotonic() < self._rests_until:
            return None
        try:
            with reading():
                return ask()
        except ReadError as error:
            self._rests_until = time.monotonic() + max(REST, error.retry_after or 0)
            refused.append(error.words.stored())
            return None

    def _lost(self, place: dict[str, Any]) -> CursorLost:
        gap = self._gap(moment(place.get("at")))
        if gap is None:
            words = _("Bluesky's stream no longer goes back to where we were. Some is missing.")
        else:
            words = _("Bluesky's stream no longer goes back to where we were. We search instead.")
        return CursorLost(words, cursor=_cursor({}, gap))

    def _gap(self, since: datetime | None) -> dict[str, Any] | None:
        """Note what is to be searched for: from now back to `since`, or as far as is wanted."""
        if self._lists is None:
            return None
        now = datetime.now(UTC)
        return {"now": now.isoformat(), **self._lists.back_to(since, now=now)}


def _cursor(place: dict[str, Any], gap: dict[str, Any] | None) -> dict[str, Any]:
    return {**place, "gap": gap} if gap else dict(place)


def _ended(error: Exception) -> ReadError:
    return ReadError(
        _("Bluesky has ended the stream (%(error)s). We go on where it ended."), error=error
    )
