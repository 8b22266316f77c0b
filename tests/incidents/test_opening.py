from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import translation

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, Membership, User
from core.engine import LOOPS
from core.models import LiveSequence
from incidents import services
from incidents.enums import Origin, Severity, State
from incidents.models import Incident, ReferenceCounter
from monitoring.enums import DetectionKind
from monitoring.events import detection_made
from monitoring.models import Detection
from notifications.models import Notice
from tests.factories.incidents import NOON, DetectionFactory, IncidentFactory, on_the_ladder


def declare(brand: Brand, by: User, **changed: object) -> Incident:
    wanted = {
        "title": "Plastic in the oats",
        "crisis_type": "product_safety",
        "severity": Severity.SEV2,
        "severity_reasons": [{"code": "person", "name": str(by)}],
        "origin": Origin.PERSON,
        "by": by,
        "began_at": NOON,
        "now": NOON,
    }
    return services.open_incident(brand, **(wanted | changed))


def told(incident: Incident) -> list[tuple[int, str, str]]:
    return [
        (entry.number, entry.kind, entry.params.get("code", ""))
        for entry in incident.entries.order_by("number")
    ]


def test_an_incident_opens_with_its_clocks_its_ladder_and_somebody_to_call(
    brand: Brand, alice: User, bob: User
) -> None:
    on_the_ladder(brand, bob, alice, wait=240)
    incident = declare(brand, alice)
    assert incident.reference == "CD-2026-001"
    assert incident.state == State.DETECTED
    assert incident.respond_by == NOON + timedelta(hours=1)
    assert incident.update_by == NOON + timedelta(hours=2)
    assert incident.escalate_at == NOON
    assert incident.ladder_rounds == 2
    assert incident.ladder == [
        {"target": "USER", "user": bob.pk, "role": "", "wait": 240},
        {"target": "USER", "user": alice.pk, "role": "", "wait": 240},
    ]
    assert told(incident) == [(1, "OPENED", "person")]
    assert AuditEntry.objects.get(action="incident.opened").subject == "CD-2026-001"


def test_a_later_edit_of_the_policy_does_not_touch_a_running_incident(
    brand: Brand, alice: User, bob: User
) -> None:
    policy = on_the_ladder(brand, bob)
    incident = declare(brand, alice)
    policy.steps.all().delete()
    incident.refresh_from_db()
    assert [step["user"] for step in incident.ladder] == [bob.pk]


def test_references_count_by_year(brand: Brand, alice: User) -> None:
    ReferenceCounter.objects.create(year=2026, number=998)
    found = [
        declare(brand, alice, now=now, began_at=now).reference
        for now in (NOON, NOON, NOON + timedelta(days=60))
    ]
    assert found == ["CD-2026-999", "CD-2026-1000", "CD-2027-001"]


def test_a_beginning_in_the_future_is_not_believed(brand: Brand, alice: User) -> None:
    incident = declare(brand, alice, began_at=NOON + timedelta(hours=3))
    assert incident.began_at == NOON


def test_what_the_desk_opened_is_named_in_the_readers_language(brand: Brand) -> None:
    incident = IncidentFactory.create(brand=brand, given_title="", crisis_type="data_breach")
    with translation.override("en"):
        assert incident.title == "Data breach at Fjordkaffe"
    incident.title = "Keys in the open"
    assert incident.given_title == incident.title == "Keys in the open"


def test_a_detection_becomes_an_incident_without_any_nudge(brand: Brand) -> None:
    detection = DetectionFactory.create(brand=brand, crisis_type="product_safety")
    assert LOOPS["take_up"].run() == 1
    incident = Incident.objects.get()
    assert (incident.origin, incident.severity) == (Origin.DETECTION, Severity.SEV1)
    assert incident.began_at == detection.started_at
    assert incident.given_title == ""
    assert incident.signals.get().detection == detection
    assert told(incident) == [(1, "OPENED", "detection"), (2, "SIGNAL", "VOLUME")]
    assert LOOPS["take_up"].run() == 0
    assert Incident.objects.count() == 1


def test_one_crisis_is_one_incident_not_fifty(brand: Brand) -> None:
    DetectionFactory.create_batch(50, brand=brand)
    assert services.take_up_detections(NOON) == 50
    incident = Incident.objects.get()
    assert incident.signals.count() == 50
    assert incident.entries_count == incident.entries.count() == 51


def test_after_a_resolved_incident_a_detection_opens_a_new_one(brand: Brand) -> None:
    IncidentFactory.create(brand=brand, state=State.RESOLVED)
    DetectionFactory.create(brand=brand)
    services.take_up_detections(NOON)
    assert Incident.objects.count() == 2


def test_brands_do_not_share_incidents(brand: Brand, other_brand: Brand) -> None:
    DetectionFactory.create(brand=brand)
    DetectionFactory.create(brand=other_brand)
    services.take_up_detections(NOON)
    assert {incident.brand for incident in Incident.objects.all()} == {brand, other_brand}


