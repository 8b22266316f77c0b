"""Words to the public, and the clock that runs between two of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Refused
from core.text import clean
from incidents.enums import EntryKind, IncidentRole, Severity
from incidents.enums_record import Outlet, TimerKind
from incidents.models import Incident
from incidents.models_promises import PublicWord, Timer
from incidents.selectors.silence import due
from incidents.severity import targets
from notifications.models import Urgency

from .duties import answering, handles, wind
from .notices import tell
from .promises import look_for
from .situation import follow_age
from .timeline import append, lock_current, show

# A clock that runs fast in somebody's pocket is no reason to refuse.
AHEAD = timedelta(minutes=1)


@dataclass(frozen=True)
class Word:
    """What the public heard: where, when, in short, and where it can be read.

    `key` is what a room above tells it by: the same one again changes nothing.
    """

    channel: str
    at: datetime
    text: str = ""
    url: str = ""
    key: str = ""


@transaction.atomic
def note_word(incident_id: int, word: Word, *, by: User, now: datetime) -> PublicWord:
    """Note what was said outside the desk: to the press, in a shop. Refused for the future."""
    if word.channel not in Outlet.values:
        raise Refused(_("There is no such channel."))
    if word.at > now + AHEAD:
        raise Refused(_("That has not happened yet: note it when it has been said."))
    incident = lock_current(incident_id)
    noted = _keep(incident, word, by=by, now=now)
    params = {"code": "noted", "channel": word.channel, "at": word.at.isoformat()}
    append(incident, EntryKind.WORD, actor=by, params=params, text=noted.text, now=now)
    audit.record("public_word.noted", actor=by, brand=incident.brand, subject=incident.reference)
    show(incident, ["clocks", "head", "timeline"], brand=True)
    return noted


def heard(incident: Incident, word: Word, *, now: datetime) -> None:
    """Note a publication of the desk's own, for a locked incident; a second time does nothing."""
    if incident.public_words.filter(key=word.key).exclude(key="").exists():
        return
    _keep(incident, word, by=None, now=now)
    show(incident, ["clocks"])


def _keep(incident: Incident, word: Word, *, by: User | None, now: datetime) -> PublicWord:
    noted = PublicWord.objects.create(
        incident=incident,
        channel=word.channel,
        at=word.at,
        text=clean(word.text).strip()[:500],
        url=word.url[:500],
        key=word.key,
        by=by,
        noted_at=now,
        is_own=by is None,
    )
    if incident.responded_at is None or word.at < incident.responded_at:
        incident.responded_at = word.at
        incident.save(update_fields=["responded_at"])
    follow(incident, now=now)
    look_for(incident, word.text, made_in=word.channel, now=now)
    return noted


def follow(incident: Incident, *, now: datetime) -> None:
    """Set the clocks of a locked incident by its last word, its severity and its state."""
    last = incident.public_words.order_by("-at").values_list("at", flat=True).first()
    last = last or incident.responded_at
    since = last or incident.detected_at
    by = due(incident, last) if incident.is_open and not incident.is_drill else None
    every = by - since if by else None
    wind(incident, TimerKind.SILENCE, since=since, every=every, now=now)
    follow_age(incident, now=now)


@handles(TimerKind.SILENCE)
def silent(incident: Incident, timer: Timer, now: datetime) -> None:
    """The public has waited for longer than it should: tell who must speak, once a period."""
    if not incident.is_open:
        timer.due_at = None
        return
    minutes = round((now - timer.since).total_seconds() / 60)
    tell(
        answering(incident, IncidentRole.COMMS, IncidentRole.SPOKESPERSON, now=now),
        "silent",
        incident=incident,
        key=f"silent.{timer.since.timestamp():.0f}.{timer.stage}",
        urgency=Urgency.PAGE if incident.severity <= Severity.SEV2 else Urgency.NEWS,
        now=now,
        minutes=minutes,
    )
    append(incident, EntryKind.WORD, params={"code": "silent", "minutes": minutes}, now=now)
    times = targets(incident.severity, incident.plan)
    timer.stage += 1
    timer.due_at = now + (times.update or times.respond)
    show(incident, ["clocks", "head", "timeline"])
