"""Secret addresses that calendars read duties from: given, withdrawn, noted as read."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, tokens
from accounts.models import User
from core.errors import Refused
from incidents.models_rota import CalendarFeed, Rota

MOST_FEEDS = 20
# Calendars ask every few minutes; that is not worth a write each time.
NOTED_EVERY = timedelta(hours=1)


@transaction.atomic
def add_feed(user: User, *, rota: Rota | None = None, now: datetime) -> tuple[CalendarFeed, str]:
    """Make an address for a person's own duties, or a rota's; return it with its secret."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.calendar_feeds.count() >= MOST_FEEDS:
        raise Refused(_("You have %(most)d calendar addresses. Remove one first.")
                      % {"most": MOST_FEEDS})  # fmt: skip
    secret = tokens.new()
    feed = CalendarFeed.objects.create(
        user=user, rota=rota, digest=tokens.digest(secret), created_at=now
    )
    audit.record(
        "feed.added", actor=user, brand=rota.brand if rota else None, subject=str(rota or user)
    )
    return feed, secret


@transaction.atomic
def remove_feed(feed: CalendarFeed, *, by: User) -> None:
    """Withdraw an address: from now on it is one that never was."""
    rota = feed.rota
    audit.record(
        "feed.removed", actor=by, brand=rota.brand if rota else None, subject=str(rota or by)
    )
    feed.delete()


def note_read(feed: CalendarFeed, *, now: datetime) -> None:
    """Remember that a calendar read it, to the hour: so that one can see which is in use."""
    if feed.read_at is None or now - feed.read_at > NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(read_at=now)
