"""Keeping those informed who are not in the room: subscribers, updates, who has read them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from secrets import token_urlsafe

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents import selectors
from incidents.enums import EntryKind, Receipt, Severity
from incidents.models import Incident
from incidents.models_updates import BriefReceipt, BriefUpdate, BriefVersion, Subscriber
from incidents.severity import TARGETS

from .notices import tell
from .timeline import append, lock_current, readable, show

PARTS = ["briefs", "timeline"]
# A mail is composed and handed over within it; else somebody else takes over.
LEASE = timedelta(seconds=30)


@transaction.atomic
def subscribe(  # noqa: PLR0913 - who is kept informed, how, and by whom
    incident_id: int,
    *,
    user: User | None = None,
    email: str = "",
    name: str = "",
    language: str = "",
    by: User,
    now: datetime,
) -> Subscriber:
    """Keep a person of the brand, or an address, informed; again does nothing.

    Refused for who cannot see the incident, and of a private one for addresses without an account.
    """
    incident = lock_current(incident_id)
    found = _of_user(incident, user) if user else _of_address(incident, email)
    if found is not None and found.ended_at is None:
        return found
    subscriber = found or Subscriber(incident=incident, user=user, email="" if user else email)
    subscriber.name = clean(name).strip()[:120]
    subscriber.language = language if language in dict(settings.LANGUAGES) else ""
    subscriber.since, subscriber.added_by, subscriber.ended_at = now, by, None
    subscriber.save()
    _record("incident.subscribed", incident, by)
    show(incident, ["briefs"])
    return subscriber


def _of_user(incident: Incident, user: User) -> Subscriber | None:
    if not selectors.insiders(incident).filter(pk=user.pk).exists():
        raise Refused(_("%(name)s cannot see this incident.") % {"name": user})
    found: Subscriber | None = incident.subscribers.filter(user=user).first()
    return found


def _of_address(incident: Incident, email: str) -> Subscriber | None:
    if incident.is_private:
        raise Refused(_("Updates of a private incident go to its members only."))
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(_("This is no e-mail address: %(email)s") % {"email": email}) from None
    found: Subscriber | None = incident.subscribers.filter(user=None, email__iexact=email).first()
    return found


def _record(action: str, incident: Incident, by: User | None) -> None:
    audit.record(action, actor=by, brand=incident.brand_id, subject=incident.reference)


@transaction.atomic
def unsubscribe(subscriber_id: int, *, by: User | None = None, now: datetime) -> None:
    """End a subscription: by somebody in the room, or by the reader (`by` None)."""
    subscriber = Subscriber.objects.select_related("incident").get(pk=subscriber_id)
    _end(Subscriber.objects.filter(pk=subscriber_id), now=now)
    _record("incident.unsubscribed", subscriber.incident, by)
    show(subscriber.incident, ["briefs"])


def _end(rows: Iterable[Subscriber], *, now: datetime) -> None:
    ids = [row.pk for row in rows]
    Subscriber.objects.filter(pk__in=ids, ended_at=None).update(ended_at=now)
    queued = BriefReceipt.objects.filter(subscriber__in=ids, state=Receipt.QUEUED)
    queued.update(state=Receipt.STOPPED, send_at=None)


def end_outsiders(incident: Incident, *, now: datetime) -> None:
    """End the subscriptions of who may not see a locked incident any more; nothing more is sent."""
    inside = selectors.insiders(incident).values("pk")
    _end(incident.subscribers.exclude(user__in=inside), now=now)
    _end(incident.subscribers.filter(user=None), now=now)


@transaction.atomic
def send_brief(incident_id: int, text: str, *, by: User, now: datetime) -> BriefUpdate:
    """Send an update to every subscriber, by mail and page; it winds up the clock of the next one.

    Refused without anything to read, or anybody to read it.
    """
    said = readable(text)
    incident = lock_current(incident_id)
    brief = BriefUpdate.objects.create(
        incident=incident, number=incident.briefs.count() + 1, created_at=now
    )
    count = _publish(incident, brief, said, by=by, now=now)
    every = TARGETS[Severity(incident.severity)].update
    if incident.is_open:
        incident.update_by = now + every if every else None
        incident.save(update_fields=["update_by"])
    params = {"code": "sent", "number": brief.number, "count": count}
    append(incident, EntryKind.BRIEF, actor=by, params=params, text=said, now=now)
    _record("incident.briefed", incident, by)
    show(incident, [*PARTS, "head"])
    return brief


@transaction.atomic
def correct_brief(
    brief_id: int, text: str, *, version: int, by: User, now: datetime
) -> BriefUpdate:
    """Send a new version of an update; the one before stays readable beside it.

    Conflict if somebody corrected it meanwhile: `version` is the one that was shown.
    """
    said = readable(text)
    known = BriefUpdate.objects.get(pk=brief_id)
    incident = lock_current(known.incident_id)
    brief = BriefUpdate.objects.get(pk=brief_id)
    if brief.version != version:
        raise Conflict(_("Somebody else has corrected it meanwhile. Read it again."))
    brief.version += 1
    brief.save(update_fields=["version"])
    count = _publish(incident, brief, said, by=by, now=now)
    params = {"code": "corrected", "number": brief.number, "count": count}
    append(incident, EntryKind.BRIEF, actor=by, params=params, text=said, now=now)
    _record("incident.briefed", incident, by)
    show(incident, PARTS)
    return brief


def _publish(incident: Incident, brief: BriefUpdate, text: str, *, by: User, now: datetime) -> int:
    """Write the version and its outbox; what still waits of an older one is not sent any more."""
    subscribers = list(incident.subscribers.filter(ended_at=None).select_related("user"))
    if not subscribers:
        raise Refused(_("Nobody is subscribed yet. Add the readers first."))
    older = BriefReceipt.objects.filter(version__brief=brief, state=Receipt.QUEUED)
    older.update(state=Receipt.STOPPED, send_at=None)
    version = BriefVersion.objects.create(
        brief=brief, number=brief.version, text=text, author=by, at=now
    )
    BriefReceipt.objects.bulk_create(
        BriefReceipt(version=version, subscriber=each, token=token_urlsafe(32), send_at=now)
        for each in subscribers
    )
    people = [each.user for each in subscribers if each.user and each.user != by]
    key = f"brief.{brief.number}.{brief.version}"
    tell(people, "brief", incident=incident, key=key, now=now, number=brief.number)
    return len(subscribers)


@transaction.atomic
def confirm_read(receipt_id: int, *, now: datetime) -> None:
    """Note that the reader has read this version, once; the room sees it."""
    read = BriefReceipt.objects.filter(pk=receipt_id, read_at=None).update(read_at=now)
    if read:
        receipt = BriefReceipt.objects.select_related("version__brief__incident").get(pk=receipt_id)
        show(receipt.version.brief.incident, ["briefs"])
