"""Updates to subscribers: a row a mail, written with the entry, sent by the engine.

The server is called outside any transaction, by who has claimed the row. A mail whose sender died
is sent again under the same Message-ID, so that a double folds into one.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from core.clock import database_now
from notifications.channels.base import Failed, Letter, Undeliverable
from notifications.channels.email import Mailer
from responses.models_statement import (
    Statement,
    StatementEntry,
    StatementMail,
    StatementSubscriber,
)
from responses.statements import addresses, links, pages
from responses.statements.reading import headline

logger = logging.getLogger(__name__)
BATCH = 15
# A sender that has not come back after this is dead.
LEASE = timedelta(minutes=3)
# Minutes to wait after each failure that may pass; then the mail is given up.
DELAYS = (1, 5, 15, 60, 240)
# Who followed a statement is forgotten this long after its closing note.
KEEP = timedelta(days=30)


def queue(entry: StatementEntry, *, now: datetime) -> int:
    """One mail of this entry to everybody who reads its language. In the entry's transaction."""
    rows = StatementSubscriber.objects.filter(
        statement=entry.statement, language=entry.language, confirmed_at__isnull=False
    )
    mails = [StatementMail(subscriber_id=pk, entry=entry, send_at=now) for pk in _ids(rows)]
    StatementMail.objects.bulk_create(mails, batch_size=1000, ignore_conflicts=True)
    return len(mails)


def _ids(rows: object) -> Iterator[int]:
    return rows.values_list("pk", flat=True).iterator()  # type: ignore[attr-defined,no-any-return]


def forget_later(statement: Statement, *, now: datetime) -> None:
    """After the closing note nothing more comes: its followers are forgotten in time."""
    followers = StatementSubscriber.objects.filter(statement=statement, confirmed_at__isnull=False)
    followers.update(forget_at=now + KEEP)


# By the engine


def send_due(*, now: datetime) -> int:
    """Send a batch; return how many were claimed."""
    claimed = _claim(now=now)
    if claimed:
        with Mailer() as mailer:
            for mail in claimed:
                _send(mailer, mail)
    return len(claimed)


@transaction.atomic
def _claim(*, now: datetime) -> list[StatementMail]:
    free = Q(sending_since=None) | Q(sending_since__lte=now - LEASE)
    rows = StatementMail.objects.select_for_update(skip_locked=True, of=("self",))
    due = rows.filter(free, send_at__lte=now).select_related(
        "subscriber__statement__site__brand", "entry__statement__site__brand"
    )
    found = list(due.order_by("send_at", "pk")[:BATCH])
    StatementMail.objects.filter(pk__in=[mail.pk for mail in found]).update(
        sending_since=now, attempts=F("attempts") + 1
    )
    return found


def _send(mailer: Mailer, mail: StatementMail) -> None:
    # Who has left since is written to no more.
    if not StatementMail.objects.filter(pk=mail.pk, send_at__isnull=False).exists():
        return
    try:
        mailer.send(_letter(mail))
    except Undeliverable as failed:
        _settle(mail, error=str(failed))
    except Failed as failed:
        _again(mail, error=str(failed))
    except Exception:
        logger.exception("Statement mail %s could not be made", mail.pk)
        _again(mail, error="unexpected")
    else:
        _settle(mail, sent_at=database_now())


def _settle(mail: StatementMail, **outcome: object) -> None:
    StatementMail.objects.filter(pk=mail.pk).update(send_at=None, sending_since=None, **outcome)


def _again(mail: StatementMail, *, error: str) -> None:
    if mail.attempts >= len(DELAYS):
        _settle(mail, error=error)
        return
    due = database_now() + timedelta(minutes=DELAYS[mail.attempts])
    StatementMail.objects.filter(pk=mail.pk).update(
        send_at=due, sending_since=None, error=error[:300]
    )


# Letters


def _letter(mail: StatementMail) -> Letter:
    subscriber = mail.subscriber
    site = subscriber.statement.site
    with pages.told_in(site, subscriber.language):
        if mail.entry is None:
            return _question(mail, site.brand.name)
        return _update(mail, mail.entry, site.brand.name)


def _question(mail: StatementMail, brand: str) -> Letter:
    subscriber = mail.subscriber
    lines = [
        _("Somebody, we hope you, asked for the updates of this statement by %(brand)s:")
        % {"brand": brand},
        addresses.statement(subscriber.statement),
        _("Confirm within 24 hours, and they come to this address:"),
        links.confirm_url(subscriber),
        _("If it was not you, do nothing: the address is deleted."),
    ]
    return _as_letter(mail, _("%(brand)s: do you want updates?") % {"brand": brand}, lines, ())


def _update(mail: StatementMail, entry: StatementEntry, brand: str) -> Letter:
    leave = links.leave_url(mail.subscriber)
    kind = entry.get_form_display()
    title = headline(entry.text) or kind
    lines = [
        _opening(entry),
        entry.text,
        _("With its signature, at its permanent address:"),
        addresses.entry(entry.statement, entry.number),
        _("Leave with one click; your address is deleted:"),
        leave,
    ]
    headers = (
        ("List-Unsubscribe", f"<{leave}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", f"<{entry.statement.slug}.{entry.statement.site.slug}.statements>"),
    )
    subject = f"{brand}: {title}"
    return _as_letter(mail, subject, [line for line in lines if line], headers)


def _opening(entry: StatementEntry) -> str:
    if entry.form == "CORRECTION":
        return _("This is put right. Why: %(reason)s") % {"reason": entry.reason}
    if entry.form == "WITHDRAWAL":
        return _("An earlier update has been withdrawn. It no longer holds.")
    return ""


def _as_letter(
    mail: StatementMail, subject: str, lines: list[str], headers: tuple[tuple[str, str], ...]
) -> Letter:
    return Letter(
        reference=f"statement-{mail.pk}-{mail.subscriber.nonce[:8]}",
        recipient=mail.subscriber.email,
        subject=subject,
        text="\n\n".join(lines),
        url="",
        language=mail.subscriber.language,
        headers=headers,
    )
