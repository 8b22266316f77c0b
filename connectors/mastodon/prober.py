"""Tests the connection to a Mastodon server: who we are there, and what the token allows."""

import queue
from datetime import datetime

from django.utils.translation import gettext as _

from connectors.base import Can, Connection, Probe, ReadError
from connectors.network import Wanted

from .client import Client, Lacking, NotThere, text
from .reader import MastodonReader, parts_of
from .stream import Line, path_of

SAMPLE = 3
# What each right opens, and a call that needs it.
_READING: tuple[tuple[Can, str, str, dict[str, str]], ...] = (
    (Can.NOTIFICATIONS, "read:notifications", "/api/v1/notifications", {}),
    (Can.SEARCH, "read:search", "/api/v2/search", {"q": "a", "type": "statuses"}),
)
_ALWAYS = Can.BACKFILL | Can.SEES_EDITS | Can.SEES_DELETIONS | Can.LOOK_UP
_WRITING = Can.POST | Can.REPLY | Can.DELETE | Can.FIND


class MastodonProber:
    """What a connection is able to do; and of a source (`wanted` not empty) what it would bring."""

    def __init__(self, connection: Connection, wanted: Wanted) -> None:
        self._client = Client(connection)
        self._wanted = wanted

    def probe(self, *, now: datetime) -> Probe:
        me, limits = self._client.me, self._client.limits
        probe = Probe(account=f"@{text(me.get('acct'))} ({limits.name or self._client.server})")
        can, notes = _ALWAYS, []
        for ability, right, path, query in _READING:
            missing = self._lacks(path, query)
            can |= Can.NOTHING if missing else ability
            if missing:
                notes.append(_("The token lacks the right %(right)s.") % {"right": right})
        abilities, missing_rights = _writing(self._scopes())
        can |= abilities
        notes += missing_rights
        wanted = self._wanted or {"mentions": "yes"}
        streams = self._streams(wanted)
        can |= Can.STREAM if streams else Can.NOTHING
        if not streams:
            notes.append(_("This server has no stream that we can follow, so it is polled."))
        notes.append(_takes(limits.characters))
        sample = self._sample(now) if self._wanted else []
        learned = {"characters": limits.characters, "per_url": limits.per_url}
        return Probe(account=probe.account, can=can, sample=sample, notes=notes, learned=learned)

    def _lacks(self, path: str, query: dict[str, str]) -> bool:
        try:
            self._client.get(path, limit=1, **query)
        except (Lacking, NotThere):
            return True
        return False

    def _scopes(self) -> set[str] | None:
        """The token's rights; None where the server does not tell."""
        try:
            app = self._client.get("/api/v1/apps/verify_credentials")
        except ReadError:
            return None
        scopes = app.get("scopes") if isinstance(app, dict) else None
        if not isinstance(scopes, list):
            return None
        return {text(scope) for scope in scopes}

    def _streams(self, wanted: Wanted) -> bool:
        parts = [part for part in parts_of(wanted) if path_of(part)]
        if not parts:
            return False
        base = self._client.limits.streams or self._client.server
        line = Line(parts[0], base, self._client.token, queue.Queue(1))
        try:
            return line.stands()
        except ReadError:
            return False
        finally:
            line.close()

    def _sample(self, now: datetime) -> list[str]:
        batch = MastodonReader(self._client, self._wanted).fetch({}, now=now)
        return [post.text[:120] for post in batch.posts[:SAMPLE]]


def _writing(scopes: set[str] | None) -> tuple[Can, list[str]]:
    """What a token may publish, and what is said about what it may not."""
    if scopes is None:
        everything = _WRITING | Can.IMAGES
        return everything, [_("The server does not tell whether the token may publish.")]
    can, missing = Can.NOTHING, []
    for right, abilities in (("write:statuses", _WRITING), ("write:media", Can.IMAGES)):
        if scopes & {"write", right}:
            can |= abilities
        else:
            missing.append(_("The token lacks the right %(right)s.") % {"right": right})
    return can, missing


def _takes(characters: int) -> str:
    return _("Posts may be %(count)d characters long here.") % {"count": characters}