def test_a_graver_signal_raises_the_severity_and_says_so(brand: Brand) -> None:
    incident = IncidentFactory.create(brand=brand, severity=Severity.SEV4)
    DetectionFactory.create(brand=brand)
    services.take_up_detections(NOON + timedelta(minutes=1))
    incident.refresh_from_db()
    assert incident.severity == Severity.SEV2
    assert incident.respond_by == NOON + timedelta(hours=1)
    assert told(incident) == [(1, "SIGNAL", "VOLUME"), (2, "SEVERITY", "raised")]


def test_a_milder_signal_changes_no_severity(brand: Brand) -> None:
    incident = IncidentFactory.create(brand=brand, severity=Severity.SEV1)
    DetectionFactory.create(brand=brand)
    services.take_up_detections(NOON)
    incident.refresh_from_db()
    assert incident.severity == Severity.SEV1


def test_no_signal_overrules_what_a_person_has_set(brand: Brand, alice: User) -> None:
    incident = IncidentFactory.create(brand=brand, severity=Severity.SEV2)
    services.change_severity(incident.pk, 4, by=alice, reason="Known joke", now=NOON)
    DetectionFactory.create(brand=brand)
    services.take_up_detections(NOON)
    incident.refresh_from_db()
    assert incident.severity == Severity.SEV4


def test_a_detection_that_breaks_stops_no_other(
    brand: Brand, other_brand: Brand, caplog: pytest.LogCaptureFixture
) -> None:
    broken = DetectionFactory.create(brand=brand, detected_at=NOON - timedelta(minutes=1))
    # A row of another kind already stands where its signal must go.
    old = IncidentFactory.create(brand=brand, state=State.RESOLVED)
    old.signals.create(detection=broken)
    DetectionFactory.create(brand=other_brand)
    assert services.take_up_detections(NOON) == 1
    assert [incident.brand for incident in Incident.objects.exclude(pk=old.pk)] == [other_brand]
    assert Detection.objects.get(handled_at=None) == broken
    assert f"Detection {broken.pk} could not be taken up" in caplog.text


def test_pages_of_the_brand_hear_of_it(
    brand: Brand, alice: User, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        declare(brand, alice)
    group = LiveSequence.objects.get(group=f"brand.{brand.pk}")
    assert group.number == 1


def test_the_sweep_uses_the_index_of_what_is_not_taken_up(brand: Brand) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM monitoring_detection WHERE handled_at IS NULL"
            " ORDER BY detected_at LIMIT 100"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "detection_unhandled" in plan


def test_a_detection_wakes_the_loop_that_takes_it_up(
    brand: Brand, django_capture_on_commit_callbacks: Callable
) -> None:
    woken = LOOPS["take_up"].woken
    woken.clear()
    with django_capture_on_commit_callbacks(execute=True):
        found = DetectionFactory.create(brand=brand, handled_at=None)
        detection_made.announce(detection_id=found.pk)
        assert not woken.is_set()
    assert woken.is_set()
    woken.clear()
    assert services.take_up_detections(NOON) == 1


def test_a_silence_opens_no_incident_but_tells_who_looks_after_the_sources(
    brand: Brand, alice: User, bob: User
) -> None:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    found = DetectionFactory.create(brand=brand, kind=DetectionKind.SILENCE, handled_at=None)
    assert services.take_up(found.pk, now=NOON)
    assert not Incident.objects.exists()
    [notice] = Notice.objects.all()
    assert notice.user == alice
    assert notice.kind == "incidents.silence"
    # Where an incident runs, blindness belongs on its timeline.
    incident = declare(brand, alice)
    again = DetectionFactory.create(brand=brand, kind=DetectionKind.SILENCE, handled_at=None)
    services.take_up(again.pk, now=NOON)
    assert list(incident.signals.values_list("detection", flat=True)) == [again.pk]


def test_a_further_signal_of_a_resolved_matter_opens_no_second_incident(
    brand: Brand, alice: User
) -> None:
    first = DetectionFactory.create(brand=brand, handled_at=None)
    services.take_up(first.pk, now=NOON)
    incident = Incident.objects.get()
    Incident.objects.update(state=State.RESOLVED, resolved_at=NOON)
    further = DetectionFactory.create(
        brand=brand, kind=DetectionKind.NEW_THEME, group=first, handled_at=None
    )
    services.take_up(further.pk, now=NOON)
    assert Incident.objects.count() == 1
    assert incident.signals.count() == 2
    # One that is graver than what was decided on is a crisis of its own.
    Incident.objects.update(severity=Severity.SEV4)
    graver = DetectionFactory.create(
        brand=brand,
        group=first,
        handled_at=None,
        value=5000,
        expected_high=10,
        negative_share=0.9,
        crisis_type="product_safety",
    )
    services.take_up(graver.pk, now=NOON)
    assert Incident.objects.count() == 2
