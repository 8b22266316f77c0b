"""The engine climbs the ladder."""

from datetime import timedelta

import pytest

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from core.engine import AUDITS, LOOPS
from core.errors import Conflict
from incidents import services
from incidents.enums import State, Target
from incidents.models import Call, Incident
from notifications.models import Delivery, Notice
from tests.factories.incidents import (
    NOON,
    IncidentFactory,
    ShiftFactory,
    StepFactory,
    on_the_ladder,
)

MINUTE = timedelta(minutes=1)


def opened(brand: Brand, **changed: object) -> Incident:
    policy = brand.policies.filter(is_default=True).first()
    ladder = services.opening.copied(policy) if policy else []
    defaults = {"ladder": ladder, "ladder_rounds": policy.rounds if policy else 0}
    return IncidentFactory.create(brand=brand, escalate_at=NOON, **(defaults | changed))


def climb(until: int) -> None:
    """Let the engine look once a minute, from NOON on."""
    for minute in range(until + 1):
        while services.fire_next(now=NOON + minute * MINUTE):
            pass


def calls(incident: Incident) -> list[tuple[int, str, int]]:
    """Rung, first name and minute of each call."""
    found = incident.calls.select_related("user").order_by("rung", "user__name")
    return [
        (call.rung, call.user.name.split()[0], (call.fired_at - NOON) // MINUTE) for call in found
    ]


def codes(incident: Incident) -> list[tuple[str, str]]:
    found = incident.entries.order_by("number")
    return [(entry.kind, entry.params.get("code", "")) for entry in found]


def test_one_after_the_other_is_called_until_the_ladder_ends_and_then_everyone(
    brand: Brand, alice: User, bob: User
) -> None:
    on_the_ladder(brand, bob, alice)
    incident = opened(brand)
    climb(until=19)
    assert calls(incident) == [
        (0, "Bob", 0),
        (1, "Alice", 3),
        (2, "Bob", 6),
        (3, "Alice", 9),
        (4, "Alice", 12),
        (4, "Bob", 12),
        (5, "Alice", 17),
        (5, "Bob", 17),
    ]
    assert codes(incident)[-2:] == [("EXHAUSTED", ""), ("CALLED", "everyone")]


def test_each_call_is_a_page_with_an_email_behind_it(brand: Brand, bob: User) -> None:
    on_the_ladder(brand, bob)
    incident = opened(brand)
    climb(until=0)
    notice = Notice.objects.get()
    assert (notice.user, notice.kind, notice.urgency) == (bob, "incidents.paged", "PAGE")
    assert notice.url == f"/i/{incident.reference}/"
    assert Delivery.objects.get().notice == notice


def test_acknowledging_ends_it(brand: Brand, alice: User, bob: User) -> None:
    on_the_ladder(brand, bob, alice)
    incident = opened(brand)
    climb(until=1)
    services.acknowledge(incident.pk, by=bob, now=NOON + 2 * MINUTE)
    climb(until=60)
    assert calls(incident) == [(0, "Bob", 0)]


def test_a_step_that_resolves_to_nobody_is_passed_at_once_and_told(
    brand: Brand, alice: User, bob: User
) -> None:
    policy = on_the_ladder(brand)
    StepFactory.create(policy=policy, position=1, target=Target.ON_CALL)
    StepFactory.create(policy=policy, position=2, target=Target.ROLE, role=Role.LEAD)
    incident = opened(brand)
    climb(until=0)
    assert calls(incident) == [(1, "Alice", 0)]
    assert codes(incident) == [("CALLED", "nobody"), ("CALLED", "")]


def test_who_is_on_call_at_that_time_is_called(brand: Brand, alice: User, bob: User) -> None:
    StepFactory.create(policy=on_the_ladder(brand), position=1, target=Target.ON_CALL)
    ShiftFactory.create(brand=brand, user=alice, ends_at=NOON)
    ShiftFactory.create(brand=brand, user=bob, starts_at=NOON)
    incident = opened(brand)
    climb(until=0)
    assert calls(incident) == [(0, "Bob", 0)]


def test_who_has_left_or_may_not_answer_is_not_called(brand: Brand, alice: User, bob: User) -> None:
    on_the_ladder(brand, bob)
    Membership.objects.filter(user=bob).update(role=Role.OBSERVER)
    incident = opened(brand)
    climb(until=0)
    assert calls(incident) == [(2, "Alice", 0)]
    assert codes(incident) == [("CALLED", "nobody"), ("EXHAUSTED", "unstaffed")]


def test_without_a_policy_everyone_is_called_at_once(brand: Brand, alice: User, bob: User) -> None:
    incident = opened(brand)
    climb(until=5)
    assert calls(incident) == [(0, "Alice", 0), (0, "Bob", 0), (1, "Alice", 5), (1, "Bob", 5)]
    assert codes(incident) == [("EXHAUSTED", "no_ladder"), ("CALLED", "everyone")]


def test_an_empty_team_is_told_aloud_and_tried_again(brand: Brand) -> None:
    incident = opened(brand)
    climb(until=10)
    assert calls(incident) == []
    assert len(codes(incident)) == 3
    incident.refresh_from_db()
    assert incident.escalate_at == NOON + 15 * MINUTE


def test_two_hours_of_silence_are_no_quiet_end(brand: Brand, bob: User) -> None:
    on_the_ladder(brand, bob)
    incident = opened(brand)
    climb(until=120)
    assert incident.calls.count() >= 24
    assert Notice.objects.filter(urgency="PAGE").count() == incident.calls.count()


def test_a_ladder_that_breaks_is_tried_thrice_then_parked_and_shown_and_stops_no_other(
    brand: Brand, other_brand: Brand, bob: User, charlie: User
) -> None:
    broken = opened(brand, ladder=[{"target": "PIGEON", "wait": 1}], ladder_rounds=1)
    sound = opened(other_brand)
    climb(until=1)
    assert calls(sound) == [(0, "Charlie", 0)]
    broken.refresh_from_db()
    assert (broken.escalate_failures, broken.escalate_at) == (
        2,
        NOON + MINUTE + timedelta(seconds=5),
    )
    climb(until=2)
    broken.refresh_from_db()
    assert (broken.escalate_failures, broken.escalate_at) == (3, None)
    assert codes(broken) == [("EXHAUSTED", "broken")]
    assert Notice.objects.get(kind="incidents.calling_stopped").user == bob
    assert f"{broken.reference}: calling has stopped" in AUDITS["incidents"]()


def test_a_stopped_ladder_can_be_taken_up_again(brand: Brand, bob: User) -> None:
    incident = opened(brand, ladder=[{}], ladder_rounds=1)
    climb(until=2)
    Incident.objects.filter(pk=incident.pk).update(ladder=[], ladder_rounds=0)
    services.escalate_now(incident.pk, by=bob, now=NOON + 5 * MINUTE)
    climb(until=5)
    assert calls(incident) == [(0, "Bob", 5)]
    incident.refresh_from_db()
    assert incident.escalate_failures == 0


def test_escalating_now_brings_the_next_step_forward(brand: Brand, alice: User, bob: User) -> None:
    on_the_ladder(brand, bob, alice)
    incident = opened(brand)
    climb(until=0)
    services.escalate_now(incident.pk, by=bob, now=NOON)
    climb(until=2)
    assert calls(incident) == [(0, "Bob", 0), (1, "Alice", 0)]


def test_after_an_acknowledgement_one_more_step_is_called_and_no_further(
    brand: Brand, alice: User, bob: User
) -> None:
    on_the_ladder(brand, bob, alice)
    incident = opened(brand)
    climb(until=0)
    services.acknowledge(incident.pk, by=bob, now=NOON)
    services.escalate_now(incident.pk, by=bob, now=NOON)
    climb(until=60)
    assert calls(incident) == [(0, "Bob", 0), (1, "Alice", 0)]


def test_a_resolved_incident_calls_nobody(brand: Brand, bob: User) -> None:
    incident = opened(brand, state=State.RESOLVED)
    with pytest.raises(Conflict):
        services.escalate_now(incident.pk, by=bob, now=NOON)


def test_the_loop_fires_what_is_due_by_the_databases_clock(brand: Brand, bob: User) -> None:
    opened(brand, reference="CD-2020-001")
    Incident.objects.update(escalate_at="2020-01-01T00:00:00Z")
    assert AUDITS["incidents"]() == ["CD-2020-001: the next call is overdue"]
    assert LOOPS["escalate"].run() == 1
    assert Call.objects.count() == 1
    assert AUDITS["incidents"]() == []
