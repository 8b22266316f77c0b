"""Fire drills: they page for real, are marked everywhere, count nowhere and end by themselves."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Brand, User
from core.clock import database_now
from core.errors import Conflict
from core.navigation import ENTRIES
from crisisdesk.navigation import counts
from incidents import selectors, services
from incidents.models import EscalationPolicy, Incident
from incidents.models_escalation import FireDrill
from incidents.selectors.drills import report
from monitoring.models import Detection
from notifications.models import Delivery, Notice
from notifications.services import send_due
from tests.factories.incidents import NOON, DetectionFactory, IncidentFactory, on_the_ladder

SignedIn = Callable[[User], Client]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def policy(brand: Brand, alice: User, bob: User) -> EscalationPolicy:
    made = on_the_ladder(brand, bob, alice)
    EscalationPolicy.objects.filter(pk=made.pk).update(rounds=1)
    made.refresh_from_db()
    return made


def begun(policy: EscalationPolicy, by: User) -> tuple[FireDrill, Incident]:
    drill = services.start_drill(policy, by=by, now=NOON)
    assert drill.incident
    return drill, drill.incident


def run(until: int, since: int = 0) -> None:
    for minute in range(since, until + 1):
        now = NOON + minute * MINUTE
        while services.fire_next(now=now):
            pass
        services.end_drills(now)


def test_it_pages_for_real_and_says_everywhere_that_it_is_a_test(
    policy: EscalationPolicy, alice: User, bob: User, settings: Settings, signed_in: SignedIn
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    _drill, incident = begun(policy, alice)
    run(0)
    notice = Notice.objects.get(kind="incidents.test.paged")
    assert (notice.user, notice.urgency) == (bob, "PAGE")
    Delivery.objects.update(send_at=database_now())
    send_due(database_now())
    letter = mail.outbox[0]
    assert letter.subject.startswith("TEST:")
    assert "This is a fire drill: nothing has happened." in letter.body
    assert incident.title.startswith("TEST:")
    assert "TEST:" in signed_in(bob).get(f"/i/{incident.reference}/").content.decode()


def test_who_was_called_answers_and_the_report_says_in_how_long(
    policy: EscalationPolicy, alice: User, bob: User, signed_in: SignedIn
) -> None:
    drill, incident = begun(policy, alice)
    run(4)
    services.acknowledge(incident.pk, by=alice, now=NOON + 5 * MINUTE)
    run(6, since=5)
    drill.refresh_from_db()
    # Bob was called too and has a few minutes to say that it reached him.
    assert drill.ended_at is None
    services.acknowledge(incident.pk, by=bob, now=NOON + 7 * MINUTE)
    run(7, since=7)
    drill.refresh_from_db()
    assert drill.ended_at == NOON + 7 * MINUTE
    rows = [(row.user, row.step, row.took) for row in report(drill)]
    assert rows == [(bob, 1, 7 * MINUTE), (alice, 2, 2 * MINUTE)]
    incident.refresh_from_db()
    assert (incident.state, incident.acknowledged_by) == ("RESOLVED", alice)
    page = signed_in(alice).get(f"/settings/policies/drills/{drill.pk}/").content.decode()
    assert "2 of 2 who were called have answered." in page
    assert Notice.objects.get(kind="incidents.test.drill_ended").user == alice


def test_a_drill_that_nobody_answers_calls_everyone_once_and_ends(
    policy: EscalationPolicy, alice: User, bob: User
) -> None:
    drill, incident = begun(policy, alice)
    run(60)
    drill.refresh_from_db()
    assert incident.calls.filter(rung=2).count() == 2
    assert not incident.calls.filter(rung__gt=2).exists()
    assert drill.ended_at == NOON + 11 * MINUTE
    assert [row.answered_at for row in report(drill)] == [None, None]


def test_it_stands_in_no_list_and_no_figure(
    policy: EscalationPolicy, brand: Brand, alice: User, bob: User, signed_in: SignedIn
) -> None:
    real = IncidentFactory.create(brand=brand, severity=1)
    _drill, incident = begun(policy, alice)
    assert Incident.with_drills.count() == 2
    assert list(Incident.objects.all()) == [real]
    assert counts(alice)["incidents"] == 1
    client = signed_in(alice)
    for path in ("/incidents/", "/", "/cases/", "/api/v1/incidents/"):
        page = client.get(path).content.decode()
        assert real.reference in page or path == "/cases/"
        assert incident.reference not in page
    assert ENTRIES


def test_a_real_detection_opens_an_incident_of_its_own(
    policy: EscalationPolicy, brand: Brand, alice: User
) -> None:
    begun(policy, alice)
    DetectionFactory.create(brand=brand)
    services.take_up_detections(NOON)
    assert Detection.objects.get().handled_at
    assert Incident.objects.get().signals.count() == 1


def test_nothing_can_be_published_out_of_a_drill(
    policy: EscalationPolicy, alice: User, signed_in: SignedIn
) -> None:
    _drill, incident = begun(policy, alice)
    path = f"/i/{incident.reference}/drafts/new/"
    assert signed_in(alice).get(path).status_code == 404


def test_one_drill_at_a_time_and_it_can_be_stopped(policy: EscalationPolicy, alice: User) -> None:
    drill, incident = begun(policy, alice)
    with pytest.raises(Conflict):
        services.start_drill(policy, by=alice, now=NOON)
    run(0)
    services.stop_drill(drill, by=alice, now=NOON)
    run(10)
    assert incident.calls.count() == 1
    with pytest.raises(Conflict):
        services.stop_drill(drill, by=alice, now=NOON)
    assert services.start_drill(policy, by=alice, now=NOON)


def test_it_is_started_from_the_policys_page(
    policy: EscalationPolicy, brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    brand.memberships.filter(user=alice).update(role="ADMINISTRATOR")
    client = signed_in(alice)
    response = client.post(f"/settings/policies/{policy.pk}/drill/")
    drill = selectors.drills(alice).get()
    assert response.headers["Location"] == f"/settings/policies/drills/{drill.pk}/"
    assert client.get("/settings/policies/").status_code == 200
    assert client.post(f"/settings/policies/drills/{drill.pk}/stop/").status_code == 302
    drill.refresh_from_db()
    assert drill.ends_at is not None
    assert drill.ends_at <= database_now()
