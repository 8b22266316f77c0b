"""Deadlines of replies: when the next is due, and what happens when it is not given.

A deadline is a column; whatever stops it (an answer, "solved", "left alone") clears it in its own
transaction, under the conversation's lock.
"""

import logging
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from accounts.enums import Permission
from accounts.models import User
from core import live
from incidents.enums import IncidentRole
from incidents.models import Incident
from incidents.selectors import insiders, on_call
from incidents.services.duties import answering
from incidents.services.notices import HIDDEN
from notifications.models import Urgency
from notifications.services import notify
from responses.models_engage import Conversation, EngageSettings

logger = logging.getLogger(__name__)
BATCH = 200
# One that breaks is tried again after this, so that it stops nobody else.
AGAIN = timedelta(seconds=60)
# What need not ring.
QUIET = dict.fromkeys(("replies_gone", "replies_given", "concern_yours"), Urgency.NEWS)


def settings_of(brand_id: int) -> EngageSettings:
    """The brand's settings, or the usual ones unsaved."""
    found = EngageSettings.objects.filter(brand_id=brand_id).first()
    return found or EngageSettings(brand_id=brand_id)


def period(
    settings: EngageSettings, severity: int, network: str, *, first: bool
) -> timedelta | None:
    """How long a reply may take: the sooner of the severity's time and the network's; None: no
    deadline."""
    place = 0 if first else 1
    known = (settings.times.get(str(severity)), settings.networks.get(network))
    minutes = [int(times[place]) for times in known if times and times[place]]
    return timedelta(minutes=min(minutes)) if minutes else None


def wind(
    conversation: Conversation, settings: EngageSettings, severity: int, *, now: datetime
) -> None:
    """Begin the time of the next reply. Expects the lock; saves nothing."""
    first = conversation.first_reply_at is None
    every = period(settings, severity, conversation.network, first=first)
    conversation.due_since = now if every else None
    conversation.due_at = now + every if every else None
    conversation.late_at = None


def stop(conversation: Conversation) -> None:
    """It is not our turn any more. Expects the lock; saves nothing."""
    conversation.due_at = conversation.due_since = conversation.late_at = None


# By the engine


def act_on_due(*, now: datetime) -> int:
    """Hand on the conversations that nobody answered in time; return how many were looked at."""
    due = Conversation.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    firsts = list(due.values_list("incident", flat=True)[:BATCH])
    for incident_id in dict.fromkeys(firsts):
        try:
            _act(incident_id, now=now)
        except Exception:
            logger.exception("Replies due in incident %s could not be handed on", incident_id)
            Conversation.objects.filter(incident=incident_id, due_at__lte=now).update(
                due_at=now + AGAIN
            )
    return len(firsts)


@transaction.atomic
def _act(incident_id: int, *, now: datetime) -> None:
    incident = Incident.with_drills.select_related("brand").get(pk=incident_id)
    waiting = Conversation.objects.select_for_update(
        no_key=True, of=("self",), skip_locked=True
    ).filter(incident=incident_id, due_at__lte=now)
    rows = list(waiting.order_by("due_at", "pk")[:BATCH])
    if not incident.is_open:
        for row in rows:
            stop(row)
            row.save(update_fields=["due_at", "due_since", "late_at"])
        return
    _hand_on(incident, rows, now=now)
    if rows:
        live.publish(f"incident.{incident_id}", "engage")


def _hand_on(incident: Incident, rows: list[Conversation], *, now: datetime) -> None:
    settings, line = settings_of(incident.brand_id), on_the_rota(incident, now=now)
    moved: dict[tuple[int | None, int | None], int] = defaultdict(int)
    for row in rows:
        if row.claimed_until and row.claimed_until > now:
            # Somebody is writing: not taken out of their hands.
            row.due_at = row.claimed_until
            row.late_at = row.late_at or now
            row.save(update_fields=["due_at", "late_at"])
            continue
        before, after = row.assignee_id, following(line, row.assignee_id)
        every = period(settings, incident.severity, row.network, first=row.first_reply_at is None)
        row.late_at, row.assignee_id = row.late_at or now, after
        row.due_at = now + every if every else None
        row.version += 1
        row.save(update_fields=["late_at", "assignee", "due_at", "version"])
        moved[before, after] += 1
    _tell(incident, moved, now=now)


def on_the_rota(incident: Incident, *, now: datetime) -> list[int]:
    """Ids of those on duty who may answer in this incident, the first lines first."""
    able = set(insiders(incident, permission=Permission.DRAFT).values_list("pk", flat=True))
    return [user.pk for user in on_call(incident.brand_id, now) if user.pk in able]


def following(line: list[int], current: int | None) -> int | None:
    """Whose it is next: who comes after the current one, round and round; nobody if that is all."""
    others = [pk for pk in line if pk != current]
    if current not in line:
        return others[0] if others else None
    place = line.index(current)
    after = [*line[place + 1 :], *line[:place]]
    return after[0] if after else None


def _tell(
    incident: Incident, moved: dict[tuple[int | None, int | None], int], *, now: datetime
) -> None:
    """Both sides hear of it, once a minute however many there are."""
    gained: dict[int, int] = defaultdict(int)
    lost: dict[int, int] = defaultdict(int)
    nobody = 0
    for (before, after), count in moved.items():
        if before:
            lost[before] += count
        if after:
            gained[after] += count
        else:
            nobody += count
    for kind, counts in (("replies_yours", gained), ("replies_gone", lost)):
        people = User.objects.in_bulk(counts)
        for pk, count in sorted(counts.items()):
            notice(incident, [people[pk]], kind, count, now=now)
    if nobody:
        people_in_charge = answering(incident, IncidentRole.COMMS, now=now)
        notice(incident, people_in_charge, "replies_nobody", nobody, now=now)


def notice(incident: Incident, people: list[User], kind: str, count: int, *, now: datetime) -> None:
    seen = insiders(incident).filter(pk__in=[each.pk for each in people])
    notify(
        seen,
        key=f"engage.{incident.pk}.{kind}.{now:%Y%m%d%H%M}",
        kind=f"responses.{kind}",
        params={
            "brand": incident.brand.name,
            "reference": incident.reference,
            "title": HIDDEN if incident.is_private else incident.outward_title,
            "count": count,
        },
        url=reverse("responses:engage", args=[incident.reference]),
        brand=incident.brand,
        urgency=QUIET.get(kind, Urgency.PAGE),
        now=now,
    )


def late(*, now: datetime, grace: timedelta) -> list[str]:
    """Deadlines that should have been acted on by now, for the auditor."""
    count = Conversation.objects.filter(due_at__lte=now - grace).count()
    return [f"{count} deadlines of replies have not been acted on"] if count else []
