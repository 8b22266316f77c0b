"""Reads a folder of a mailbox, without changing anything in it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import Batch, Post
from connectors.network import Wanted
from core.words import Words

from . import mail
from .line import Client, Mailbox, opened, select_folder

# Bytes of each mail that are read, and mails asked for at once.
PEEK = 65_536
TOGETHER = 25
_BODY = f"BODY.PEEK[]<0.{PEEK}>"
# How far back a first look goes; and how far behind the last look one after a renumbering.
RECENT = timedelta(days=3)
OVERLAP = timedelta(days=2)
# Mails of which we know the number, so that we see when they are deleted.
WINDOW = 300
_RENUMBERED = Words(_("The server has numbered its mails anew; the last days were read again."))


class ImapReader:
    """Cursor: {"validity", "uid": the last read, "seen": when, "known": [[uid, id], …]}."""

    def __init__(self, mailbox: Mailbox, wanted: Wanted) -> None:
        self._mailbox = mailbox
        self.folder = wanted.get("folder") or "INBOX"
        self._follows_deletions = wanted.get("deleted") == "follow"
        self._choice = Choice(wanted, mailbox.user)

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        with opened(self._mailbox) as client:
            return self.read(client, cursor, now=now, limit=limit)

    def read(
        self, client: Client, cursor: dict[str, Any], *, now: datetime, limit: int = 500
    ) -> Batch:
        """Read on over a line that stands. What `opened` turns into a ReadError may leave it."""
        answer = select_folder(client, self.folder)
        validity = int(answer[b"UIDVALIDITY"])
        same = cursor.get("validity") == validity
        last = int(cursor["uid"]) if same else 0
        uids = self._after(client, last) if same else self._recent(client, cursor, now)
        found = self._mails(client, uids[:limit], now)
        finished = len(uids) <= limit
        if not same and finished:
            last = int(answer.get(b"UIDNEXT", 1)) - 1
        known = cursor.get("known", []) if same else []
        gone, known = self._deleted(client, [*known, *([uid, each.id] for uid, each in found)])
        place = {
            "validity": validity,
            "uid": max([last, *uids[:limit]]),
            "seen": now.isoformat(),
            "known": known,
        }
        return Batch(
            [post_of(each) for _uid, each in found if self._choice.takes(each)],
            place,
            more=not finished,
            gone=gone,
            refused=[_RENUMBERED.stored()] if cursor and not same else [],
        )

    def _after(self, client: Client, last: int) -> list[int]:
        # "n:*" always names the last mail, even where n is beyond it.
        found = client.search(["UID", f"{last + 1}:*"])
        return sorted(uid for uid in found if uid > last)

    def _recent(self, client: Client, cursor: dict[str, Any], now: datetime) -> list[int]:
        """What a first look reads, or one after the server has numbered its mails anew."""
        since = now - RECENT
        if cursor.get("seen"):
            since = datetime.fromisoformat(cursor["seen"]) - OVERLAP
        return sorted(client.search(["SINCE", since.date()]))

    def _mails(
        self, client: Client, uids: Sequence[int], now: datetime
    ) -> list[tuple[int, mail.Mail]]:
        made = []
        for at in range(0, len(uids), TOGETHER):
            asked = list(uids[at : at + TOGETHER])
            answer = client.fetch(asked, ["INTERNALDATE", _BODY])
            for uid in asked:
                # A mail that was deleted meanwhile is not in the answer.
                raw = answer.get(uid, {}).get(b"BODY[]<0>")
                if isinstance(raw, bytes):
                    made.append((uid, mail.read(raw, arrived=_arrived(answer[uid], now))))
        return made

    def _deleted(self, client: Client, known: list[Any]) -> tuple[list[str], list[Any]]:
        """Return the ids of known mails that are no longer there, and the known ones that are."""
        if not self._follows_deletions or not known:
            return [], []
        there = set(client.search(["UID", f"{known[0][0]}:{known[-1][0]}"]))
        left = [each for each in known if each[0] in there]
        # The same mail may have been delivered twice.
        here = {each[1] for each in left}
        gone = {each[1] for each in known} - here
        return sorted(gone), left[-WINDOW:]


class Choice:
    """Which mails of a folder are meant: {"from": addresses or domains, "subject": words}."""

    def __init__(self, wanted: Wanted, own: str) -> None:
        self._senders = [each.lower().lstrip("@") for each in _lines(wanted.get("from"))]
        self._subjects = [each.casefold() for each in _lines(wanted.get("subject"))]
        self._own = own.lower()

    def takes(self, found: mail.Mail) -> bool:
        if found.automatic or found.address == self._own:
            return False
        return self._is_from(found.address) and self._is_about(found.subject)

    def _is_from(self, address: str) -> bool:
        domain = address.rpartition("@")[2]
        return not self._senders or any(
            each in {address, domain} or domain.endswith("." + each) for each in self._senders
        )

    def _is_about(self, subject: str) -> bool:
        folded = subject.casefold()
        return not self._subjects or any(each in folded for each in self._subjects)


def post_of(found: mail.Mail) -> Post:
    """The sender's address is personal: it is kept apart from the name, and not shown."""
    files = " ".join(f"📎 {name}" for name in found.attachments)
    return Post(
        external_id=found.id,
        title=found.subject,
        text="\n\n".join(part for part in (found.text or found.subject, files) if part),
        author=found.name,
        author_id=found.address,
        published_at=found.at,
        network="mail",
    )


def _arrived(answer: dict[bytes, Any], now: datetime) -> datetime:
    at = answer.get(b"INTERNALDATE")
    if not isinstance(at, datetime):
        return now
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _lines(value: Any) -> list[str]:
    lines = value.splitlines() if isinstance(value, str) else (value or [])
    return [line.strip() for line in lines if line.strip()]
