"""The ladder's panel: what was done, by which means, who is next and what may be skipped to."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import Brand, User
from core.clock import database_now
from incidents import selectors, services
from incidents.models import Incident
from notifications.models import Delivery
from tests.factories.incidents import NOON, IncidentFactory

SignedIn = Callable[[User], Client]
MINUTE = timedelta(minutes=1)


def step(target: str, wait: int = 180, **more: object) -> dict:
    return {"target": target, "user": None, "role": "", "wait": wait} | more


@pytest.fixture
def climbing(brand: Brand, alice: User, bob: User, settings: Settings) -> Incident:
    """Bob is called three times, a webhook, then alice, in the night only, then those who lead."""
    settings.EMAIL_HOST = "mail.example.org"
    hook, _secret = services.add_webhook(brand, name="Vagt", url="https://x.dk/", by=alice)
    night = {"hours": {"from": "22:00", "to": "06:00", "zone": "UTC"}}
    made = services.save_policy(
        brand, name="All kinds", rounds=2, is_default=True, by=alice,
        steps=[
            step("USER", user=bob, times=2),
            step("WEBHOOK", 0, subject=hook.pk),
            step("USER", user=alice, only=night),
            step("ROLE", role="LEAD", wait=600),
        ],
    )  # fmt: skip
    return IncidentFactory.create(
        brand=brand, policy=made, ladder=services.opening.copied(made), ladder_rounds=2,
        escalate_at=NOON,
    )  # fmt: skip


def run(until: int) -> None:
    for minute in range(until + 1):
        while services.fire_next(now=NOON + minute * MINUTE):
            pass


def test_each_step_says_what_became_of_it(climbing: Incident, alice: User, bob: User) -> None:
    run(7)
    climbing.refresh_from_db()
    shown = selectors.ladder(climbing, now=NOON + 7 * MINUTE)
    first, hook, night, lead = shown.rungs
    assert [rung.state for rung in shown.rungs] == ["called", "did", "passed", "wait"]
    assert first.limits == ["2 times"]
    assert [call.rung for call in first.calls] == [1]
    assert hook.note == "Waiting to be sent"
    assert night.note == "it is outside its hours"
    assert [call.user for call in lead.calls] == [alice]
    assert first.calls[0].outgoing is not None
    services.acknowledge(climbing.pk, by=alice, now=NOON + 8 * MINUTE)
    climbing.refresh_from_db()
    shown = selectors.ladder(climbing, now=NOON + 9 * MINUTE)
    assert (shown.rungs[3].state, shown.rungs[3].answered) == ("done", alice)
    assert shown.answered_after == "8 min"


def test_a_step_that_fired_late_says_so(climbing: Incident) -> None:
    services.fire_next(now=NOON + 2 * MINUTE)
    climbing.refresh_from_db()
    assert selectors.ladder(climbing, now=NOON + 2 * MINUTE).rungs[0].late == "2 min"


def test_the_panel_shows_means_and_offers_to_skip_and_to_take_over(
    climbing: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    run(0)
    Delivery.objects.update(state="SENT", sent_at=database_now())
    client, path = signed_in(alice), f"/i/{climbing.reference}/"
    panel = client.get(f"{path}?part=ladder").content.decode()
    for words in ("Bob Berg", "Called, no answer yet", "Sent", "Webhook: Vagt", "Skip to"):
        assert words in panel
    offered = re.findall(r'name="step" value="(\d)"', panel)
    assert offered == ["2", "3", "4"]
    client.post(f"{path}escalate/", {"step": "4"})
    assert services.fire_next(now=database_now())
    assert [call.user for call in climbing.calls.order_by("rung")] == [bob, alice]
    services.acknowledge(climbing.pk, by=bob, now=database_now())
    panel = client.get(f"{path}?part=ladder").content.decode()
    assert "Take over" in panel
    client.post(f"{path}lead/")
    climbing.refresh_from_db()
    assert climbing.lead == alice
    assert "Take over" not in client.get(f"{path}?part=ladder").content.decode()


@pytest.mark.parametrize("asked", ["0", "99", "nothing", "9" * 30])
def test_a_step_that_is_not_there_is_refused_or_the_next_one(
    climbing: Incident, alice: User, signed_in: SignedIn, asked: str
) -> None:
    response = signed_in(alice).post(f"/i/{climbing.reference}/escalate/", {"step": asked})
    assert response.status_code == 302


def test_the_panel_costs_as_many_queries_however_long_the_ladder_is(
    climbing: Incident, alice: User, bob: User
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            selectors.ladder(climbing, now=NOON)
        return len(found)

    run(0)
    climbing.refresh_from_db()
    _once = queries()
    before = queries()
    climbing.ladder = climbing.ladder * 4
    assert queries() == before
