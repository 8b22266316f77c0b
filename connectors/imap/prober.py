"""Tests the connection to a mailbox: that we get in, which folders there are, what is in one."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectors.base import Can, Probe
from connectors.network import Wanted

from .line import Client, Mailbox, opened
from .reader import ImapReader

SAMPLE = 3
MAX_FOLDERS = 20


class ImapProber:
    """See Prober. `wanted` may be empty: then only the account is tried."""

    def __init__(self, mailbox: Mailbox, wanted: Wanted) -> None:
        self._mailbox = mailbox
        self._wanted = wanted

    def probe(self, *, now: datetime) -> Probe:
        with opened(self._mailbox) as client:
            can, notes = Can.BACKFILL, []
            if client.has_capability("IDLE"):
                can |= Can.STREAM
            else:
                notes.append(_("This server does not tell of new mails (IDLE), so it is polled."))
            notes.append(self._folders(client))
            sample = self._sample(client, now)
        return Probe(account=self._mailbox.user, can=can, sample=sample, notes=notes)

    def _folders(self, client: Client) -> str:
        names = sorted(str(name) for _flags, _mark, name in client.list_folders())
        words = ngettext(
            "There is %(count)d folder: %(names)s",
            "There are %(count)d folders: %(names)s",
            len(names),
        )
        return words % {"count": len(names), "names": ", ".join(names[:MAX_FOLDERS])}

    def _sample(self, client: Client, now: datetime) -> list[str]:
        if not self._wanted:
            return []
        batch = ImapReader(self._mailbox, self._wanted).read(client, {}, now=now, limit=SAMPLE)
        return [(post.title or post.text)[:120] for post in batch.posts]
