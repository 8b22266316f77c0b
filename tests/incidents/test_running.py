from datetime import timedelta

import pytest

from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Refused
from incidents import services
from incidents.enums import EntryKind, State
from incidents.models import Call, Incident
from notifications.models import Notice
from tests.factories.incidents import NOON, IncidentFactory, TaskFactory

LATER = NOON + timedelta(minutes=3)


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand, escalate_at=NOON)


def kinds(incident: Incident) -> list[str]:
    return [entry.kind for entry in incident.entries.order_by("number")]


def audited(incident: Incident) -> list[str]:
    found = AuditEntry.objects.filter(subject=incident.reference).order_by("number")
    return [entry.action for entry in found]


def test_acknowledging_stops_the_calls_and_gives_the_lead(incident: Incident, bob: User) -> None:
    services.acknowledge(incident.pk, by=bob, now=LATER)
    incident.refresh_from_db()
    assert incident.state == State.ACKNOWLEDGED
    assert (incident.acknowledged_at, incident.acknowledged_by) == (LATER, bob)
    assert incident.escalate_at is None
    assert incident.lead == bob
    entry = incident.entries.get()
    assert (entry.kind, entry.actor, entry.params) == ("ACKNOWLEDGED", bob, {"after": 180})
    assert audited(incident) == ["incident.acknowledged"]


def test_the_second_to_acknowledge_is_told_who_was_first(
    incident: Incident, alice: User, bob: User
) -> None:
    services.acknowledge(incident.pk, by=bob, now=LATER)
    with pytest.raises(Conflict, match="Bob Berg has already acknowledged"):
        services.acknowledge(incident.pk, by=alice, now=LATER)
    assert kinds(incident) == ["ACKNOWLEDGED"]


def test_who_was_called_is_told_that_somebody_answered(
    incident: Incident, alice: User, bob: User
) -> None:
    for user in (alice, bob):
        Call.objects.create(incident=incident, rung=0, user=user, due_at=NOON, fired_at=NOON)
    services.acknowledge(incident.pk, by=bob, now=LATER)
    notice = Notice.objects.get(kind="incidents.acknowledged")
    assert (notice.user, notice.urgency) == (alice, "NEWS")
    assert notice.url == f"/i/{incident.reference}/"


def test_an_incident_runs_from_detected_to_resolved_and_back(
    incident: Incident, alice: User
) -> None:
    for state in ("ACKNOWLEDGED", "RESPONDING", "MONITORING", "RESOLVED"):
        services.change_state(incident.pk, state, by=alice, now=LATER)
    services.change_state(incident.pk, "RESPONDING", by=alice, reason="Again", now=LATER)
    incident.refresh_from_db()
    assert (incident.state, incident.resolved_at) == (State.RESPONDING, None)
    assert kinds(incident) == ["ACKNOWLEDGED", "STATE", "STATE", "RESOLVED", "STATE"]
    assert [entry.number for entry in incident.entries.order_by("number")] == [1, 2, 3, 4, 5]
    assert audited(incident) == [
        "incident.acknowledged",
        "incident.state",
        "incident.state",
        "incident.resolved",
        "incident.reopened",
    ]


def test_the_same_state_again_changes_nothing(incident: Incident, alice: User) -> None:
    services.change_state(incident.pk, "DETECTED", by=alice, now=LATER)
    assert kinds(incident) == []


@pytest.mark.parametrize("state", ["MONITORING", "RESPONDING", "nonsense", ""])
def test_a_move_that_is_not_allowed_is_refused_in_words(
    incident: Incident, alice: User, state: str
) -> None:
    with pytest.raises(Refused) as refusal:
        services.change_state(incident.pk, state, by=alice, now=LATER)
    assert str(refusal.value)
    assert kinds(incident) == []


def test_resolving_a_false_alarm_stops_the_calls_too(incident: Incident, alice: User) -> None:
    services.resolve(incident.pk, by=alice, now=LATER)
    incident.refresh_from_db()
    assert incident.acknowledged_by == alice
    assert (incident.resolved_at, incident.update_by, incident.escalate_at) == (LATER, None, None)
    with pytest.raises(Conflict):
        services.resolve(incident.pk, by=alice, now=LATER)


def test_opening_again_needs_a_reason_and_a_resolved_incident(
    incident: Incident, alice: User
) -> None:
    with pytest.raises(Conflict):
        services.reopen(incident.pk, by=alice, reason="Because", now=LATER)
    services.resolve(incident.pk, by=alice, now=LATER)
    with pytest.raises(Refused, match="reason"):
        services.reopen(incident.pk, by=alice, reason="  ", now=LATER)


