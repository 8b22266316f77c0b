"""Tasks: claimed, given, moved, told of once before they are due and once when they are late."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from accounts.models import Brand, User
from core.errors import Conflict, Refused
from incidents import services
from incidents.models import Incident, Task
from incidents.selectors.tasks import untold
from incidents.services import tasks
from notifications.models import Notice, Urgency
from tests.factories.incidents import NOON, IncidentFactory

MINUTE = timedelta(minutes=1)


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    return IncidentFactory.create(brand=brand, lead=alice, severity=2)


def due(incident: Incident, by: User, *, minutes: int = 60, owner: User | None = None) -> Task:
    return services.add_task(
        incident.pk, title="Call them", owner=owner, by=by,
        due_at=NOON + minutes * MINUTE, now=NOON,
    )  # fmt: skip


def told(kind: str) -> list[str]:
    return sorted(
        Notice.objects.filter(kind=f"incidents.{kind}").values_list("user__name", flat=True)
    )


def test_a_task_is_told_of_before_and_when_late_once_each(
    incident: Incident, alice: User, bob: User
) -> None:
    due(incident, alice, owner=bob)
    assert tasks.remind_due(now=NOON + 44 * MINUTE) == 0
    assert untold(now=NOON + 44 * MINUTE, grace=MINUTE) == []
    assert untold(now=NOON + 47 * MINUTE, grace=MINUTE) == ["1 tasks have not been told of in time"]
    assert tasks.remind_due(now=NOON + 45 * MINUTE) == 1
    assert tasks.remind_due(now=NOON + 46 * MINUTE) == 0
    assert (told("task_due"), told("task_late")) == (["Bob Berg"], [])
    assert tasks.remind_due(now=NOON + 60 * MINUTE) == 1
    assert tasks.remind_due(now=NOON + 600 * MINUTE) == 0
    assert told("task_due") == ["Bob Berg"]
    assert told("task_late") == ["Alice Andersen", "Bob Berg"]
    late = Notice.objects.filter(kind="incidents.task_late")
    assert {notice.urgency for notice in late} == {Urgency.PAGE}


def test_an_engine_that_was_down_tells_only_that_it_is_late(
    incident: Incident, alice: User, bob: User
) -> None:
    due(incident, alice, owner=bob)
    assert tasks.remind_due(now=NOON + 90 * MINUTE) == 1
    assert tasks.remind_due(now=NOON + 91 * MINUTE) == 0
    assert told("task_due") == []


def test_without_an_owner_the_lead_is_told(incident: Incident, alice: User) -> None:
    due(incident, alice)
    tasks.remind_due(now=NOON + 50 * MINUTE)
    assert told("task_due") == ["Alice Andersen"]


@pytest.mark.parametrize("end", ["done", "resolved"])
def test_what_is_over_is_not_told_of(incident: Incident, alice: User, bob: User, end: str) -> None:
    task = due(incident, alice, owner=bob)
    if end == "done":
        services.finish_task(incident.pk, task.pk, by=bob, now=NOON)
    else:
        services.resolve(incident.pk, by=alice, now=NOON)
    tasks.remind_due(now=NOON + 90 * MINUTE)
    assert told("task_late") == []
    task.refresh_from_db()
    assert task.remind_at is None


def test_another_time_is_told_of_anew(incident: Incident, alice: User, bob: User) -> None:
    task = due(incident, alice, owner=bob)
    tasks.remind_due(now=NOON + 70 * MINUTE)
    later = NOON + 200 * MINUTE
    tasks.move_task(incident.pk, task.pk, later, by=alice, now=NOON + 71 * MINUTE)
    assert tasks.remind_due(now=later - 15 * MINUTE) == 1
    assert tasks.remind_due(now=later) == 1
    assert told("task_late").count("Bob Berg") == 2
    tasks.move_task(incident.pk, task.pk, None, by=alice, now=later)
    task.refresh_from_db()
    assert task.remind_at is None


def test_a_task_is_claimed_once(incident: Incident, alice: User, bob: User) -> None:
    task = due(incident, alice)
    tasks.claim_task(incident.pk, task.pk, by=bob, now=NOON)
    with pytest.raises(Conflict, match="Bob Berg has already taken it"):
        tasks.claim_task(incident.pk, task.pk, by=alice, now=NOON)
    tasks.assign_task(incident.pk, task.pk, alice, by=bob, now=NOON)
    task.refresh_from_db()
    assert task.owner == alice
    assert Notice.objects.filter(user=alice, kind="incidents.task").exists()
    tasks.assign_task(incident.pk, task.pk, None, by=bob, now=NOON)
    task.refresh_from_db()
    assert task.owner is None


def test_a_stranger_gets_no_task_and_a_done_one_is_not_moved(
    incident: Incident, alice: User, charlie: User
) -> None:
    task = due(incident, alice)
    with pytest.raises(Refused, match="cannot see"):
        tasks.assign_task(incident.pk, task.pk, charlie, by=alice, now=NOON)
    services.finish_task(incident.pk, task.pk, by=alice, note="They know", now=NOON)
    with pytest.raises(Conflict):
        tasks.assign_task(incident.pk, task.pk, alice, by=alice, now=NOON)
    task.refresh_from_db()
    assert task.note == "They know"
    services.reopen_task(incident.pk, task.pk, by=alice, now=NOON)
    task.refresh_from_db()
    assert (task.note, task.remind_at) == ("", task.due_at)


@pytest.mark.django_db(transaction=True)
def test_two_engines_tell_once(brand: Brand, alice: User, bob: User) -> None:
    incident = IncidentFactory.create(brand=brand, lead=alice)
    for _each in range(20):
        due(incident, alice, owner=bob)
    together, counted = Barrier(3), []

    def engine() -> None:
        together.wait()
        counted.append(sum(tasks.remind_due(now=NOON + 50 * MINUTE) for _each in range(4)))
        connection.close()

    threads = [Thread(target=engine) for _each in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sum(counted) == 20
    assert Notice.objects.filter(kind="incidents.task_due").count() == 20
    assert not Task.objects.exclude(reminded=1).exists()


@pytest.mark.django_db(transaction=True)
def test_an_engine_that_dies_holding_a_task_loses_nothing(
    brand: Brand, alice: User, bob: User
) -> None:
    incident = IncidentFactory.create(brand=brand, lead=alice)
    task = due(incident, alice, owner=bob)
    at = NOON + 50 * MINUTE
    dying = connection.copy()
    with dying.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE incidents_task SET reminded = 1 WHERE id = %s", [task.pk])
        assert tasks.remind_due(now=at) == 0
    dying.close()
    assert tasks.remind_due(now=at) == 1
    assert told("task_due") == ["Bob Berg"]
