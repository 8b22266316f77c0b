"""What people say about signals, and what they expect: votes and the calendar."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core import live
from core.errors import Refused
from core.text import clean
from monitoring.enums import Occasion, Opinion
from monitoring.models import Detection
from monitoring.models_signals import ExpectedPeak, Vote

LONGEST_PEAK = timedelta(days=60)
LEAST_FACTOR, MOST_FACTOR = 1.5, 100.0


@transaction.atomic
def vote(signal: Detection, opinion: str, *, why: str = "", by: User, now: datetime) -> Vote | None:
    """Say what a signal is worth; an empty opinion takes the vote back."""
    if opinion and opinion not in Opinion:
        raise Refused(_("A signal is real or noise."))
    # The lock keeps two clicks of one person from meeting.
    locked = Detection.objects.select_for_update(no_key=True).get(pk=signal.pk)
    if not opinion:
        Vote.objects.filter(detection=locked, user=by).delete()
        cast = None
    else:
        values = {"opinion": opinion, "why": clean(why).strip()[:300], "at": now}
        cast, _new = Vote.objects.update_or_create(detection=locked, user=by, defaults=values)
    audit.record(
        "signal.voted", actor=by, brand=locked.brand_id, subject=str(locked.pk), opinion=opinion
    )
    live.publish(f"brand.{locked.brand_id}", "votes", {"id": locked.pk})
    return cast


@transaction.atomic
def expect_peak(  # noqa: PLR0913 - what a peak is made of
    brand: Brand,
    *,
    title: str,
    occasion: str,
    starts_at: datetime,
    ends_at: datetime,
    factor: float,
    by: User | None,
) -> ExpectedPeak:
    """Enter into the calendar that more will be said. Takes effect with the next look."""
    _check_peak(occasion, starts_at, ends_at, factor)
    named = clean(title).strip()[:120]
    if not named:
        raise Refused(_("Say what is expected."))
    peak = ExpectedPeak.objects.create(
        brand=brand,
        title=named,
        occasion=occasion,
        starts_at=starts_at,
        ends_at=ends_at,
        factor=factor,
        created_by=by,
    )
    audit.record("peak.expected", actor=by, brand=brand, subject=named, factor=factor)
    return peak


def _check_peak(occasion: str, starts_at: datetime, ends_at: datetime, factor: float) -> None:
    if occasion not in Occasion:
        raise Refused(_("There is no such occasion."))
    if ends_at <= starts_at:
        raise Refused(_("The end must be after the beginning."))
    if ends_at - starts_at > LONGEST_PEAK:
        raise Refused(_("Sixty days at most: what lasts longer becomes the usual by itself."))
    if not LEAST_FACTOR <= factor <= MOST_FACTOR:
        raise Refused(_("Expect between 1.5 and 100 times the usual."))


@transaction.atomic
def cancel_peak(peak: ExpectedPeak, *, by: User) -> None:
    """Take a peak out of the calendar."""
    audit.record("peak.cancelled", actor=by, brand=peak.brand_id, subject=peak.title)
    peak.delete()
