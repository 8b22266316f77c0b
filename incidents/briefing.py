"""The mails of updates: claimed with a lease, in the reader's language, sent at least once."""

import logging
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core.text import clean
from notifications.channels.base import Letter, TryLater, Undeliverable
from notifications.channels.email import Mailer, configured

from .enums import Receipt, Severity
from .models import Incident
from .models_updates import BriefReceipt
from .services.briefs import LEASE

logger = logging.getLogger(__name__)
BATCH = 20
# Seconds until the next attempt; after the last it has failed.
PAUSES = (5, 30, 120, 600, 1800)


def send_due(now: datetime) -> int:
    """Send one batch of what is due; return how many were tried."""
    if not configured():
        due = BriefReceipt.objects.filter(state=Receipt.QUEUED, send_at__lte=now)
        return due.update(state=Receipt.KEPT, send_at=None)
    claimed = _claim(uuid4().hex, now)
    if claimed:
        with Mailer() as mailer:
            for receipt in claimed:
                _attempt(receipt, mailer, now)
    return len(claimed)


def _claim(claim: str, now: datetime) -> list[BriefReceipt]:
    with transaction.atomic():
        due = BriefReceipt.objects.filter(state=Receipt.QUEUED, send_at__lte=now)
        locked = due.select_for_update(skip_locked=True).order_by("send_at")
        ids = list(locked.values_list("pk", flat=True)[:BATCH])
        BriefReceipt.objects.filter(pk__in=ids).update(
            claim=claim, send_at=now + LEASE, attempts=F("attempts") + 1
        )
    rows = BriefReceipt.objects.filter(pk__in=ids, claim=claim)
    return list(rows.select_related("version__brief__incident__brand", "subscriber__user"))


def _attempt(receipt: BriefReceipt, mailer: Mailer, now: datetime) -> None:
    """Send one and record the outcome under the same claim; one that breaks stops no other."""
    mine = BriefReceipt.objects.filter(pk=receipt.pk, claim=receipt.claim, state=Receipt.QUEUED)
    if not mine.exists() or not _may_read(receipt):
        mine.update(state=Receipt.STOPPED, send_at=None)
        return
    try:
        mailer.send(letter(receipt))
    except Undeliverable as error:
        mine.update(state=Receipt.FAILED, send_at=None, error=clean(str(error))[:300])
    except Exception as error:
        if not isinstance(error, TryLater):
            logger.exception("Update %s could not be mailed", receipt.pk)
        _postpone(receipt, clean(str(error))[:300], now)
    else:
        mine.update(state=Receipt.SENT, send_at=None, sent_at=now, error="")


def _may_read(receipt: BriefReceipt) -> bool:
    """Rights may end while a mail waits."""
    incident, user = receipt.version.brief.incident, receipt.subscriber.user
    if receipt.subscriber.ended_at is not None:
        return False
    if user is None:
        return not incident.is_private
    visible = Incident.with_drills.visible_to(user)
    return user.is_active and visible.filter(pk=incident.pk).exists()


def _postpone(receipt: BriefReceipt, error: str, now: datetime) -> None:
    rows = BriefReceipt.objects.filter(pk=receipt.pk, claim=receipt.claim, state=Receipt.QUEUED)
    if receipt.attempts > len(PAUSES):
        rows.update(state=Receipt.FAILED, send_at=None, error=error)
    else:
        pause = timedelta(seconds=PAUSES[receipt.attempts - 1])
        rows.update(send_at=now + pause, claim="", error=error)


def letter(receipt: BriefReceipt) -> Letter:
    """Compose the mail. Of a private incident it says only that there is something to read."""
    subscriber, version = receipt.subscriber, receipt.version
    language = subscriber.user.language if subscriber.user else subscriber.language
    address = reverse("incidents:brief_read", args=[receipt.token])
    with translation.override(language or settings.LANGUAGE_CODE):
        incident = version.brief.incident
        facts = {
            "severity": Severity(incident.severity).label,
            "brand": incident.brand.name,
            "number": version.brief.number,
            "title": incident.outward_title,
        }
        subject = _("%(severity)s %(brand)s, update %(number)s: %(title)s") % facts
        words = _("There is an update to read.") if incident.is_private else version.text
        if version.number > 1:
            words = _("Corrected, instead of what you had before:") + f"\n\n{words}"
        foot = _("Confirm here that you have read it, or end these updates:")
        return Letter(
            reference=f"brief-{receipt.pk}",
            recipient=subscriber.user.email if subscriber.user else subscriber.email,
            subject=subject,
            text=f"{words}\n\n--\n{foot}",
            url=settings.PUBLIC_URL + address,
            headers=_leaving(receipt),
        )


def _leaving(receipt: BriefReceipt) -> tuple[tuple[str, str], ...]:
    """What gives a mail program its own button for ending the updates (RFC 8058)."""
    address = reverse("incidents:brief_leave", args=[receipt.token])
    return (
        ("List-Unsubscribe", f"<{settings.PUBLIC_URL}{address}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
