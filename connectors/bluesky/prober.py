"""Tests a Bluesky account, and what a source would bring."""

from datetime import datetime

from django.utils.translation import gettext as _

from connectors.base import Can, Probe, ReadError
from core import http, websocket

from .firehose import dialect
from .reader import Lists
from .session import Session, reading

SAMPLE = 3
READS = (
    Can.SEARCH
    | Can.NOTIFICATIONS
    | Can.STREAM
    | Can.BACKFILL
    | Can.SEES_EDITS
    | Can.SEES_DELETIONS
    | Can.LOOK_UP
)
WRITES = Can.POST | Can.REPLY | Can.DELETE | Can.FIND | Can.IMAGES


class Prober:
    """`lists` is what the source would be read by, `stream` what it would follow ("": nothing)."""

    def __init__(self, session: Session, lists: Lists | None, stream: str) -> None:
        self._session = session
        self._lists = lists
        self._stream = stream

    def probe(self, *, now: datetime) -> Probe:
        with reading():
            said = self._session.call("com.atproto.server.getSession")
        notes = []
        if said.get("active") is False:
            notes.append(_("Bluesky says that this account is not active: it cannot publish."))
        if self._stream:
            self._try_stream()
        sample = self._lists.fetch({}, now=now).posts if self._lists else []
        return Probe(
            account="@" + self._session.handle,
            can=READS if notes else READS | WRITES,
            sample=[post.text[:120] for post in sample[:SAMPLE]],
            notes=notes,
        )

    def _try_stream(self) -> None:
        try:
            websocket.connect(dialect(self._stream).url({})).close()
        except http.HttpError as error:
            raise ReadError(error) from error
