"""Triage: a suspicion is looked at and calls nobody, until it is accepted, grows or runs out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Brand, User
from core.errors import Conflict, Refused
from incidents import loops, selectors, services
from incidents.enums import Closing, Origin, Posts, Severity, State, Statement
from incidents.models import Call, Incident
from incidents.services import Ending
from monitoring.enums import CrisisType
from notifications.models import Notice, Urgency
from tests.factories.incidents import (
    NOON,
    DetectionFactory,
    IncidentFactory,
    ShiftFactory,
    on_the_ladder,
)

SignedIn = Callable[[User], Client]
LATER = NOON + timedelta(minutes=20)


@pytest.fixture
def suspicion(brand: Brand, alice: User, bob: User) -> Incident:
    """Detected as a SEV4 where SEV4 waits in triage for 20 minutes; bob would be called."""
    on_the_ladder(brand, bob)
    ShiftFactory.create(brand=brand, user=bob)
    services.set_triage(brand, triage_from=Severity.SEV4, triage_minutes=20, by=alice)
    mild = DetectionFactory.create(brand=brand, value=11, negative_share=0.1)
    services.take_up(mild.pk, now=NOON)
    return Incident.objects.get()


def test_a_mild_detection_waits_and_calls_nobody(suspicion: Incident, bob: User) -> None:
    assert (suspicion.state, suspicion.triage_until) == (State.TRIAGE, LATER)
    assert suspicion.respond_by is suspicion.update_by is suspicion.escalate_at is None
    assert not services.fire_next(now=LATER)
    notice = Notice.objects.get(user=bob)
    assert (notice.kind, notice.urgency) == ("incidents.suspicion", Urgency.NEWS)


def test_a_graver_detection_or_a_brand_without_the_setting_calls_at_once(
    brand: Brand, alice: User
) -> None:
    mild = DetectionFactory.create(brand=brand, value=11, negative_share=0.1)
    services.take_up(mild.pk, now=NOON)
    assert Incident.objects.get().state == State.DETECTED
    Incident.objects.update(state=State.RESOLVED)
    services.set_triage(brand, triage_from=Severity.SEV4, triage_minutes=20, by=alice)
    services.take_up(DetectionFactory.create(brand=brand).pk, now=NOON)
    assert Incident.objects.get(severity=2).state == State.DETECTED


def test_whoever_takes_it_is_at_it_and_nobody_is_called(suspicion: Incident, alice: User) -> None:
    taken = services.acknowledge(suspicion.pk, by=alice, now=LATER)
    assert (taken.state, taken.lead, taken.triage_until) == (State.ACKNOWLEDGED, alice, None)
    assert taken.respond_by == NOON + timedelta(hours=24)
    assert not services.fire_next(now=LATER + timedelta(hours=1))


def test_it_can_be_accepted_so_that_people_are_called(
    suspicion: Incident, alice: User, bob: User
) -> None:
    services.accept_and_call(suspicion.pk, by=alice, now=NOON)
    assert services.fire_next(now=NOON)
    assert Call.objects.get().user == bob


def test_escalate_now_accepts_it(suspicion: Incident, alice: User) -> None:
    assert services.escalate_now(suspicion.pk, by=alice, now=NOON).state == State.DETECTED
    assert services.fire_next(now=NOON)


def test_a_suspicion_that_nobody_judges_calls_people_by_itself(suspicion: Incident) -> None:
    assert not services.accept_next_due(now=LATER - timedelta(seconds=1))
    assert services.accept_next_due(now=LATER)
    assert not services.accept_next_due(now=LATER)
    assert services.fire_next(now=LATER)
    suspicion.refresh_from_db()
    assert suspicion.state == State.DETECTED
    assert suspicion.entries.filter(params__code="unjudged").count() == 1


def test_a_suspicion_that_breaks_is_called_about_all_the_same_and_stops_no_other(
    suspicion: Incident, brand: Brand
) -> None:
    Incident.objects.filter(pk=suspicion.pk).update(plan={"content": 7})
    sound = IncidentFactory.create(
        brand=brand, state=State.TRIAGE, triage_until=LATER + timedelta(minutes=1)
    )
    later = LATER + timedelta(minutes=2)
    assert services.accept_next_due(now=later)
    assert services.accept_next_due(now=later)
    for each in (suspicion, sound):
        each.refresh_from_db()
        assert (each.state, each.escalate_at) == (State.DETECTED, later)
    assert not suspicion.entries.filter(params__code="unjudged").exists()


@pytest.mark.django_db(transaction=True)
def test_the_engine_sees_to_it_and_the_auditor_tells_when_it_does_not(brand: Brand) -> None:
    IncidentFactory.create(brand=brand, state=State.TRIAGE, triage_until=NOON - timedelta(days=99))
    grace = timedelta(seconds=5)
    assert "triage is overdue" in selectors.late(now=NOON, grace=grace)[0]
    assert loops.triage() == 1
    assert Incident.objects.get().state == State.DETECTED


def test_a_graver_signal_ends_the_waiting(suspicion: Incident, brand: Brand) -> None:
    services.take_up(DetectionFactory.create(brand=brand).pk, now=NOON)
    suspicion.refresh_from_db()
    assert (suspicion.state, suspicion.severity) == (State.DETECTED, Severity.SEV2)
    assert services.fire_next(now=NOON)


def test_it_is_dismissed_with_a_reason_and_taken_up_again(suspicion: Incident, bob: User) -> None:
    with pytest.raises(Refused):
        services.dismiss(suspicion.pk, by=bob, reason=" ", now=NOON)
    done = services.dismiss(suspicion.pk, by=bob, reason="En quiz", now=NOON)
    assert (done.state, done.closed_as) == (State.RESOLVED, Closing.DISMISSED)
    with pytest.raises(Conflict):
        services.dismiss(suspicion.pk, by=bob, reason="En quiz", now=NOON)
    assert not services.accept_next_due(now=LATER)
    again = services.reopen(suspicion.pk, by=bob, reason="Dog ikke", now=LATER)
    assert (again.state, again.closed_as, again.acknowledged_by) == (State.RESPONDING, "", bob)


def test_a_suspicion_is_not_resolved(suspicion: Incident, bob: User) -> None:
    with pytest.raises(Refused, match="dismiss"):
        services.resolve(suspicion.pk, by=bob, now=NOON)
    done = services.change_state(suspicion.pk, "RESOLVED", by=bob, reason="En quiz", now=NOON)
    assert done.closed_as == Closing.DISMISSED


def test_a_person_declares_a_suspicion(brand: Brand, alice: User, bob: User) -> None:
    until = services.suspicion_end(brand, now=NOON)
    made = services.open_incident(
        brand, title="Måske", crisis_type=CrisisType.NONE, severity=Severity.SEV2,
        severity_reasons=[], origin=Origin.PERSON, by=alice, triage_until=until,
        began_at=NOON, now=NOON,
    )  # fmt: skip
    assert (made.state, made.triage_until) == (State.TRIAGE, NOON + timedelta(minutes=30))


def test_it_is_judged_on_its_page_and_over_the_api(
    suspicion: Incident, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    assert "In triage" in client.get(f"/i/{suspicion.reference}/").content.decode()
    client.post(f"/i/{suspicion.reference}/triage/", {"do": "dismiss", "reason": "En quiz"})
    suspicion.refresh_from_db()
    assert suspicion.closed_as == Closing.DISMISSED
    read = client.get(f"/api/v1/incidents/{suspicion.reference}/").json()
    assert (read["state"], read["closed_as"]) == ("RESOLVED", "DISMISSED")


# States and severities with reasons


def test_going_back_needs_a_reason_and_forward_may_have_one(brand: Brand, alice: User) -> None:
    made = IncidentFactory.create(brand=brand)
    services.acknowledge(made.pk, by=alice, now=NOON)
    why = "Det stilner af"
    services.change_state(made.pk, State.MONITORING, by=alice, reason=why, now=NOON)
    assert made.entries.latest("number").text == why
    with pytest.raises(Refused, match="reason"):
        services.change_state(made.pk, State.RESPONDING, by=alice, now=NOON)
    services.change_state(made.pk, State.RESPONDING, by=alice, reason="Ny bølge", now=NOON)
    assert made.entries.latest("number").text == "Ny bølge"


def test_exactly_those_are_told_of_a_severity_whom_the_page_lists(
    brand: Brand, alice: User, bob: User
) -> None:
    made = IncidentFactory.create(brand=brand, lead=bob)
    listed = selectors.told_of_severity(made, by=alice)
    assert listed == [bob]
    services.change_severity(made.pk, 1, by=alice, reason="Børn", now=NOON)
    told = Notice.objects.filter(kind="incidents.severity").values_list("user", flat=True)
    assert list(told) == [bob.pk]


def test_resolving_keeps_what_was_answered(
    brand: Brand, alice: User, bob: User, charlie: User
) -> None:
    made = IncidentFactory.create(brand=brand)
    with pytest.raises(Refused, match="cannot see"):
        services.resolve(made.pk, by=alice, ending=Ending(review_owner=charlie), now=NOON)
    ending = Ending(Statement.UPDATED, Posts.RESUMED, bob)
    done = services.resolve(made.pk, by=alice, ending=ending, now=NOON)
    assert (done.review_owner, done.closed_as) == (bob, Closing.RESOLVED)
    assert made.entries.latest("number").params == {
        "statement": "UPDATED",
        "posts": "RESUMED",
        "review": "Bob Berg",
    }
    assert Notice.objects.get(kind="incidents.review").user == bob
