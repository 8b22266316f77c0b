"""What the record's timers do when they are due: one transaction each, exactly once.

A handler gets the locked incident and its timer, and must move or clear `due_at`. The incident is
locked first, as everywhere, so a person who settles a promise and an engine that is about to call
somebody because of it are one after the other.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import OperationalError, transaction

from accounts.enums import Permission
from accounts.models import User
from incidents.enums import IncidentRole
from incidents.enums_record import TimerKind
from incidents.models import Incident
from incidents.models_promises import Timer
from incidents.selectors import insiders
from incidents.selectors.duty import on_call
from incidents.selectors.roles import holders

logger = logging.getLogger(__name__)
Handler = Callable[[Incident, Timer, datetime], None]
HANDLERS: dict[TimerKind, Handler] = {}
# One that breaks is tried again after this long, this often; then it is parked and audited.
RETRY_AFTER = timedelta(seconds=5)
MOST_FAILURES = 3


def handles(kind: TimerKind) -> Callable[[Handler], Handler]:
    """Register what a timer of this kind does when it is due."""

    def register(function: Handler) -> Handler:
        HANDLERS[kind] = function
        return function

    return register


def fire_next_duty(*, now: datetime) -> bool:
    """Fire what is due of the incident whose timer has been due longest; False if none is."""
    with transaction.atomic():
        # A promise given in a fire drill is a duty too; what is told of it is marked as a test.
        due = Incident.with_drills.filter(timers__due_at__lte=now).order_by("timers__due_at")
        claimed = due.select_related("brand", "lead").select_for_update(
            of=("self",), no_key=True, skip_locked=True
        )
        incident = claimed.first()
        if incident is None:
            return False
        # Read after the lock: whoever held it may have done or cleared them.
        for timer in incident.timers.filter(due_at__lte=now).order_by("due_at", "pk"):
            _fire(incident, timer, now=now)
        return True


def _fire(incident: Incident, timer: Timer, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            HANDLERS[TimerKind(timer.kind)](incident, timer, now)
            timer.failures = 0
            timer.save(update_fields=["since", "due_at", "stage", "failures"])
    except OperationalError:
        # The database's trouble is not this row's: the next cycle tries again at once.
        raise
    except Exception:
        logger.exception("The timer %s of %s broke", timer.kind, incident.reference)
        _push_away(timer.pk, now=now)


def _push_away(timer_id: int, *, now: datetime) -> None:
    timer = Timer.objects.get(pk=timer_id)
    timer.failures += 1
    timer.due_at = None if timer.failures >= MOST_FAILURES else now + RETRY_AFTER
    timer.save(update_fields=["failures", "due_at"])


def wind(
    incident: Incident,
    kind: TimerKind,
    *,
    since: datetime,
    every: timedelta | None,
    now: datetime,
) -> None:
    """Set the timer of a locked incident: due `every` after `since`, None stops it.

    One that counts from where it did before and has fired is not fired again for being wound: its
    next turn comes `every` from now at the latest.
    """
    timer = incident.timers.filter(kind=kind, promise=None).first() or Timer(
        incident=incident, kind=kind, since=since
    )
    due_at = since + every if every else None
    if timer.since != since:
        timer.stage = 0
    elif timer.stage and due_at and every and due_at <= now:
        due_at = min(timer.due_at or now + every, now + every)
    timer.since, timer.due_at, timer.failures = since, due_at, 0
    timer.save()


def answering(incident: Incident, *roles: IncidentRole, now: datetime) -> list[User]:
    """Return whom a duty concerns: the lead and who holds `roles`; else who is on call, or able.

    Somebody is always told: a duty that concerns nobody is one that nobody does.
    """
    held = holders(incident)
    wanted = (IncidentRole.LEAD, *roles)
    found = list(dict.fromkeys(held[role] for role in wanted if role in held))
    if not found:
        found = on_call(incident.brand, now)
    able = list(insiders(incident, permission=Permission.RUN_INCIDENT))
    if not incident.is_private:
        return found or able
    # Whoever is on call may not know of a private incident.
    return [person for person in found if person in able] or able


def on_duty(incident: Incident, *, now: datetime) -> list[User]:
    """Return the lead and everybody who is on call now."""
    people = answering(incident, IncidentRole.COMMS, now=now) + on_call(incident.brand, now)
    return list(dict.fromkeys(people))
