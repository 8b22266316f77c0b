"""The demo's closed case: last week's outage of the rental app, lived through by the services."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from accounts.models import Brand, User
from incidents import services
from incidents.enums import Origin, Severity, State
from monitoring.enums import CrisisType
from reviews.models import LessonKind
from reviews.services import add_lesson

from .people import CARE, DUTY, LEAD
from .talk import Public, Utterance, crisis

BRAND = "tidevand"
LASTED = timedelta(minutes=55)
PER_HOUR = 110


def _began(now: datetime) -> datetime:
    """A morning five days ago, just after nine in Copenhagen's winter."""
    return (now - timedelta(days=5)).replace(hour=8, minute=5, second=0, microsecond=0)


def talk(now: datetime, *, seed: str) -> Iterator[Utterance]:
    """What was said while the app was down."""
    public, lines = Public(f"{seed}:outage"), crisis("outage")
    began = _began(now)
    for at in public.moments(began, began + LASTED, PER_HOUR / 1.6, daily=False):
        yield public.say(public.rng.choice(lines), at)


def live_through(brand: Brand, people: dict[str, User], *, now: datetime) -> None:
    """Write the case as the people wrote it, with the times it had."""
    lead, duty, care = people[LEAD.email], people[DUTY.email], people[CARE.email]
    began = _began(now)

    def after(minutes: float) -> datetime:
        return began + timedelta(minutes=minutes)

    incident = services.open_incident(
        brand,
        title="Tidevand-appen kan ikke låse cykler op",
        crisis_type=CrisisType.SERVICE_DISRUPTION,
        severity=Severity.SEV3,
        severity_reasons=[],
        origin=Origin.PERSON,
        by=care,
        began_at=began,
        now=after(6),
    )
    pk = incident.pk
    services.acknowledge(pk, by=duty, now=after(9))
    services.take_lead(pk, by=lead, now=after(10))
    note = "Driften er i gang: betalingsserveren svarer ikke. 61 cykler er låst midt i en tur."
    services.add_note(pk, by=care, text=note, now=after(14))
    services.add_decision(
        pk,
        by=lead,
        text="Nobody pays for a ride that could not be ended. We say so at once.",
        now=after(19),
    )
    services.change_state(pk, State.RESPONDING, by=lead, now=after(20))
    services.add_update(
        pk,
        by=duty,
        text="Besked i appen og på X: vi kender fejlen, turen er gratis, næste besked kl. 10.",
        now=after(27),
    )
    services.mark_responded(pk, at=after(27))
    services.change_state(pk, State.MONITORING, by=lead, now=after(62))
    services.resolve(pk, by=lead, now=after(140))
    incident.refresh_from_db()
    add_lesson(
        incident,
        kind=LessonKind.WORKED,
        text="The free ride was decided before anybody asked for it.",
        by=lead,
    )
    add_lesson(
        incident,
        kind=LessonKind.IMPROVE,
        text="Kundeservice opdagede fejlen før os: driftens alarm skal også nå vagten her.",
        by=care,
    )
