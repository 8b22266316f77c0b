"""The war room: its parts, what is done in it, and who may."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from incidents import services
from incidents.enums import State
from incidents.models import Incident
from incidents.panels import WAR_ROOM
from incidents.views.room import PARTS
from monitoring.models import MentionCount, Step
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import (
    DetectionFactory,
    IncidentFactory,
    ShiftFactory,
    StepFactory,
    TaskFactory,
    on_the_ladder,
)
from tests.factories.monitoring import mention

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}
ACTIONS = {
    "acknowledge": {},
    "escalate": {},
    "lead": {},
    "state": {"state": "ACKNOWLEDGED"},
    "severity": {"severity": "1", "reason": "Children"},
    "title": {"title": "Glass"},
    "resolve": {},
    "write": {"line": "Hello"},
    "tasks": {"title": "Call the lab"},
}


@pytest.fixture
def incident(brand: Brand) -> Incident:
    now = database_now()
    return IncidentFactory.create(
        brand=brand, began_at=now - timedelta(minutes=20), detected_at=now - timedelta(minutes=15)
    )


@pytest.fixture
def observer(brand: Brand) -> User:
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.OBSERVER)
    return user


def seen(client: Client, incident: Incident, part: str = "") -> str:
    query = {"part": part} if part else {}
    response = client.get(f"/i/{incident.reference}/", query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_room_opens(incident: Incident, alice: User, signed_in: SignedIn) -> None:
    page = seen(signed_in(alice), incident)
    assert "Plastic in the oats" in page
    assert f'data-live="incident.{incident.pk} brand.{incident.brand_id} user.{alice.pk}"' in page


@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_fetched_by_itself_and_looks_as_in_the_page(
    incident: Incident, alice: User, signed_in: SignedIn, name: str
) -> None:
    part = seen(signed_in(alice), incident, name)
    assert "<html" not in part
    assert f'id="{name}"' in part


def test_why_the_desk_alarmed_is_told_in_the_readers_language_with_posts_that_show_it(
    brand: Brand, alice: User, signed_in: SignedIn
) -> None:
    shown = [mention(brand, text="The brake <b>slipped</b>"), mention(brand, text="Same here")]
    reasons = [
        {"code": "volume", "count": 1200, "minutes": 5, "low": 2, "high": 10},
        {"code": "words", "words": ["brake", "cable"]},
        {"code": "networks", "networks": [["reviews", 9], ["nowhere", 1]]},
    ]
    samples = [{"id": each.pk, "published_at": each.published_at.isoformat()} for each in shown]
    gone = {"id": 999_999, "published_at": shown[0].published_at.isoformat()}
    DetectionFactory.create(brand=brand, reasons=reasons, samples=[*samples[::-1], gone])
    services.take_up_detections(database_now())
    client = signed_in(alice)
    told = seen(client, Incident.objects.get(), "why")
    assert "1,200 mentions in 5 minutes where 2 to 10 are usual." in told
    assert "New words: brake, cable." in told
    assert "Most of it on: Reviews (9), nowhere (1)." in told
    assert 0 < told.index("Same here") < told.index("The brake &lt;b&gt;slipped")
    User.objects.filter(pk=alice.pk).update(language="da")
    assert "1.200" in seen(client, Incident.objects.get(), "why")


def test_what_a_person_declared_has_no_reasons_of_the_desk(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    assert "alarmed" not in seen(signed_in(alice), incident, "why")


def test_a_part_that_does_not_exist_is_not_found(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    response = signed_in(alice).get(f"/i/{incident.reference}/?part=secrets")
    assert response.status_code == 404


def test_a_stranger_finds_nothing_anywhere(
    incident: Incident, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    assert "Plastic" in seen(signed_in(alice), incident)
    client = signed_in(charlie)
    start = f"/i/{incident.reference}/"
    paths = [start, f"{start}review/", *(f"{start}?part={name}" for name in PARTS)]
    assert [client.get(path).status_code for path in paths] == [404] * len(paths)
    posted = [client.post(f"{start}{action}/", data) for action, data in ACTIONS.items()]
    assert [response.status_code for response in posted] == [404] * len(ACTIONS)
    assert "Plastic" not in client.get("/incidents/?shown=all").content.decode()
    assert not incident.entries.exists()


def test_an_observer_reads_but_changes_nothing(
    incident: Incident, observer: User, signed_in: SignedIn
) -> None:
    client = signed_in(observer)
    page = seen(client, incident)
    assert "Plastic" in page
    assert "say-form" not in page
    assert "incident-actions" not in page
    for action, data in ACTIONS.items():
        assert client.post(f"/i/{incident.reference}/{action}/", data).status_code == 403
    assert not incident.entries.exists()


def test_everything_works_without_a_script(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    for action, data in ACTIONS.items():
        response = client.post(f"/i/{incident.reference}/{action}/", data)
        assert response.status_code == 302, action
    incident.refresh_from_db()
    assert (incident.title, incident.severity, incident.state) == ("Glass", 1, State.RESOLVED)
    assert "Hello" in seen(client, incident)


def test_resolving_leads_to_the_review(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    response = signed_in(alice).post(f"/i/{incident.reference}/resolve/")
    assert response["Location"] == f"/i/{incident.reference}/review/"


def test_with_htmx_the_part_comes_back_and_the_others_are_told_to_follow(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    response = signed_in(alice).post(f"/i/{incident.reference}/acknowledge/", **HTMX)
    assert response.status_code == 200
    assert 'id="ladder"' in response.content.decode()
    assert "cd:head" in response["HX-Trigger"]


def test_what_was_refused_is_said_where_it_happened(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    services.acknowledge(incident.pk, by=bob, now=database_now())
    response = signed_in(alice).post(f"/i/{incident.reference}/acknowledge/", **HTMX)
    assert response.status_code == 422
    assert "Bob Berg has already acknowledged" in response.content.decode()


def test_a_line_that_was_refused_stays_in_the_field(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    response = signed_in(alice).post(
        f"/i/{incident.reference}/write/", {"line": "/dance <b>now</b>"}, **HTMX
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="/dance &lt;b&gt;now&lt;/b&gt;"' in page
    assert "There is no /dance" in page


def test_hostile_text_is_shown_as_text(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    evil = "<script>alert(1)</script>"
    services.rename(incident.pk, evil, by=alice, now=database_now())
    services.add_decision(incident.pk, by=alice, text=evil, now=database_now())
    services.add_task(incident.pk, title=evil, by=alice, now=database_now())
    page = seen(signed_in(alice), incident)
    assert evil not in page
    assert page.count("&lt;script&gt;alert(1)") >= 4


def test_the_timeline_is_filtered_and_paged_by_number(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    for number in range(45):
        services.add_note(incident.pk, by=alice, text=f"note-{number}.", now=database_now())
    services.add_decision(incident.pk, by=alice, text="decided", now=database_now())
    client = signed_in(alice)
    first = seen(client, incident, "entries")
    assert first.count('id="entry-') == 40
    earlier = client.get(f"/i/{incident.reference}/?part=entries&before=7").content.decode()
    assert earlier.count('id="entry-') == 6
    assert "note-0." in earlier
    decisions = client.get(f"/i/{incident.reference}/?part=entries&show=decisions")
    assert decisions.content.decode().count('id="entry-') == 1


def test_a_task_is_ticked_and_opened_again(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    task = TaskFactory.create(incident=incident)
    client = signed_in(alice)
    client.post(f"/i/{incident.reference}/tasks/{task.pk}/", **HTMX)
    task.refresh_from_db()
    assert task.done_by == alice
    client.post(f"/i/{incident.reference}/tasks/{task.pk}/", {"open": "1"}, **HTMX)
    task.refresh_from_db()
    assert task.done_at is None
    assert client.post(f"/i/{incident.reference}/tasks/{task.pk + 99}/").status_code == 404


def test_a_task_with_a_person_of_another_brand_is_refused(
    incident: Incident, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    data = {"title": "Spy", "owner": charlie.pk}
    response = signed_in(alice).post(f"/i/{incident.reference}/tasks/", data, **HTMX)
    assert response.status_code == 422
    assert not incident.tasks.exists()


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"escalate_failures": 3}, "Calling has stopped."),
        ({"respond_by": timedelta(minutes=-1)}, "The first response is late."),
        ({}, "Nobody has acknowledged yet."),
        ({"escalate_at": timedelta(minutes=-1)}, "The next call is late by"),
        ({"state": State.RESPONDING, "update_by": timedelta(minutes=-1)}, "The internal update"),
        ({"state": State.RESPONDING}, ""),
        ({"state": State.RESOLVED, "respond_by": timedelta(minutes=-1)}, ""),
    ],
)
def test_exactly_one_thing_blocks_and_the_gravest_is_shown(
    incident: Incident, alice: User, signed_in: SignedIn, changes: dict, title: str
) -> None:
    now = database_now()
    fields = {k: now + v if isinstance(v, timedelta) else v for k, v in changes.items()}
    # Whoever answers first leads.
    lead = alice if changes.get("state") == State.RESPONDING else None
    Incident.objects.filter(pk=incident.pk).update(lead=lead, **fields)
    strip = seen(signed_in(alice), incident, "blocking")
    assert strip.count("blocking-what") == (1 if title else 0)
    assert title in strip


def test_a_late_task_blocks_when_nothing_graver_does(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    Incident.objects.filter(pk=incident.pk).update(state=State.RESPONDING, lead=bob)
    now = database_now()
    TaskFactory.create(incident=incident, owner=bob, title="Lab", due_at=now - timedelta(minutes=9))
    TaskFactory.create(incident=incident, title="Later", due_at=now + timedelta(minutes=9))
    strip = seen(signed_in(alice), incident, "blocking")
    assert "A task is late: Lab" in strip
    assert "It waits for Bob Berg." in strip


def test_the_ladder_shows_who_was_called_who_answered_and_who_is_next(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    policy = on_the_ladder(incident.brand, bob, alice)
    StepFactory.create(policy=policy, position=3)
    now = database_now()
    Incident.objects.filter(pk=incident.pk).update(
        ladder=services.opening.copied(policy), ladder_rounds=1, escalate_at=now
    )
    services.fire_next(now=now)
    waiting = seen(signed_in(alice), incident, "ladder")
    assert waiting.count('class="waiting"') == 1
    assert "Called, no answer yet" in waiting
    assert "Called if nobody answers" in waiting
    assert "Nobody to call" in waiting
    services.acknowledge(incident.pk, by=bob, now=now)
    answered = seen(signed_in(alice), incident, "ladder")
    assert answered.count('class="done"') == 1
    assert "Was not needed" in answered


def test_a_ladder_that_cannot_be_read_is_said_so(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    Incident.objects.filter(pk=incident.pk).update(ladder=[{"target": "PIGEON"}])
    assert "cannot be read" in seen(signed_in(alice), incident, "ladder")
    assert signed_in(alice).get(f"/i/{incident.reference}/").status_code == 200


def test_the_figures_come_from_the_counts(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    now = database_now()
    minute = (now - timedelta(minutes=1)).replace(second=0, microsecond=0)
    MentionCount.objects.create(
        brand=incident.brand,
        minute=minute,
        network="x",
        crisis_type="none",
        total=412,
        negative=290,
        positive=12,
        reach=4_800_000,
    )
    start = minute.replace(minute=minute.minute - minute.minute % 5) - timedelta(minutes=10)
    Step.objects.create(
        brand=incident.brand,
        starts_at=start,
        total=20,
        negative=1,
        positive=1,
        reach=100,
        expected_low=10,
        expected_high=40,
        score=0,
    )
    part = seen(signed_in(alice), incident, "volume")
    assert ">412<" in part
    assert "10.3× expected max." in part
    assert ">4.8M<" in part
    assert ">70%<" in part
    said = seen(signed_in(alice), incident, "said")
    assert ">70%<" in said


def fill(incident: Incident, count: int) -> None:
    """Give an incident `count` of everything its page shows."""
    brand = incident.brand
    now = database_now()
    people = UserFactory.create_batch(count)
    for user in people:
        MembershipFactory.create(user=user, brand=brand, role=Role.RESPONDER)
        ShiftFactory.create(
            brand=brand, user=user, starts_at=now - timedelta(1), ends_at=now + timedelta(1)
        )
    brand.policies.all().delete()
    policy = on_the_ladder(brand, *people)
    Incident.objects.filter(pk=incident.pk).update(
        ladder=services.opening.copied(policy), ladder_rounds=1, escalate_at=now, lead=people[0]
    )
    for user in people:
        services.escalate_now(incident.pk, by=user, now=now)
        services.fire_next(now=now)
        services.add_task(incident.pk, title="Task", owner=user, by=user, now=now)
        services.add_note(incident.pk, by=user, text="Note", now=now)


def cost(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_the_room_costs_the_same_whatever_is_in_it(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(alice), f"/i/{incident.reference}/"
    fill(incident, 1)
    with_one = cost(client, path)
    fill(incident, 3)
    assert cost(client, path) == with_one <= 33


def test_panels_of_the_rooms_above_load_themselves(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    page = seen(signed_in(alice), incident)
    assert WAR_ROOM.panels
    for panel in WAR_ROOM.panels:
        assert f'id="slot-{panel.name}"' in page


def test_a_room_that_is_over_shows_what_was_said_until_then(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    now = database_now()
    mention(incident.brand, published_at=now - timedelta(minutes=10), text="Glass in my oats")
    services.resolve(incident.pk, by=alice, now=now - timedelta(minutes=5))
    mention(incident.brand, published_at=now - timedelta(minutes=1), text="A new day")
    posts = seen(signed_in(alice), incident, "posts")
    assert "Glass in my oats" in posts
    assert "A new day" not in posts
