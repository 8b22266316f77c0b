"""Promises to the public: given, moved, kept or broken, and told in time to who must keep them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents import promising
from incidents.enums import EntryKind, IncidentRole
from incidents.enums_record import PromiseState, TimerKind
from incidents.models import Incident, TimelineEntry
from incidents.models_promises import FoundPromise, Promise, PromiseChange, Timer
from incidents.selectors import insiders
from notifications.models import Urgency

from .duties import answering, handles, on_duty
from .notices import tell
from .timeline import LISTENERS, append, lock, lock_current, readable, show

LONGEST = 500
# The owner is reminded this long before, or half-way if that is sooner.
REMIND = timedelta(minutes=10)
# After this the lead and those on duty are called.
GOES_UP = timedelta(minutes=5)
# How far a promise has come: to be reminded of, to fall due, to go up.
SOON, DUE, LATE, TOLD = range(4)


@dataclass(frozen=True)
class Given:
    """What was promised, by when, who keeps it, and where it was given."""

    text: str
    due_at: datetime
    owner: User | None = None
    made_in: str = ""


@dataclass(frozen=True)
class Settling:
    """How a promise ended (a PromiseState), and which version of it the person saw."""

    state: str
    seen: int
    reason: str = ""


@dataclass(frozen=True)
class Move:
    """A new time for a promise, with the reason that the public may ask for."""

    due_at: datetime
    seen: int
    reason: str


@transaction.atomic
def give_promise(incident_id: int, given: Given, *, by: User, now: datetime) -> Promise:
    """Write a promise down: from now on it is somebody's duty. Refused for a time that is past."""
    return _give(lock_current(incident_id), given, by=by, now=now)


def _give(incident: Incident, given: Given, *, by: User, now: datetime) -> Promise:
    if given.due_at <= now:
        raise Refused(_("That time is past: a promise is kept in the future."))
    last = incident.promises.order_by("-number").values_list("number", flat=True).first() or 0
    promise = Promise.objects.create(
        incident=incident,
        number=last + 1,
        text=readable(given.text)[:LONGEST],
        due_at=given.due_at,
        owner=_owner(incident, given.owner or by),
        made_in=clean(given.made_in).strip()[:200],
        made_at=now,
        by=by,
    )
    _keep(promise, by=by, reason="", now=now)
    _wind(promise, now=now)
    _write(promise, "given", by=by, reason="", now=now)
    return promise


@transaction.atomic
def move_promise(incident_id: int, number: int, move: Move, *, by: User, now: datetime) -> Promise:
    """Give a promise another time, with a reason. Its reminders begin anew."""
    promise = _open(incident_id, number, seen=move.seen)
    if not move.reason.strip():
        raise Refused(_("Give a reason."))
    if move.due_at <= now:
        raise Refused(_("That time is past: a promise is kept in the future."))
    promise.due_at = move.due_at
    _change(promise, "moved", by=by, reason=move.reason, now=now)
    _wind(promise, now=now)
    return promise


@transaction.atomic
def settle_promise(
    incident_id: int, number: int, settling: Settling, *, by: User, now: datetime
) -> Promise:
    """End a promise: kept, broken or entered by mistake; the last two need a reason.

    From the commit on nobody is told of it any more.
    """
    if settling.state not in PromiseState.values or settling.state == PromiseState.OPEN:
        raise Refused(_("There is no such status."))
    promise = _open(incident_id, number, seen=settling.seen)
    if settling.state != PromiseState.KEPT and not settling.reason.strip():
        raise Refused(_("Give a reason."))
    promise.state = settling.state
    promise.settled_at, promise.settled_by = now, by
    Timer.objects.filter(promise=promise).update(due_at=None)
    _change(promise, settling.state.lower(), by=by, reason=settling.reason, now=now)
    return promise


@transaction.atomic
def take_found(
    incident_id: int, found_id: int, given: Given, *, by: User, now: datetime
) -> Promise:
    """Make a promise of what the desk read, as the person put it right."""
    incident, found = _found(incident_id, found_id)
    promise = _give(incident, given, by=by, now=now)
    found.promise = promise
    _judge(found, by=by, now=now)
    return promise


@transaction.atomic
def dismiss_found(incident_id: int, found_id: int, *, by: User, now: datetime) -> None:
    """It was no promise."""
    incident, found = _found(incident_id, found_id)
    _judge(found, by=by, now=now)
    show(incident, ["promises"])


def _found(incident_id: int, found_id: int) -> tuple[Incident, FoundPromise]:
    incident = lock(incident_id)
    found: FoundPromise = incident.found.get(pk=found_id)
    if found.judged_at:
        raise Conflict(_("Somebody has dealt with it already."))
    return incident, found


def _judge(found: FoundPromise, *, by: User, now: datetime) -> None:
    found.judged_at, found.judged_by = now, by
    found.save(update_fields=["judged_at", "judged_by", "promise"])


