"""Webhooks that a ladder calls: signed, at least once under one id, outside of any transaction."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core import http, signatures
from core.clock import database_now
from core.crypto import seal, unseal
from core.errors import Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.models import Incident
from incidents.models_escalation import CallState, FiredStep, OutgoingWebhook, WebhookCall

from .timeline import append, lock, show

logger = logging.getLogger(__name__)

# One call may take this long, in seconds; the lease is longer, so that no two send it at once.
TIMEOUT = 5.0
LEASE = timedelta(seconds=12)
# Called at the same time, so that one that hangs holds up no other.
BATCH = 8
# Until the next attempt, in seconds, after the first, the second …; then it has failed.
PAUSES = (2, 10, 30, 120, 600)
MOST_BYTES = 64 * 1024


class Answer(NamedTuple):
    """What became of one attempt: `said` is the status, or why there is none."""

    well: bool
    said: str


@transaction.atomic
def add_webhook(brand: Brand, *, name: str, url: str, by: User) -> tuple[OutgoingWebhook, str]:
    """Make an address that steps may call; return it and its secret, which is shown once.

    Refused for what is no address; whether it may be called is decided when it is (core.gate).
    """
    name, url = clean(name).strip()[:80], clean(url).strip()
    if not name:
        raise Refused(_("Give the webhook a name."))
    try:
        http.parse(url)
    except http.HttpError as error:
        raise Refused(str(error)) from None
    secret = signatures.new_secret()
    webhook = OutgoingWebhook.objects.create(brand=brand, name=name, url=url, secret=b"")
    webhook.secret = seal(secret.encode(), context=_context(webhook))
    webhook.save(update_fields=["secret"])
    audit.record("webhook.added", actor=by, brand=brand, subject=name)
    return webhook, secret


@transaction.atomic
def remove_webhook(webhook: OutgoingWebhook, *, by: User) -> None:
    """Remove an address. Steps that call it are passed from now on, and say so."""
    audit.record("webhook.removed", actor=by, brand=webhook.brand_id, subject=webhook.name)
    webhook.delete()


def _context(webhook: OutgoingWebhook) -> str:
    return f"incidents.webhook.{webhook.pk}"


def enqueue(
    webhook: OutgoingWebhook, fired: FiredStep, *, incident: Incident, now: datetime
) -> None:
    """Write the call into the outbox, in the transaction of the step."""
    body = {
        "type": "incident.escalated",
        "at": now.isoformat(),
        "test": incident.is_drill,
        "step": (fired.place or 0) + 1,
        "incident": {
            "reference": incident.reference,
            "brand": incident.brand.slug,
            "title": incident.outward_title,
            "severity": incident.severity,
            "state": incident.state,
            "url": settings.PUBLIC_URL + reverse("incidents:incident", args=[incident.reference]),
        },
    }
    WebhookCall.objects.create(
        fired=fired, webhook=webhook, call_id=f"esc_{uuid4().hex}", body=json.dumps(body),
        send_at=now,
    )  # fmt: skip


def send_hooks(now: datetime) -> int:
    """Call one batch of what is due; return how many were called."""
    claim = uuid4().hex
    claimed = _claim(claim, now)
    if not claimed:
        return 0
    with ThreadPoolExecutor(len(claimed)) as pool:
        answers = list(pool.map(lambda call: _post(call, now), claimed))
    for call, answer in zip(claimed, answers, strict=True):
        _settle(call, answer)
    return len(claimed)


def _claim(claim: str, now: datetime) -> list[WebhookCall]:
    with transaction.atomic():
        due = WebhookCall.objects.filter(state=CallState.QUEUED, send_at__lte=now)
        locked = due.select_for_update(skip_locked=True).order_by("send_at")
        ids = list(locked.values_list("pk", flat=True)[:BATCH])
        WebhookCall.objects.filter(pk__in=ids).update(
            claim=claim, send_at=now + LEASE, attempts=F("attempts") + 1
        )
    return list(WebhookCall.objects.filter(pk__in=ids, claim=claim).select_related("webhook"))


def _post(call: WebhookCall, now: datetime) -> Answer:
    """One attempt; without the database, since it runs in a thread of its own."""
    try:
        secret = unseal(bytes(call.webhook.secret), context=_context(call.webhook)).decode()
        body = call.body.encode()
        headers = signatures.sign(secret, call_id=call.call_id, at=now, body=body)
        answer = http.fetch(
            call.webhook.url,
            method="POST",
            headers={"Content-Type": "application/json", **headers},
            body=body,
            timeout=TIMEOUT,
            max_bytes=MOST_BYTES,
        )
    except http.HttpError as error:
        return Answer(False, str(error))
    except Exception as error:
        logger.exception("The webhook call %s could not be made", call.call_id)
        return Answer(False, type(error).__name__)
    return Answer(200 <= answer.status < 300, str(answer.status))


def _settle(call: WebhookCall, answer: Answer) -> None:
    """Record the outcome, unless the claim was lost: then it is another sender's to record."""
    now = database_now()
    mine = WebhookCall.objects.filter(pk=call.pk, claim=call.claim)
    said = clean(answer.said)[:300]
    if answer.well:
        mine.update(state=CallState.SENT, sent_at=now, send_at=None, claim="", outcome=said)
    elif call.attempts <= len(PAUSES):
        pause = timedelta(seconds=PAUSES[call.attempts - 1])
        mine.update(send_at=now + pause, claim="", outcome=said)
    else:
        _give_up(call, said, now=now)


@transaction.atomic
def _give_up(call: WebhookCall, said: str, *, now: datetime) -> None:
    mine = WebhookCall.objects.filter(pk=call.pk, claim=call.claim)
    if mine.update(state=CallState.FAILED, send_at=None, claim="", outcome=said):
        incident = lock(call.fired.incident_id)
        params = {"code": "webhook_failed", "name": call.webhook.name, "said": said}
        append(incident, EntryKind.CALLED, params=params, now=now)
        show(incident, ["timeline", "ladder"])
