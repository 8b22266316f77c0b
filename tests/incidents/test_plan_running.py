"""A crisis plan on a running incident: its copy, tasks, times, moving to a newer version."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from accounts.models import Brand, User
from core.errors import Conflict, Refused
from incidents import ready, services
from incidents.enums import IncidentRole, Origin, PlanKind, PlanState, State
from incidents.models import Incident, Task
from incidents.models_plan import PlanVersion
from incidents.services.plan_running import adopt, score_axis, set_personal_data
from incidents.services.roles import assign
from notifications.models import Notice
from tests.factories.incidents import NOON, PolicyFactory, StepFactory, on_the_ladder
from tests.factories.plans import TASKS, content, published

LATER = NOON + timedelta(hours=3)


def opened(brand: Brand, by: User, *, severity: int = 3, kind: str = "viral_backlash") -> Incident:
    return services.open_incident(
        brand, title="Oats", crisis_type=kind, severity=severity, severity_reasons=[],
        origin=Origin.PERSON, by=by, began_at=NOON, now=NOON,
    )  # fmt: skip


def keys(incident: Incident) -> set[str]:
    return set(incident.tasks.values_list("key", flat=True))


def test_an_incident_opens_on_the_published_plan_of_its_kind(brand: Brand, alice: User) -> None:
    version = published(brand)
    incident = opened(brand, alice)
    assert incident.plan["id"] == version.plan_id
    assert incident.plan["version"] == 1
    assert keys(incident) == {"always", "last"}
    task = incident.tasks.get(key="always")
    assert (task.due_at, task.role, task.owner) == (NOON + timedelta(minutes=15), "SCRIBE", None)
    assert incident.respond_by == NOON + timedelta(hours=4)


def test_a_draft_and_another_brands_plan_are_not_run_on(
    brand: Brand, other_brand: Brand, alice: User
) -> None:
    draft = published(brand)
    PlanVersion.objects.filter(pk=draft.pk).update(state=PlanState.DRAFT)
    published(other_brand)
    incident = opened(brand, alice)
    assert incident.plan is None
    assert not incident.tasks.exists()


def test_the_copy_stays_as_it_was_when_the_plan_changes(brand: Brand, alice: User) -> None:
    version = published(brand)
    incident = opened(brand, alice)
    PlanVersion.objects.filter(pk=version.pk).update(content=content(tasks=TASKS[:1]))
    incident.refresh_from_db()
    services.change_severity(incident.pk, 2, by=alice, reason="It grows", now=LATER)
    assert keys(incident) == {"always", "last", "grave"}


def test_a_change_of_severity_adds_what_now_holds_once_and_takes_nothing_away(
    brand: Brand, alice: User
) -> None:
    published(brand)
    incident = opened(brand, alice)
    for level in (2, 3, 1, 4, 2):
        services.change_severity(incident.pk, level, by=alice, reason="So", now=LATER)
    assert sorted(incident.tasks.values_list("key", flat=True)) == ["always", "grave", "last"]
    # Its hour after the opening has passed when it comes: it counts from then.
    assert incident.tasks.get(key="grave").due_at == LATER + timedelta(hours=1)


def test_a_task_that_was_done_does_not_come_back(brand: Brand, alice: User) -> None:
    published(brand)
    incident = opened(brand, alice, severity=2)
    services.finish_task(incident.pk, incident.tasks.get(key="grave").pk, by=alice, now=NOON)
    services.change_severity(incident.pk, 4, by=alice, reason="So", now=NOON)
    services.change_severity(incident.pk, 1, by=alice, reason="So", now=NOON)
    assert incident.tasks.filter(key="grave", done_at__isnull=False).count() == 1
    assert incident.tasks.filter(key="grave").count() == 1


def test_personal_data_adds_the_tasks_that_hang_on_it(brand: Brand, alice: User) -> None:
    published(brand)
    incident = opened(brand, alice)
    assert "data" not in keys(incident)
    set_personal_data(incident.pk, True, by=alice, now=NOON)
    set_personal_data(incident.pk, False, by=alice, now=NOON)
    set_personal_data(incident.pk, True, by=alice, now=NOON)
    assert incident.tasks.filter(key="data").count() == 1


def test_a_data_breach_concerns_personal_data_from_the_beginning(brand: Brand, alice: User) -> None:
    published(brand, PlanKind.DATA_BREACH)
    assert "data" in keys(opened(brand, alice, kind="data_breach"))


def test_the_plans_policy_is_the_ladder(brand: Brand, alice: User, bob: User) -> None:
    on_the_ladder(brand, alice)
    night = PolicyFactory.create(brand=brand, name="Night", is_default=False)
    StepFactory.create(policy=night, target="USER", user=bob)
    published(brand, policy=night.pk)
    incident = opened(brand, alice)
    assert [step["user"] for step in incident.ladder] == [bob.pk]


def test_a_policy_that_is_gone_leaves_the_usual_one(brand: Brand, alice: User) -> None:
    on_the_ladder(brand, alice)
    published(brand, policy=987654)
    assert [step["user"] for step in opened(brand, alice).ladder] == [alice.pk]


def test_tasks_of_a_role_go_to_who_takes_it_and_on_to_who_follows(
    brand: Brand, alice: User, bob: User
) -> None:
    published(brand)
    incident = opened(brand, alice)
    free = incident.tasks.get(key="always")
    assign(incident.pk, IncidentRole.SCRIBE, bob, by=alice, now=NOON)
    free.refresh_from_db()
    assert free.owner == bob
    assert Notice.objects.filter(user=bob, kind="incidents.tasks").count() == 1
    assign(incident.pk, IncidentRole.SCRIBE, alice, by=alice, now=LATER)
    free.refresh_from_db()
    assert free.owner == alice


def test_a_task_that_somebody_else_took_stays_theirs(brand: Brand, alice: User, bob: User) -> None:
    published(brand)
    incident = opened(brand, alice)
    incident.tasks.filter(key="always").update(owner=alice)
    assign(incident.pk, IncidentRole.SCRIBE, bob, by=alice, now=NOON)
    assert incident.tasks.get(key="always").owner == alice


def test_an_incident_moves_to_a_newer_version_and_keeps_what_it_has(
    brand: Brand, alice: User
) -> None:
    first = published(brand)
    incident = opened(brand, alice)
    more = [*TASKS, {"key": "new", "title": "Ask the press", "due": 600, "from": 4}]
    times = {level: {"acknowledge": 60, "respond": 600, "update": 1200} for level in "1234"}
    second = PlanVersion.objects.create(
        plan=first.plan, number=2, content=content(tasks=more[1:], times=times),
        state=PlanState.PUBLISHED, edited_at=NOON, published_at=NOON,
    )  # fmt: skip
    moved = adopt(incident.pk, second.pk, by=alice, now=NOON)
    assert moved.plan["version"] == 2
    assert keys(incident) == {"always", "last", "new"}
    assert moved.respond_by == NOON + timedelta(minutes=10)
    count = incident.entries.count()
    adopt(incident.pk, second.pk, by=alice, now=NOON)
    assert incident.entries.count() == count


def test_a_plan_of_another_brand_or_a_draft_is_not_adopted(
    brand: Brand, other_brand: Brand, alice: User
) -> None:
    incident = opened(brand, alice)
    foreign = published(other_brand)
    draft = published(brand)
    PlanVersion.objects.filter(pk=draft.pk).update(state=PlanState.DRAFT)
    for version in (foreign, draft):
        with pytest.raises(Refused):
            adopt(incident.pk, version.pk, by=alice, now=NOON)
    PlanVersion.objects.filter(pk=draft.pk).update(state=PlanState.PUBLISHED)
    services.resolve(incident.pk, by=alice, now=NOON)
    with pytest.raises(Conflict):
        adopt(incident.pk, draft.pk, by=alice, now=NOON)
    assert Incident.objects.get(pk=incident.pk).plan is None


def test_a_persons_score_stands_and_is_no_change_of_severity(brand: Brand, alice: User) -> None:
    incident = opened(brand, alice)
    score_axis(incident.pk, "harm", 2, by=alice, why="A child is in hospital", now=NOON)
    incident.refresh_from_db()
    assert incident.scores["harm"]["points"] == 2
    assert incident.scores["harm"]["by"] == "Alice Andersen"
    assert incident.severity == 3
    with pytest.raises(Refused):
        score_axis(incident.pk, "harm", 3, by=alice, why="More", now=NOON)
    with pytest.raises(Refused):
        score_axis(incident.pk, "harm", 1, by=alice, why=" ", now=NOON)


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_add_each_task_once(brand: Brand, alice: User) -> None:
    published(brand)
    incident = opened(brand, alice)
    together, failed = Barrier(2), []

    def change(level: int) -> None:
        try:
            together.wait()
            services.change_severity(incident.pk, level, by=alice, reason="So", now=NOON)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [Thread(target=change, args=(level,)) for level in (1, 2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failed
    assert Task.objects.filter(incident=incident, key="grave").count() == 1
    assert Incident.objects.get(pk=incident.pk).state == State.DETECTED


def test_merged_incidents_of_one_plan_have_its_tasks_once(brand: Brand, alice: User) -> None:
    published(brand)
    source, target = opened(brand, alice, severity=2), opened(brand, alice)
    own = services.add_task(source.pk, title="Only here", by=alice, now=NOON)
    services.merge(source.pk, target.pk, by=alice, reason="The same", now=NOON)
    assert sorted(target.tasks.values_list("key", flat=True)) == ["", "always", "grave", "last"]
    assert Task.objects.get(pk=own.pk).incident_id == target.pk


def test_a_split_takes_a_task_of_the_plan_with_it_as_it_is(brand: Brand, alice: User) -> None:
    published(brand)
    incident = opened(brand, alice)
    task = incident.tasks.get(key="always")
    services.claim_task(incident.pk, task.pk, by=alice, now=NOON)
    part = services.Part(title="Another", severity=3, tasks=[task.pk])
    made = services.split(incident.pk, part, by=alice, reason="Two matters", now=NOON)
    assert made.tasks.get(key="always").owner == alice
    assert keys(made) == {"always", "last"}


def test_plans_of_two_kinds_share_no_tasks(brand: Brand, alice: User) -> None:
    breach, safety = (
        {task["key"] for task in ready.plan(kind, "en").content["tasks"]}
        for kind in (PlanKind.DATA_BREACH, PlanKind.PRODUCT_SAFETY)
    )
    assert not breach & safety