def look_for(incident: Incident, text: str, *, made_in: str, now: datetime) -> None:
    """Suggest what a text of a locked incident seems to promise; once for the same words."""
    zone = incident.brand.time_zone
    read = promising.found(text, zone=zone, now=now)
    rows = [
        FoundPromise(
            incident=incident, text=each.text, due_at=each.due_at, made_in=made_in, found_at=now
        )
        for each in read
    ]
    if rows:
        FoundPromise.objects.bulk_create(rows, ignore_conflicts=True)
        show(incident, ["promises"])


def _listen(incident: Incident, entry: TimelineEntry) -> None:
    """An internal update may say what the public was promised."""
    if entry.kind == EntryKind.UPDATE:
        look_for(incident, entry.text, made_in="update", now=entry.at)


LISTENERS.append(_listen)

# Writing


def _open(incident_id: int, number: int, *, seen: int) -> Promise:
    incident = lock(incident_id)
    promise: Promise = incident.promises.select_related("owner").get(number=number)
    promise.incident = incident
    if promise.state != PromiseState.OPEN:
        raise Conflict(
            _("It is settled already: %(state)s.") % {"state": PromiseState(promise.state).label}
        )
    if promise.version != seen:
        last = promise.changes.select_related("by").first()
        who = (last and last.by) or _("Somebody")
        raise Conflict(_("%(name)s has changed it meanwhile. Look again.") % {"name": who})
    return promise


def _change(promise: Promise, code: str, *, by: User, reason: str, now: datetime) -> None:
    why = clean(reason).strip()[:1000]
    promise.version += 1
    promise.save()
    _keep(promise, by=by, reason=why, now=now)
    _write(promise, code, by=by, reason=why, now=now)


def _keep(promise: Promise, *, by: User, reason: str, now: datetime) -> None:
    PromiseChange.objects.create(
        promise=promise,
        version=promise.version,
        at=now,
        by=by,
        state=promise.state,
        due_at=promise.due_at,
        owner=str(promise.owner) if promise.owner else "",
        reason=reason,
    )


def _write(promise: Promise, code: str, *, by: User, reason: str, now: datetime) -> None:
    incident = promise.incident
    params = {
        "code": code,
        "number": promise.number,
        "promise": promise.text,
        "due": promise.due_at.isoformat(),
        "zone": incident.brand.time_zone,
    }
    append(incident, EntryKind.PROMISE, actor=by, params=params, text=reason, now=now)
    subject = f"{incident.reference} P{promise.number}"
    audit.record(f"promise.{code}", actor=by, brand=incident.brand, subject=subject)
    show(incident, ["promises", "clocks", "head", "timeline"])


def _owner(incident: Incident, owner: User) -> User:
    if not insiders(incident).filter(pk=owner.pk).exists():
        raise Refused(_("%(name)s is not a member of the brand.") % {"name": owner})
    return owner


# By the engine


def _wind(promise: Promise, *, now: datetime) -> None:
    """Begin the reminders of a promise: before it is due, when it is, and after."""
    before = promise.due_at - min(REMIND, (promise.due_at - now) / 2)
    values = {"since": now, "due_at": before, "stage": SOON, "failures": 0}
    Timer.objects.update_or_create(
        promise=promise,
        defaults=values,
        create_defaults=values | {"incident": promise.incident, "kind": TimerKind.PROMISE},
    )


@handles(TimerKind.PROMISE)
def remind(incident: Incident, timer: Timer, now: datetime) -> None:
    """Remind the owner, tell them that it is due, then call the lead and those on duty."""
    promise = timer.promise
    assert promise is not None  # noqa: S101 - the service makes them together
    if promise.state != PromiseState.OPEN:
        timer.due_at = None
        return
    # What an outage held up is told as what it is by now, once.
    stage = max(timer.stage, _stage(promise, now))
    code, urgency = _TELLS[stage]
    people = [promise.owner] if promise.owner and stage < LATE else on_duty(incident, now=now)
    if stage == LATE and promise.owner and promise.owner not in people:
        people.append(promise.owner)
    _tell(promise, people, code, urgency=urgency, now=now)
    if stage == LATE:
        params = {"code": "late", "number": promise.number, "promise": promise.text}
        append(incident, EntryKind.PROMISE, params=params, now=now)
    timer.stage = stage + 1
    timer.due_at = {SOON: promise.due_at, DUE: promise.due_at + GOES_UP}.get(stage)
    show(incident, ["promises", "clocks", "head", "timeline"])


_TELLS = {
    SOON: ("promise_soon", Urgency.NEWS),
    DUE: ("promise_due", Urgency.PAGE),
    LATE: ("promise_late", Urgency.PAGE),
}


def _stage(promise: Promise, now: datetime) -> int:
    if now < promise.due_at:
        return SOON
    return DUE if now < promise.due_at + GOES_UP else LATE


def _tell(
    promise: Promise, people: list[User], code: str, *, urgency: Urgency, now: datetime
) -> None:
    tell(
        people or answering(promise.incident, IncidentRole.COMMS, now=now),
        code,
        incident=promise.incident,
        key=f"promise.{promise.pk}.{promise.version}.{code}",
        urgency=urgency,
        now=now,
        number=promise.number,
        promise=promise.text,
        due_at=promise.due_at.isoformat(),
    )
