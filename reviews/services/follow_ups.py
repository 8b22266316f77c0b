"""What was agreed in a review: owned, reminded of, handed up when it is late, and settled."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from incidents.models import Incident
from incidents.selectors import insiders
from incidents.services.notices import HIDDEN
from notifications.models import Urgency
from notifications.services import notify
from reviews.enums import FollowUpState
from reviews.models import FollowUp

LONGEST = 500
# Told of so long before its day, handed up so long after it, and again and again.
BEFORE, LATE, AGAIN = timedelta(days=2), timedelta(days=3), timedelta(days=7)
# On its day, in the brand's zone.
HOUR = time(9)


@dataclass(frozen=True)
class Wanted:
    """What is to be done, by whom (None: nobody yet), and by which day."""

    text: str
    owner: User | None
    due_on: date


@transaction.atomic
def add_follow_up(incident: Incident, wanted: Wanted, *, by: User, now: datetime) -> FollowUp:
    """Agree on something. Refused without words, for a day that is over, for who cannot see it."""
    made = FollowUp(incident=incident, created_by=by, created_at=now)
    _fill(made, wanted, now=now)
    made.save()
    _record("follow_up.added", made, by)
    _tell_owner(made, by=by, now=now)
    return made


@transaction.atomic
def change_follow_up(pk: int, wanted: Wanted, *, by: User, now: datetime) -> FollowUp:
    """Give it other words, another owner, another day. Conflict once it is settled."""
    locked = _locked(pk)
    before = locked.owner_id
    _fill(locked, wanted, now=now)
    locked.save()
    _record("follow_up.changed", locked, by)
    if locked.owner_id != before:
        _tell_owner(locked, by=by, now=now)
    return locked


@transaction.atomic
def settle_follow_up(
    pk: int, state: FollowUpState, *, reason: str, by: User, now: datetime
) -> FollowUp:
    """Say that it is done, or that it will not be, and then why. Conflict if that was said."""
    locked = _locked(pk)
    said = clean(reason).strip()[:LONGEST]
    if state == FollowUpState.DROPPED and not said:
        raise Refused(_("Say why it is not done: whoever reads the review will ask."))
    if state == FollowUpState.OPEN:
        raise Refused(_("Say whether it is done."))
    locked.state, locked.reason = state, said
    locked.settled_at, locked.settled_by, locked.remind_at = now, by, None
    locked.save()
    _record(f"follow_up.{state.lower()}", locked, by)
    return locked


@transaction.atomic
def reopen_follow_up(pk: int, *, by: User, now: datetime) -> FollowUp:
    """It was not done after all. Nothing happens to one that is open."""
    locked = FollowUp.objects.select_for_update(of=("self",)).select_related("incident").get(pk=pk)
    if locked.state == FollowUpState.OPEN:
        return locked
    locked.state, locked.settled_at, locked.settled_by = FollowUpState.OPEN, None, None
    locked.remind_at = _first(locked.due_on, locked.incident.brand, now=now)
    locked.save()
    _record("follow_up.reopened", locked, by)
    return locked


@transaction.atomic
def remind_next(now: datetime) -> bool:
    """Tell of the follow-up that has waited longest; False if none is due.

    Its owner before and on its day; once it is late, those who lead the brand's incidents as well,
    each week. Without an owner who still sees the incident, those from the beginning.
    """
    due = FollowUp.objects.filter(remind_at__lte=now).order_by("remind_at")
    locked = due.select_for_update(of=("self",), skip_locked=True).select_related(
        "incident__brand", "owner"
    )
    row = locked.first()
    if row is None or row.remind_at is None:
        return False
    at = _moment(row.due_on, row.incident.brand)
    kind = "soon" if now < at else "due" if now < at + LATE else "late"
    owner = insiders(row.incident).filter(pk=row.owner_id or 0)
    leads = insiders(row.incident, permission=Permission.RUN_INCIDENT)
    people = {*owner, *leads} if kind == "late" or not owner else set(owner)
    _notify(row, people, kind, key=f"{row.remind_at:%Y%m%d%H%M}", now=now)
    row.remind_at = {"soon": at, "due": at + LATE, "late": now + AGAIN}[kind]
    row.save(update_fields=["remind_at"])
    return True


def _fill(row: FollowUp, wanted: Wanted, *, now: datetime) -> None:
    incident = row.incident
    text = clean(wanted.text).strip()
    if not text:
        raise Refused(_("Write something first."))
    if len(text) > LONGEST:
        raise Refused(_("At most %(most)d characters fit.") % {"most": LONGEST})
    today = now.astimezone(ZoneInfo(incident.brand.time_zone)).date()
    if wanted.due_on < today:
        raise Refused(_("Choose a day that is still to come."))
    if wanted.owner and not insiders(incident).filter(pk=wanted.owner.pk).exists():
        raise Refused(_("Choose somebody who sees the incident."))
    row.text, row.owner, row.due_on = text, wanted.owner, wanted.due_on
    row.remind_at = _first(wanted.due_on, incident.brand, now=now)


def _first(due_on: date, brand: Brand, *, now: datetime) -> datetime:
    """When it is first told of: two days before, or on its day where it is nearer."""
    at = _moment(due_on, brand)
    return at - BEFORE if at - BEFORE > now else max(at, now)


def _moment(due_on: date, brand: Brand) -> datetime:
    return datetime.combine(due_on, HOUR, tzinfo=ZoneInfo(brand.time_zone))


def _locked(pk: int) -> FollowUp:
    rows = FollowUp.objects.select_for_update(of=("self",)).select_related("incident__brand")
    locked = rows.get(pk=pk)
    if locked.state != FollowUpState.OPEN:
        raise Conflict(_("It was settled meanwhile. Open it again first."))
    return locked


def _tell_owner(row: FollowUp, *, by: User, now: datetime) -> None:
    if row.owner and row.owner != by:
        _notify(row, {row.owner}, "given", key=f"given.{now.timestamp():.0f}", now=now)


def _notify(row: FollowUp, people: set[User], kind: str, *, key: str, now: datetime) -> None:
    incident = row.incident
    notify(
        people,
        key=f"follow_up.{row.pk}.{kind}.{key}",
        kind=f"reviews.follow_up_{kind}",
        params={
            "reference": incident.reference,
            "text": HIDDEN if incident.is_private else row.text,
            "day": str(row.due_on),
        },
        url=f"{reverse('incidents:review', args=[incident.reference])}#slot-follow_ups",
        brand=incident.brand,
        urgency=Urgency.NEWS,
        now=now,
    )


def _record(action: str, row: FollowUp, by: User) -> None:
    incident = row.incident
    # The trail is read by the brand's administrators, who need not be members of the incident.
    text = HIDDEN if incident.is_private else row.text
    audit.record(action, actor=by, brand=incident.brand_id, subject=incident.reference, text=text)
    live.publish(f"incident.{incident.pk}", "follow_ups")
