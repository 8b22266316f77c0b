"""Care for the crew: hours, night calls, and the hand-over that is asked for in time."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import translation

from accounts.enums import Role
from accounts.models import Brand, User
from core.errors import Refused
from incidents import crew, entries, services
from incidents.enums import IncidentRole
from incidents.models import Call, Incident
from incidents.models_roles import RoleHolding
from incidents.selectors import roles
from incidents.services import care
from incidents.services.roles import assign
from notifications.models import Notice, Urgency
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory, ShiftFactory

HOUR = timedelta(hours=1)
LIMIT = NOON + 8 * HOUR
OVER = LIMIT + timedelta(minutes=30)


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    return IncidentFactory.create(brand=brand, lead=alice)


def told(kind: str) -> list[str]:
    return sorted(
        Notice.objects.filter(kind=f"incidents.{kind}").values_list("user__name", flat=True)
    )


def test_holder_and_lead_are_told_at_the_limit_once(
    incident: Incident, alice: User, bob: User
) -> None:
    assign(incident.pk, IncidentRole.COMMS, bob, by=alice, now=NOON)
    assert care.care_due(now=LIMIT - HOUR) == 0
    assert care.care_due(now=LIMIT) == 1
    assert care.care_due(now=LIMIT + timedelta(minutes=1)) == 0
    assert told("hand_over") == ["Bob Berg"]
    assert told("hand_over_of") == ["Alice Andersen"]


def test_after_the_grace_the_deputy_is_called_and_the_role_stays_held(
    incident: Incident, brand: Brand, alice: User, bob: User
) -> None:
    dora = UserFactory.create(name="Dora Dahl")
    MembershipFactory.create(user=dora, brand=brand, role=Role.RESPONDER)
    assign(incident.pk, IncidentRole.COMMS, bob, by=alice, now=NOON)
    assign(incident.pk, IncidentRole.COMMS, dora, by=alice, is_deputy=True, now=NOON)
    care.care_due(now=LIMIT)
    assert care.care_due(now=OVER) == 1
    assert care.care_due(now=OVER + 9 * HOUR) == 0
    assert told("take_over") == ["Dora Dahl"]
    assert Notice.objects.get(kind="incidents.take_over").urgency == Urgency.PAGE
    assert roles.holder(incident, IncidentRole.COMMS) == bob
    row = RoleHolding.objects.get(role="COMMS", is_deputy=False)
    assert (row.until, row.overdue_at) == (None, OVER)
    entry = incident.entries.first()
    with translation.override("en"):
        assert entries.words(entry.kind, entry.params) == (
            "Communications lead: Bob Berg has held the role for 8 h 30 min without a break."
            " Asked to take over: Dora Dahl."
        )


def test_without_a_deputy_whoever_is_on_call_is_called_else_everyone_who_may_run(
    incident: Incident, brand: Brand, alice: User, bob: User
) -> None:
    assign(incident.pk, IncidentRole.COMMS, bob, by=alice, now=NOON)
    ShiftFactory.create(brand=brand, user=alice, starts_at=NOON, ends_at=NOON + 20 * HOUR)
    care.care_due(now=LIMIT)
    care.care_due(now=OVER)
    assert told("take_over") == ["Alice Andersen"]
    assign(incident.pk, IncidentRole.SCRIBE, alice, by=bob, now=NOON)
    care.care_due(now=LIMIT)
    care.care_due(now=OVER)
    assert told("take_over") == ["Alice Andersen", "Bob Berg"]


def test_a_hand_over_in_time_ends_it(incident: Incident, alice: User, bob: User) -> None:
    assign(incident.pk, IncidentRole.COMMS, bob, by=alice, now=NOON)
    assign(incident.pk, IncidentRole.COMMS, alice, by=bob, now=NOON + 7 * HOUR)
    assert care.care_due(now=OVER) == 0
    assert care.care_due(now=NOON + 15 * HOUR) == 1


def test_deputies_and_the_sponsor_have_no_clock(incident: Incident, alice: User, bob: User) -> None:
    assign(incident.pk, IncidentRole.SPONSOR, bob, by=alice, now=NOON)
    assign(incident.pk, IncidentRole.LEAD, bob, by=alice, is_deputy=True, now=NOON)
    assert care.care_due(now=NOON + 100 * HOUR) == 0


def test_the_brands_limit_holds_and_the_plans_before_it(
    brand: Brand, incident: Incident, alice: User
) -> None:
    care.set_care(brand, limit=4 * 3600, grace=600, by=alice)
    assert crew.limit_for(incident) == crew.Limit(4 * HOUR, timedelta(minutes=10))
    incident.plan = {"content": {"care": {"limit": 7200, "grace": None}}}
    assert crew.limit_for(incident) == crew.Limit(2 * HOUR, timedelta(minutes=10))
    for wrong in ({"limit": 60, "grace": 600}, {"limit": 7200, "grace": 0}):
        with pytest.raises(Refused):
            care.set_care(brand, **wrong, by=alice)


def test_a_resolved_incident_wears_nobody_out_and_begins_anew_when_opened_again(
    incident: Incident, alice: User, bob: User
) -> None:
    assign(incident.pk, IncidentRole.COMMS, bob, by=alice, now=NOON)
    services.resolve(incident.pk, by=alice, now=NOON + HOUR)
    care.care_due(now=LIMIT)
    assert told("hand_over") == []
    again = NOON + 30 * HOUR
    services.reopen(incident.pk, by=alice, reason="It is back", now=again)
    assert roles.holder(incident, IncidentRole.COMMS) == bob
    assert care.care_due(now=again + 7 * HOUR) == 0
    assert care.care_due(now=again + 8 * HOUR) == 1
    incident.refresh_from_db()
    worked = crew.strains(incident, now=again + HOUR)[bob.pk].worked
    assert worked == 2 * 3600


def test_two_roles_at_once_are_one_persons_time() -> None:
    spans = [(NOON, NOON + 3 * HOUR), (NOON + HOUR, NOON + 2 * HOUR), (NOON + 5 * HOUR, LIMIT)]
    assert crew.union(spans) == 6 * 3600
    assert crew.union([]) == 0


def test_night_is_where_the_person_lives_and_a_week_long(
    incident: Incident, alice: User, bob: User
) -> None:
    bob.time_zone = "America/New_York"
    bob.save()
    at = datetime(2026, 11, 19, 2, 30, tzinfo=UTC)
    for rung, when in enumerate([at, at - timedelta(days=8), at + 12 * HOUR]):
        for user in (alice, bob):
            Call.objects.create(incident=incident, rung=rung, user=user, due_at=when, fired_at=when)
    # 03:30 in Copenhagen is night, 21:30 in New York is not; the others are day or long ago.
    assert crew.night_calls([alice, bob], now=NOON + 3 * HOUR) == {alice.pk: 1, bob.pk: 0}


@pytest.mark.django_db(transaction=True)
def test_two_engines_tell_once(brand: Brand, alice: User, bob: User) -> None:
    incident = IncidentFactory.create(brand=brand, lead=alice)
    assign(incident.pk, IncidentRole.COMMS, bob, by=alice, now=NOON)
    together, counted = Barrier(2), []

    def engine() -> None:
        together.wait()
        counted.append(care.care_due(now=LIMIT))
        connection.close()

    threads = [Thread(target=engine) for _each in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(counted) == 1
    assert told("hand_over") == ["Bob Berg"]
