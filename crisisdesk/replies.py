"""Reads the mailbox that replies to our letters come to, and hands each to notifications.

It sits up here because it takes both: connectors to read mail, and notifications to act on it.
Nothing in the mailbox is changed; how far it was read is kept.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from connectors.base import ReadError
from connectors.imap import mail
from connectors.imap.line import Client, Mailbox, opened, select_folder
from core.clock import database_now
from core.engine import loop
from core.text import clean
from notifications.models import ReplyInbox
from notifications.services.replies import Written, take_mail

logger = logging.getLogger(__name__)
EVERY = timedelta(seconds=10)
# Mails in one cycle, and bytes that are read of each: an answer stands on top.
MOST = 50
PEEK = 65_536
_BODY = f"BODY.PEEK[]<0.{PEEK}>"


@loop("replies", every=5.0)
def replies() -> int:
    """Act on what people wrote back by mail."""
    return read_replies(database_now()) if settings.REPLY_IMAP_HOST else 0


def read_replies(now: datetime) -> int:
    """Read on in the mailbox unless somebody just has; return how many mails were acted on."""
    name = f"{settings.REPLY_IMAP_USER}@{settings.REPLY_IMAP_HOST}"
    inbox, _made = ReplyInbox.objects.get_or_create(name=name)
    # Whose turn it is, is claimed by moving the time; reading waits outside of any transaction.
    waiting = Q(read_at=None) | Q(read_at__lte=now - EVERY)
    if not ReplyInbox.objects.filter(waiting, pk=inbox.pk).update(read_at=now):
        return 0
    try:
        with opened(_mailbox()) as client:
            found, cursor = _read(client, inbox.cursor, now)
    except ReadError as error:
        ReplyInbox.objects.filter(pk=inbox.pk).update(error=clean(str(error))[:300])
        return 0
    # Acted on before the cursor moves: a reply is known by its id, and does nothing twice.
    done = sum(take_mail(each, now=now) is not None for each in found)
    ReplyInbox.objects.filter(pk=inbox.pk).update(cursor=cursor, error="")
    return done


def _mailbox() -> Mailbox:
    return Mailbox(
        settings.REPLY_IMAP_HOST,
        settings.REPLY_IMAP_PORT,
        settings.REPLY_IMAP_SECURITY,
        settings.REPLY_IMAP_USER,
        settings.REPLY_IMAP_PASSWORD,
    )


def _read(
    client: Client, cursor: dict[str, Any], now: datetime
) -> tuple[list[Written], dict[str, Any]]:
    """Return what came since, and the new cursor. A first look acts on nothing that was there."""
    answer = select_folder(client, "INBOX")
    validity = int(answer[b"UIDVALIDITY"])
    if cursor.get("validity") != validity:
        return [], {"validity": validity, "uid": int(answer.get(b"UIDNEXT", 1)) - 1}
    last = int(cursor["uid"])
    # "n:*" always names the last mail, even where n is beyond it.
    uids = sorted(uid for uid in client.search(["UID", f"{last + 1}:*"]) if uid > last)[:MOST]
    fetched = client.fetch(uids, [_BODY]) if uids else {}
    raws = [fetched.get(uid, {}).get(b"BODY[]<0>") for uid in uids]
    found = [written for raw in raws if isinstance(raw, bytes) and (written := _written(raw, now))]
    return found, {"validity": validity, "uid": max([last, *uids])}


def _written(raw: bytes, now: datetime) -> Written | None:
    """What a person wrote; None for what a machine answered by itself."""
    read = mail.read(raw, arrived=now)
    if read.automatic:
        return None
    about = mail.headers(raw, "In-Reply-To", "References")
    return Written(read.address, read.text, read.id, " ".join(about.values()))
