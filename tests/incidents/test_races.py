"""What must hold while several do it at once, with real threads and real processes."""

import time
from datetime import timedelta

import pytest

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from core.errors import Conflict
from crisisdesk.embedded import parts
from incidents import services
from incidents.models import Call, Incident
from monitoring.models import Detection
from notifications.models import Notice
from tests import breaking
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory
from tests.factories.incidents import NOON, DetectionFactory, IncidentFactory, on_the_ladder
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> tuple[Brand, User]:
    """A brand with one responder, whom its ladder calls."""
    brand = BrandFactory.create()
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.RESPONDER)
    on_the_ladder(brand, user, wait=3600)
    return brand, user


def due(brand: Brand, count: int) -> list[Incident]:
    ladder = services.opening.copied(brand.policies.get())
    return IncidentFactory.create_batch(
        count, brand=brand, ladder=ladder, ladder_rounds=1, escalate_at=NOON
    )


def drain() -> int:
    fired = 0
    while services.fire_next(now=database_now()):
        fired += 1
    return fired


def test_two_engines_fire_each_rung_once(team: tuple[Brand, User]) -> None:
    incidents = due(team[0], 40)
    fired = at_once(drain, drain, drain)
    assert sum(fired) == 40
    assert Call.objects.count() == Notice.objects.filter(urgency="PAGE").count() == 40
    assert {call.incident_id for call in Call.objects.all()} == {each.pk for each in incidents}


def test_nobody_is_called_after_an_acknowledgement_has_been_committed(
    team: tuple[Brand, User],
) -> None:
    brand, user = team
    late = []
    for incident in due(brand, 25):

        def answer(pk: int = incident.pk) -> None:
            services.acknowledge(pk, by=user, now=database_now())
            # Committed: what is there now is all there may ever be.
            late.append((pk, Call.objects.filter(incident=pk).count()))

        at_once(answer, drain)
    drain()
    assert [(pk, Call.objects.filter(incident=pk).count()) for pk, _seen in late] == late
    assert Incident.objects.filter(escalate_at__isnull=False).count() == 0


def test_of_two_who_acknowledge_at_once_one_is_told_about_the_other(
    team: tuple[Brand, User],
) -> None:
    incident = due(team[0], 1)[0]
    answer = lambda: services.acknowledge(incident.pk, by=team[1], now=database_now())  # noqa: E731
    results = at_once(answer, answer)
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "Incident"]
    assert incident.entries.filter(kind="ACKNOWLEDGED").count() == 1
    assert any(isinstance(each, Conflict) for each in results)


def test_eight_writers_leave_no_gap_in_the_numbers(team: tuple[Brand, User]) -> None:
    brand, user = team
    incident = IncidentFactory.create(brand=brand)

    def write() -> None:
        for turn in range(10):
            services.add_note(incident.pk, by=user, text=f"note {turn}", now=database_now())

    assert at_once(*[write] * 8) == [None] * 8
    numbers = incident.entries.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 81))
    incident.refresh_from_db()
    assert incident.entries_count == 80


def test_incidents_opened_at_once_have_references_of_their_own(team: tuple[Brand, User]) -> None:
    brands = BrandFactory.create_batch(8)
    for brand in brands:
        DetectionFactory.create(brand=brand)
    pks = list(Detection.objects.values_list("pk", flat=True))
    takes = [lambda pk=pk: services.take_up(pk, now=NOON) for pk in pks]
    assert at_once(*takes) == [True] * 8
    references = sorted(Incident.objects.values_list("reference", flat=True))
    assert references == [f"CD-2026-{number:03d}" for number in range(1, 9)]


def test_two_sweeps_take_a_detection_up_once(team: tuple[Brand, User]) -> None:
    DetectionFactory.create_batch(20, brand=team[0])
    taken = at_once(*[lambda: services.take_up_detections(NOON)] * 3)
    assert sum(taken) == 20
    assert Incident.objects.get().signals.count() == 20


@pytest.mark.faults
def test_an_engine_killed_mid_cycle_loses_and_doubles_nothing(team: tuple[Brand, User]) -> None:
    due(team[0], 150)
    parts.load()
    deadline = time.monotonic() + 120
    with breaking.engines(1) as [engine]:
        before = 0
        while (called := Call.objects.count()) < 150 and time.monotonic() < deadline:
            if called >= before + 20:
                engine.kill()
                before = called
            time.sleep(0.02)
        kills = engine.kills
    assert kills >= 3
    assert Call.objects.count() == Notice.objects.filter(urgency="PAGE").count() == 150
    assert set(Call.objects.values_list("rung", flat=True)) == {0}
    assert not Incident.objects.exclude(entries_count=1).exists()
    assert not Incident.objects.filter(escalate_at__lte=database_now()).exists()
    assert Incident.objects.filter(escalate_at__gt=database_now() + timedelta(minutes=30)).exists()
