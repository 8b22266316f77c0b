"""Entries of outside plans are taken in: from a file, an address that is asked, or a webhook."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from connectors.models import ConnectedAccount
from core import crypto, http, signatures
from core.errors import Conflict, Refused
from core.words import Worded, Words
from marketing import reading
from marketing.covering import covering
from marketing.enums import CalendarKind, Chore, FeedKind, Origin, PostState
from marketing.models import ChecklistItem, Feed, FeedCall, ScheduledPost
from marketing.reading import Fault, Item, Read, Refusal

from .pausing import SOON
from .posts import Planned, plan, values
from .telling import refresh

POLL_EVERY = timedelta(minutes=15)
AFTER_FAILURE = timedelta(minutes=5)
# A replayed call is refused by its id as long as its timestamp would still be accepted.
REMEMBERED = timedelta(seconds=2 * signatures.TOLERANCE + 60)
MOST_FEEDS = 30


@dataclass
class Taken:
    """What became of the entries: `new`, `changed`, `known` already, taken `gone`; what was left
    out, and why."""

    new: int = 0
    changed: int = 0
    known: int = 0
    gone: int = 0
    refused: list[Refusal] = field(default_factory=list)


# Files


def import_file(brand: Brand, body: bytes, name: str, *, by: User, now: datetime) -> Taken:
    """Take in a CSV file or a calendar. What names one of the brand's accounts is sent by it; the
    rest is shown. The same row twice is one entry. Raises reading.Unreadable."""
    require(by, Permission.PLAN_MARKETING, brand)
    zone = ZoneInfo(brand.time_zone)
    is_calendar = name.lower().endswith(".ics") or body.lstrip()[:15].upper() == b"BEGIN:VCALENDAR"
    read = (
        reading.from_calendar(body, zone, now=now) if is_calendar else reading.from_csv(body, zone)
    )
    return import_read(brand, read, by=by, now=now, origin=Origin.FILE)


@transaction.atomic
def import_read(brand: Brand, read: Read, *, by: User, now: datetime, origin: str) -> Taken:
    """Take in what was read, all in one transaction."""
    taken = Taken(refused=list(read.refused))
    accounts = {
        account.name.casefold(): account.pk
        for account in ConnectedAccount.objects.filter(brand=brand)
    }
    known = _known_keys(brand, read.items)
    for item in read.items:
        key = _key(brand, item)
        if key in known:
            taken.known += 1
            continue
        known.add(key)
        _import_one(brand, item, key, taken, accounts=accounts, by=by, now=now, origin=origin)
    taken.refused.sort(key=lambda refusal: refusal.row)
    if taken.new:
        audit.record(
            "scheduled.imported", actor=by, brand=brand, count=taken.new, lines=len(taken.refused)
        )
        refresh(brand.pk)
    return taken


def _import_one(  # noqa: PLR0913 - the parts of one row
    brand: Brand,
    item: Item,
    key: str,
    taken: Taken,
    *,
    accounts: dict[str, int],
    by: User,
    now: datetime,
    origin: str,
) -> None:
    account_id = accounts.get(item.account.casefold()) if item.account else None
    if item.account and account_id is None:
        taken.refused.append(Refusal(item.row, Fault.ACCOUNT_UNKNOWN, item.account[:80]))
        return
    if account_id and item.at <= now:
        taken.refused.append(Refusal(item.row, Fault.TIME_PASSED, str(item.at)))
        return
    try:
        post = plan(brand, _planned(item, account_id), by=by, now=now, origin=origin)
    except Refused as refusal:
        taken.refused.append(Refusal(item.row, Fault.REFUSED, str(refusal)[:200]))
        return
    ScheduledPost.objects.filter(pk=post.pk).update(idempotency_key=key)
    taken.new += 1


def _planned(item: Item, account_id: int | None) -> Planned:
    return Planned(
        item.text or item.title, item.at, account_id, kind=item.kind or CalendarKind.POST,
        title=item.title, network=item.network, campaign=item.campaign, country=item.country,
        tags=item.tags, ends_at=item.ends_at,
    )  # fmt: skip


def _key(brand: Brand, item: Item) -> str:
    """What makes a row the same row when a file is imported again."""
    parts = (brand.pk, item.at.timestamp(), item.account.casefold(), item.network, item.title,
             item.text)  # fmt: skip
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def _known_keys(brand: Brand, items: Iterable[Item]) -> set[str]:
    keys = [_key(brand, item) for item in items]
    rows = ScheduledPost.objects.filter(idempotency_key__in=keys)
    return set(rows.values_list("idempotency_key", flat=True))


# Feeds


@transaction.atomic
def add_feed(
    brand: Brand, kind: str, fields: dict[str, Any], *, by: User, now: datetime, url: str = ""
) -> tuple[Feed, str]:
    """Connect an outside tool; returns it with the webhook's secret, or "" for a calendar.

    `fields` may hold name, entry_kind, network and country.
    """
    require(by, Permission.MANAGE_BRAND, brand)
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    if Feed.objects.filter(brand=brand).count() >= MOST_FEEDS:
        raise Refused(_("There are %(most)d already. Remove one first.") % {"most": MOST_FEEDS})
    if Feed.objects.filter(brand=brand, name=fields["name"]).exists():
        raise Refused(_("There is one of this name already."))
    is_calendar = kind == FeedKind.CALENDAR
    if is_calendar:
        _check_address(url)
    secret = "" if is_calendar else signatures.new_secret()
    feed = Feed(brand=brand, kind=kind, created_by=by, created_at=now, **fields)
    feed.next_poll_at = now if is_calendar else None
    feed.sealed = crypto.seal((url or secret).encode(), context=_context(feed))
    feed.save()
    audit.record("marketing_feed.added", actor=by, brand=brand, subject=feed.name, kind=kind)
    return feed, secret


def _check_address(url: str) -> None:
    try:
        http.parse(url)
    except Worded as error:
        raise Refused(str(error)) from None


def _context(feed: Feed) -> str:
    return f"marketing.feed.{feed.public_id}"


def secret_of(feed: Feed) -> str:
    """The calendar's address, or the webhook's secret. Raises crypto.Unsealable."""
    return crypto.unseal(bytes(feed.sealed), context=_context(feed)).decode()


@transaction.atomic
def remove_feed(feed_id: int, *, by: User) -> None:
    """Disconnect a tool; what it brought leaves the calendar with it."""
    feed = Feed.objects.select_related("brand").get(pk=feed_id)
    require(by, Permission.MANAGE_BRAND, feed.brand_id)
    audit.record("marketing_feed.removed", actor=by, brand=feed.brand, subject=feed.name)
    feed.delete()
    refresh(feed.brand_id)


@transaction.atomic
def accept(feed: Feed, read: Read, *, now: datetime, whole: bool) -> Taken:
    """Bring a feed's entries up to date; `whole` means that what is missing is gone.

    Under a pause each new or moved entry that it covers is put on the checklist.
    """
    locked = Feed.objects.select_for_update(no_key=True).filter(pk=feed.pk).first()
    if locked is None:
        return Taken()
    taken = Taken(refused=list(read.refused))
    ids = [item.outside_id for item in read.items]
    rows = {post.outside_id: post for post in locked.entries.filter(outside_id__in=ids)}
    for item in {item.outside_id: item for item in read.items}.values():
        _accept_one(locked, item, rows.get(item.outside_id), taken, now=now)
    if whole:
        missing = locked.entries.exclude(outside_id__in=ids).filter(at__gte=now)
        taken.gone += missing.filter(state=PostState.ELSEWHERE).update(state=PostState.DROPPED)
    locked.seen_at, locked.error = now, ""
    locked.save(update_fields=["seen_at", "error"])
    if taken.new or taken.changed or taken.gone:
        refresh(locked.brand_id)
    return taken


def _accept_one(
    feed: Feed, item: Item, post: ScheduledPost | None, taken: Taken, *, now: datetime
) -> None:
    if item.is_gone:
        if post and post.state != PostState.DROPPED:
            post.state = PostState.DROPPED
            post.save(update_fields=["state"])
            taken.gone += 1
        return
    fields = _fields(feed, item)
    if post is None:
        post = ScheduledPost(feed=feed, brand_id=feed.brand_id, outside_id=item.outside_id,
                             idempotency_key=secrets.token_urlsafe(32), created_at=now)  # fmt: skip
        taken.new += 1
    elif all(getattr(post, name) == value for name, value in fields.items()):
        taken.known += 1
        return
    else:
        taken.changed += 1
    for name, value in fields.items():
        setattr(post, name, value)
    post.save()
    _remember_chore(post, now=now)


def _fields(feed: Feed, item: Item) -> dict[str, Any]:
    origin = Origin.CALENDAR if feed.kind == FeedKind.CALENDAR else Origin.WEBHOOK
    told = values(_planned(item, None))
    return told | {
        "kind": item.kind or feed.entry_kind,
        "text": item.text.strip(),
        "network": told["network"] or feed.network,
        "country": told["country"] or feed.country,
        "state": PostState.ELSEWHERE,
        "origin": origin,
    }


def _remember_chore(post: ScheduledPost, *, now: datetime) -> None:
    if not now <= (post.ends_at or post.at) <= now + SOON:
        return
    pause = covering(post)
    if pause and not pause.checklist.filter(post=post).exists():
        ChecklistItem.objects.create(pause=pause, chore=Chore.ENTRY, post=post)


def receive(feed: Feed, read: Read, *, call_id: str, now: datetime) -> Taken:
    """Take in a webhook call; Conflict for an id that was accepted before."""
    with transaction.atomic():
        FeedCall.objects.filter(feed=feed, at__lt=now - REMEMBERED).delete()
        try:
            with transaction.atomic():
                FeedCall.objects.create(feed=feed, call_id=call_id, at=now)
        except IntegrityError:
            raise Conflict(_("A call with this webhook-id has already been accepted.")) from None
        return accept(feed, read, now=now, whole=False)


# The engine's part


def poll_next(*, now: datetime) -> bool:
    """Ask one calendar that is due; False if none is. No transaction is open while it is asked."""
    feed = _claim(now)
    if feed is None:
        return False
    try:
        read = reading.from_calendar(_asked(feed), ZoneInfo(feed.brand.time_zone), now=now)
    except (Worded, crypto.Unsealable, reading.Unreadable) as error:
        _failed(feed, error, now=now)
        return True
    accept(feed, read, now=now, whole=True)
    return True


def _asked(feed: Feed) -> bytes:
    answer = http.fetch(secret_of(feed), timeout=20, max_bytes=reading.MAX_BYTES)
    if answer.status != 200:
        raise Worded(_noop("It answered %(status)d."), status=answer.status)
    return answer.body


@transaction.atomic
def _claim(now: datetime) -> Feed | None:
    rows = Feed.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    due = rows.filter(kind=FeedKind.CALENDAR, is_active=True, next_poll_at__lte=now)
    feed: Feed | None = due.select_related("brand").order_by("next_poll_at").first()
    if feed:
        feed.next_poll_at = now + POLL_EVERY
        feed.save(update_fields=["next_poll_at"])
    return feed


def _failed(feed: Feed, error: Exception, *, now: datetime) -> None:
    """The plan stays as it was last seen; the page says since when."""
    if isinstance(error, Worded):
        words = error.words.stored()
    elif isinstance(error, crypto.Unsealable):
        words = Words(_noop("Its address cannot be opened. Connect it again.")).stored()
    else:
        words = Words(_noop("What it sent is no calendar.")).stored()
    Feed.objects.filter(pk=feed.pk).update(error=words, next_poll_at=now + AFTER_FAILURE)