def test_a_changed_severity_moves_the_clocks_and_tells_the_lead(
    incident: Incident, alice: User, bob: User
) -> None:
    services.take_lead(incident.pk, by=bob, now=LATER)
    services.change_severity(incident.pk, 1, by=alice, reason="Children", now=LATER)
    incident.refresh_from_db()
    assert incident.respond_by == NOON + timedelta(minutes=30)
    assert incident.update_by == LATER + timedelta(hours=1)
    assert incident.severity_reasons == [{"code": "person", "name": "Alice Andersen"}]
    entry = incident.entries.get(kind=EntryKind.SEVERITY)
    assert (entry.params, entry.text) == ({"before": 2, "after": 1}, "Children")
    assert Notice.objects.get(kind="incidents.severity").user == bob


@pytest.mark.parametrize(("level", "reason"), [(1, ""), (0, "x"), (5, "x")])
def test_a_severity_without_a_reason_or_that_does_not_exist_is_refused(
    incident: Incident, alice: User, level: int, reason: str
) -> None:
    with pytest.raises(Refused):
        services.change_severity(incident.pk, level, by=alice, reason=reason, now=LATER)


def test_after_the_first_response_its_clock_stands_still(incident: Incident, alice: User) -> None:
    due = incident.respond_by
    services.mark_responded(incident.pk, at=LATER)
    services.mark_responded(incident.pk, at=LATER + timedelta(hours=1))
    services.change_severity(incident.pk, 1, by=alice, reason="Children", now=LATER)
    incident.refresh_from_db()
    assert (incident.responded_at, incident.respond_by) == (LATER, due)


def test_an_earlier_first_response_counts(incident: Incident) -> None:
    services.mark_responded(incident.pk, at=LATER)
    services.mark_responded(incident.pk, at=NOON)
    incident.refresh_from_db()
    assert incident.responded_at == NOON


def test_an_update_winds_up_the_clock_of_the_next(incident: Incident, alice: User) -> None:
    services.add_update(incident.pk, by=alice, text="All quiet", now=LATER)
    incident.refresh_from_db()
    assert incident.update_by == LATER + timedelta(hours=2)


@pytest.mark.parametrize("text", ["", "   ", "\0", "x" * 4001])
def test_what_cannot_be_read_is_not_written(incident: Incident, alice: User, text: str) -> None:
    with pytest.raises(Refused):
        services.add_note(incident.pk, by=alice, text=text, now=LATER)


def test_a_room_above_writes_its_own_entries(incident: Incident, alice: User) -> None:
    entry = services.write_entry(
        incident.pk,
        EntryKind.PUBLICATION,
        actor=alice,
        params={"code": "sent"},
        text="a\0b",
        now=LATER,
    )
    assert (entry.number, entry.text, entry.at) == (1, "ab", LATER)


def test_an_incident_gets_a_name(incident: Incident, alice: User) -> None:
    services.rename(incident.pk, "  Glass in the jam ", by=alice, now=LATER)
    incident.refresh_from_db()
    assert incident.title == "Glass in the jam"
    with pytest.raises(Refused):
        services.rename(incident.pk, "x" * 201, by=alice, now=LATER)


def test_a_task_is_given_told_done_and_opened_again(
    incident: Incident, alice: User, bob: User
) -> None:
    task = services.add_task(incident.pk, title="Call the lab", owner=bob, by=alice, now=LATER)
    assert Notice.objects.get(kind="incidents.task").user == bob
    for _twice in range(2):
        services.finish_task(incident.pk, task.pk, by=bob, now=LATER)
    task.refresh_from_db()
    assert (task.done_at, task.done_by) == (LATER, bob)
    services.reopen_task(incident.pk, task.pk, by=bob, now=LATER)
    task.refresh_from_db()
    assert (task.done_at, task.done_by) == (None, None)
    codes = [entry.params.get("code", "") for entry in incident.entries.order_by("number")]
    assert codes == ["", "done", "reopened"]


def test_a_task_goes_to_nobody_outside_the_brand(
    incident: Incident, alice: User, charlie: User
) -> None:
    with pytest.raises(Refused, match="Charlie"):
        services.add_task(incident.pk, title="Spy", owner=charlie, by=alice, now=LATER)


def test_a_task_of_another_incident_is_not_found(
    brand: Brand, incident: Incident, alice: User
) -> None:
    other = TaskFactory.create(incident=IncidentFactory.create(brand=brand))
    with pytest.raises(type(other).DoesNotExist):
        services.finish_task(incident.pk, other.pk, by=alice, now=LATER)


def test_a_mention_is_linked_once(incident: Incident, alice: User) -> None:
    mention = {"id": 812, "published_at": NOON, "author": "KirstineLoft"}
    for _twice in range(2):
        services.link_mention(incident.pk, mention, by=alice, now=LATER)
    assert incident.linked_mentions.get().mention_id == 812
    assert kinds(incident) == ["SIGNAL"]
