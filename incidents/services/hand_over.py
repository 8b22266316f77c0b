"""Hand-over: who goes off duty is asked for a note, who comes on is told and is shown it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import OperationalError, transaction
from django.urls import reverse

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.selectors import members
from core import live
from core.text import clean
from incidents.models_rota import HandOver, Rota
from incidents.selectors.duty import OnDuty, able_people, duties_at
from incidents.selectors.schedule import LineSchedule, schedule
from notifications.services import notify

from .duty_news import news
from .rotas import lock
from .timeline import readable

logger = logging.getLogger(__name__)

# How long before its end somebody is asked for a note, and before its start reminded of a duty.
ASKED_BEFORE, REMINDED_BEFORE = timedelta(minutes=30), timedelta(hours=24)
# Rests shorter than this, as nights between days of one turn, do not make it two.
AROUND = timedelta(days=8)
# After an outage nobody is told of what was days ago; and the engine looks in now and then.
OLDEST, LATEST = timedelta(days=1), timedelta(hours=6)
RETRY_AFTER = timedelta(minutes=5)
TOLD = 500
# How far ahead a gap in which nobody is called is looked for.
GAPS_AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Stint:
    """One person's time on a line until somebody else comes, rests included."""

    user: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Event:
    """Something to tell `user` at a moment. `code` is note_wanted, duty_begins or duty_soon."""

    at: datetime
    code: str
    user: int
    line: str
    stint: Stint


def stints(line: LineSchedule) -> list[Stint]:
    """Return the stints of a line, in order."""
    found: list[Stint] = []
    for span in line.spans:
        if span.duty and found and found[-1].user == span.duty.user:
            found[-1] = replace(found[-1], ends_at=span.ends_at)
        elif span.duty:
            found.append(Stint(span.duty.user, span.starts_at, span.ends_at))
    return found


def events(line: LineSchedule) -> Iterator[Event]:
    """Yield what is to be told about a line. Its first and last stints are cut: not about these."""
    found = stints(line)
    for before, after in pairwise(found):
        yield Event(before.ends_at - ASKED_BEFORE, "note_wanted", before.user, line.name, before)
        yield Event(after.starts_at - REMINDED_BEFORE, "duty_soon", after.user, line.name, after)
        yield Event(after.starts_at, "duty_begins", after.user, line.name, after)


def tell_next(*, now: datetime) -> bool:
    """Tell what happened in the rota that has waited longest; False if none is due."""
    with transaction.atomic():
        due = Rota.objects.filter(look_at__lte=now, archived_at=None).order_by("look_at")
        locked = due.select_related("brand").select_for_update(
            of=("self",), no_key=True, skip_locked=True
        )
        rota = locked.first()
        if rota is None:
            return False
        try:
            with transaction.atomic():
                _tell(rota, now=now)
        except OperationalError:
            # The database's trouble is not this row's: the next cycle tries again at once.
            raise
        except Exception:
            logger.exception("What happens in the rota %s could not be told", rota.pk)
            Rota.objects.filter(pk=rota.pk).update(look_at=now + RETRY_AFTER)
        return True


def _tell(rota: Rota, *, now: datetime) -> None:
    since = max(rota.told_until, now - OLDEST)
    lines = schedule(rota, since - AROUND, now + AROUND, now=now, gaps_too=False).lines
    found = sorted((event for line in lines for event in events(line)), key=lambda each: each.at)
    happened = [event for event in found if since < event.at <= now]
    people = User.objects.in_bulk({event.user for event in happened})
    for event in happened:
        _tell_one(rota, event, people[event.user], now)
    _tell_gap(rota, now=now)
    if happened:
        live.publish(f"brand.{rota.brand_id}", "incidents")
    coming = next((event.at for event in found if event.at > now), now + LATEST)
    Rota.objects.filter(pk=rota.pk).update(told_until=now, look_at=min(coming, now + LATEST))


def _tell_gap(rota: Rota, *, now: datetime) -> None:
    """Tell who plans, once a week, of the next time in which nobody at all would be called."""
    gaps = schedule(rota, now, now + GAPS_AHEAD, now=now).gaps
    gap = next((each for each in gaps if each.duty is None), None)
    if gap is None:
        return
    year, week, _day = gap.starts_at.isocalendar()
    notify(
        members(rota.brand, permission=Permission.MANAGE_BRAND),
        key=f"rota_gap.{rota.pk}.{year}.{week}",
        kind="incidents.rota_gap",
        params={
            "rota": rota.name,
            "brand": rota.brand.name,
            "starts_at": gap.starts_at.isoformat(),
            "ends_at": gap.ends_at.isoformat(),
        },
        url=reverse("incidents:rota", args=[rota.pk]),
        brand=rota.brand,
        now=now,
    )


def _tell_one(rota: Rota, event: Event, user: User, now: datetime) -> None:
    if event.code == "duty_soon" and event.stint.starts_at <= now:
        return
    params: dict[str, Any] = {
        "line": event.line,
        "starts_at": event.stint.starts_at.isoformat(),
        "ends_at": event.stint.ends_at.isoformat(),
    }
    code, note = event.code, _note(rota, event) if event.code == "duty_begins" else None
    if note:
        code = "duty_begins_with_note"
        params |= {"writer": str(note.written_by or ""), "note": note.text[:TOLD]}
    key = f"{rota.pk}.{event.stint.starts_at.isoformat()}.{event.stint.ends_at.isoformat()}"
    news(rota, [user], code, key=key, now=now, **params)


def _note(rota: Rota, event: Event) -> HandOver | None:
    """The latest note, if it was written for this hand-over: since a day before it."""
    recent = rota.hand_overs.filter(at__gte=event.at - REMINDED_BEFORE, at__lte=event.at)
    return recent.exclude(written_by=event.user).select_related("written_by").first()


@transaction.atomic
def write_hand_over(rota_id: int, *, text: str, by: User, now: datetime) -> HandOver:
    """Leave a note for whoever comes on duty; who is on duty now is told at once."""
    said = readable(text)
    rota = lock(rota_id)
    note = HandOver.objects.create(rota=rota, written_by=by, at=now, text=clean(said))
    audit.record("hand_over.written", actor=by, brand=rota.brand, subject=rota.name)
    told = {duty.user for duty in on_duty_in(rota, now)} - {by}
    news(rota, told, "duty_note", key=f"note.{note.pk}", by=by, now=now, note=note.text[:TOLD])
    live.publish(f"brand.{rota.brand_id}", "incidents")
    return note


def on_duty_in(rota: Rota, now: datetime) -> list[OnDuty]:
    """Return who is on duty in one rota."""
    duties = duties_at([rota.brand_id], now, able_people([rota.brand_id]))
    return [duty for duty in duties if duty.rota == rota.pk]
