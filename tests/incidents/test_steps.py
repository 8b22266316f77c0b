"""Each kind of step, fired by the engine: once, in the transaction that moves the ladder on."""

import json
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from accounts.models import Brand, User
from core import signatures
from core.clock import database_now
from core.engine import AUDITS
from core.errors import Conflict, Refused
from incidents import escalation, selectors, services, steps
from incidents.enums import IncidentRole, Severity, State, Target
from incidents.models import Call, EscalationPolicy, Incident
from incidents.models_escalation import FiredStep, OutgoingWebhook, Turn, WebhookCall
from notifications.models import Broadcast, Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, DetectionFactory, IncidentFactory
from tests.factories.notifications import ChannelFactory
from tests.peer import Answer, Peer, peer

MINUTE = timedelta(minutes=1)
Step = dict[str, Any]


def step(target: str, wait: int = 60, **more: Any) -> Step:
    return {"target": target, "user": None, "role": "", "wait": wait} | more


def policy(brand: Brand, by: User, *wanted: Step, rounds: int = 1) -> EscalationPolicy:
    made = brand.policies.first()
    return services.save_policy(
        brand, policy=made, name="Nights", rounds=rounds, is_default=True, steps=wanted, by=by
    )


def opened(made: EscalationPolicy, **more: Any) -> Incident:
    return IncidentFactory.create(
        brand=made.brand,
        policy=made,
        ladder=services.opening.copied(made),
        ladder_rounds=made.rounds,
        escalate_at=NOON,
        **more,
    )


def run(minutes: int, since: int = 0) -> None:
    for minute in range(since, minutes + 1):
        while services.fire_next(now=NOON + minute * MINUTE):
            pass


def called(incident: Incident) -> list[tuple[str, int]]:
    found = incident.calls.select_related("user").order_by("rung", "user__name")
    return [(call.user.name.split()[0], (call.fired_at - NOON) // MINUTE) for call in found]


def told(incident: Incident) -> list[str]:
    return [entry.params.get("code", "") for entry in incident.entries.order_by("number")]


def test_each_incident_calls_the_next_in_turn_and_the_policy_remembers(
    brand: Brand, alice: User, bob: User
) -> None:
    made = policy(brand, alice, step("TURN", people=[alice.pk, bob.pk], wait=3600))
    incidents = [opened(made) for _ in range(3)]
    run(0)
    # All are due in the same moment: any of them may be first.
    in_turn = Call.objects.filter(incident__in=incidents).order_by("pk")
    assert [call.user_id for call in in_turn] == [alice.pk, bob.pk, alice.pk]
    key = made.steps.get().key
    assert Turn.objects.get(policy=made, key=key).user == alice
    # Editing the policy does not begin the turns anew.
    edited = [step("TURN", people=[bob.pk, alice.pk], wait=60, key=key), step("ON_CALL")]
    last = opened(policy(brand, alice, *edited))
    run(0)
    assert called(last)[0][0] == "Bob"


def test_who_holds_a_role_in_the_incident_is_called(brand: Brand, alice: User, bob: User) -> None:
    made = policy(brand, alice, step("CREW", role="LEGAL"), step("ON_CALL"))
    incident = opened(made)
    services.roles.assign(incident.pk, IncidentRole.LEGAL, bob, by=alice, now=NOON)
    run(0)
    assert called(incident) == [("Bob", 0)]


def test_a_channel_is_told_once(brand: Brand, alice: User) -> None:
    channel = ChannelFactory.create(brand=brand, name="#krise")
    made = policy(
        brand, alice, step("CHANNEL", subject=channel.pk, wait=0), step("ROLE", role="LEAD")
    )
    incident = opened(made)
    run(0)
    broadcast = Broadcast.objects.get()
    assert (broadcast.channel, broadcast.kind) == (channel, "incidents.channel")
    assert called(incident) == [("Alice", 0)]


def test_a_step_that_repeats_calls_again_after_its_wait(brand: Brand, bob: User) -> None:
    made = policy(brand, bob, step("USER", user=bob, wait=120, times=3))
    incident = opened(made)
    run(6)
    assert called(incident) == [("Bob", 0), ("Bob", 2), ("Bob", 4), ("Bob", 6)]
    assert Notice.objects.filter(kind="incidents.paged").count() == 3


def test_waiting_is_a_step_of_its_own(brand: Brand, bob: User) -> None:
    made = policy(brand, bob, step("WAIT", wait=600), step("USER", user=bob))
    incident = opened(made)
    run(10)
    assert called(incident) == [("Bob", 10)]


def test_the_severity_is_raised_and_counts_for_the_steps_behind(brand: Brand, bob: User) -> None:
    made = policy(
        brand,
        bob,
        step("USER", user=bob, only={"severity": 1}),
        step("SEVERITY", level=1, wait=0),
        step("USER", user=bob, only={"severity": 1}),
    )
    incident = opened(made, severity=Severity.SEV2)
    run(0)
    incident.refresh_from_db()
    assert (incident.severity, called(incident)) == (Severity.SEV1, [("Bob", 0)])
    fired = list(incident.fired_steps.values_list("rung", "target", "passed"))
    assert fired == [(0, "USER", "severity"), (1, "SEVERITY", ""), (2, "USER", "")]
    assert told(incident) == ["passed", "step", "did", ""]


def test_what_a_person_has_set_is_not_raised_by_a_step(brand: Brand, bob: User) -> None:
    made = policy(brand, bob, step("SEVERITY", level=1, wait=0), step("USER", user=bob))
    incident = opened(made)
    services.change_severity(incident.pk, 3, by=bob, reason="Only one post", now=NOON)
    run(0)
    incident.refresh_from_db()
    assert incident.severity == Severity.SEV3
    assert "needless" in told(incident)


def test_only_with_enough_alarms_and_then_at_once(brand: Brand, bob: User) -> None:
    made = policy(brand, bob, step("USER", user=bob, only={"alarms": {"count": 2, "minutes": 30}}))
    incident = opened(made, severity=Severity.SEV4)
    run(20)
    assert called(incident) == []
    assert told(incident) == ["resting"]
    for minute in (19, 20):
        with transaction.atomic():
            found = DetectionFactory.create(brand=brand, detected_at=NOON + minute * MINUTE)
            locked = services.timeline.lock(incident.pk)
            services.opening.add_signal(locked, found, now=NOON + 20 * MINUTE)
    run(20, since=20)
    assert called(incident) == [("Bob", 20)]


def test_a_ladder_at_rest_tells_everyone_quietly_and_wakes_at_its_hour(
    brand: Brand, alice: User, bob: User
) -> None:
    hours = {"from": "13:00", "to": "17:00", "zone": "UTC"}
    made = policy(brand, bob, step("USER", user=bob, only={"hours": hours}))
    incident = opened(made, severity=Severity.SEV3)
    run(59)
    incident.refresh_from_db()
    assert (called(incident), incident.escalate_at) == ([], NOON + 60 * MINUTE)
    quiet = Notice.objects.filter(kind="incidents.resting")
    assert set(quiet.values_list("user__name", "urgency")) == {
        ("Alice Andersen", "NEWS"),
        ("Bob Berg", "NEWS"),
    }
    run(60, since=60)
    assert called(incident) == [("Bob", 60)]


def test_raising_the_severity_ends_the_rest_at_once(brand: Brand, bob: User) -> None:
    made = policy(brand, bob, step("USER", user=bob, only={"severity": 2}))
    incident = opened(made, severity=Severity.SEV3)
    run(0)
    assert called(incident) == []
    services.change_severity(incident.pk, 2, by=bob, reason="It spreads", now=NOON + MINUTE)
    run(1, since=1)
    assert called(incident) == [("Bob", 1)]
    incident.refresh_from_db()
    assert incident.resting_since is None


def test_an_effect_runs_once_and_its_failure_moves_nothing(
    brand: Brand, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def pause(incident: Incident, step: escalation.Step, now: Any) -> bool:
        done.append(incident.pk)
        if len(done) == 1:
            raise RuntimeError("The other room is broken")
        return True

    monkeypatch.setitem(steps.EFFECTS, Target.PAUSE, pause)
    made = policy(brand, bob, step("PAUSE", wait=0), step("USER", user=bob))
    incident = opened(made)
    run(0)
    assert (called(incident), FiredStep.objects.count()) == ([], 0)
    run(1, since=1)
    assert called(incident) == [("Bob", 1)]
    assert len(done) == 2


def test_a_kind_that_no_room_carries_out_is_not_offered(brand: Brand, bob: User) -> None:
    missing = [target for target in Target if target not in steps.offered()]
    for target in missing:
        with pytest.raises(Refused):
            policy(brand, bob, step(target), step("USER", user=bob))
    with pytest.raises(ValueError, match="carried out already"):
        steps.register("wait", lambda *_: True)


def test_skipping_to_a_step_passes_what_lies_between(brand: Brand, alice: User, bob: User) -> None:
    made = policy(
        brand, bob, step("USER", user=bob), step("WAIT", wait=900), step("USER", user=alice)
    )
    incident = opened(made)
    run(0)
    services.escalate_now(incident.pk, by=bob, step=3, now=NOON)
    run(0)
    assert called(incident) == [("Bob", 0), ("Alice", 0)]
    with pytest.raises(Refused):
        services.escalate_now(incident.pk, by=bob, step=1, now=NOON)


def test_after_an_acknowledgement_escalating_goes_up_to_the_next_people(
    brand: Brand, alice: User, bob: User
) -> None:
    made = policy(
        brand, bob, step("USER", user=bob), step("WAIT", wait=900), step("USER", user=alice),
        step("USER", user=bob),
    )  # fmt: skip
    incident = opened(made)
    run(0)
    services.acknowledge(incident.pk, by=bob, now=NOON)
    services.escalate_now(incident.pk, by=bob, now=NOON)
    run(60)
    assert called(incident) == [("Bob", 0), ("Alice", 0)]


def test_being_awake_is_told_once_and_stops_nothing(brand: Brand, alice: User, bob: User) -> None:
    incident = opened(policy(brand, bob, step("USER", user=bob), step("USER", user=alice)))
    run(0)
    for _ in range(2):
        services.say_awake(incident.pk, by=bob, now=NOON)
    run(1)
    assert called(incident) == [("Bob", 0), ("Alice", 1)]
    assert told(incident).count("awake") == 1
    services.acknowledge(incident.pk, by=alice, now=NOON)
    with pytest.raises(Conflict):
        services.say_awake(incident.pk, by=alice, now=NOON)


# --- Webhooks -----------------------------------------------------------------------------------


@pytest.fixture
def outside(settings: Settings) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with peer() as found:
        yield found


def hooked(brand: Brand, by: User, url: str) -> tuple[Incident, str]:
    webhook, secret = services.add_webhook(brand, name="Pager duty", url=url, by=by)
    made = policy(brand, by, step("WEBHOOK", subject=webhook.pk, wait=0), step("USER", user=by))
    return opened(made), secret


def test_a_webhook_is_called_signed_and_outside_the_transaction(
    brand: Brand, bob: User, outside: Peer
) -> None:
    outside.answers["/hook"] = Answer(b"ok")
    incident, secret = hooked(brand, bob, f"{outside.url}/hook")
    run(0)
    assert outside.calls == []
    now = database_now()
    WebhookCall.objects.update(send_at=now)
    assert services.send_hooks(now) == 1
    call = outside.calls[0]
    signatures.verify(
        [secret],
        call_id=call.headers["webhook-id"],
        timestamp=call.headers["webhook-timestamp"],
        signature=call.headers["webhook-signature"],
        body=call.body,
        now=now.astimezone(UTC),
    )
    said = json.loads(call.body)
    assert (said["incident"]["reference"], said["step"], said["test"]) == (
        incident.reference,
        1,
        False,
    )
    assert WebhookCall.objects.get().state == "SENT"
    assert services.send_hooks(database_now()) == 0


def test_a_webhook_that_fails_is_called_again_under_the_same_id_and_then_told_of(
    brand: Brand, bob: User, outside: Peer
) -> None:
    outside.answers["/hook"] = Answer(b"", 500)
    incident, _secret = hooked(brand, bob, f"{outside.url}/hook")
    run(0)
    for _ in range(20):
        WebhookCall.objects.filter(state="QUEUED").update(send_at=database_now())
        services.send_hooks(database_now())
    assert len(outside.calls) == 6
    assert len({call.headers["webhook-id"] for call in outside.calls}) == 1
    assert WebhookCall.objects.get().state == "FAILED"
    assert told(incident)[-1] == "webhook_failed"


def test_a_webhook_whose_sender_died_is_taken_over(brand: Brand, bob: User, outside: Peer) -> None:
    outside.answers["/hook"] = Answer(b"ok")
    hooked(brand, bob, f"{outside.url}/hook")
    run(0)
    claimed_at = database_now()
    WebhookCall.objects.update(send_at=claimed_at)
    services.hooks._claim("dead", claimed_at)
    assert services.send_hooks(claimed_at + timedelta(seconds=5)) == 0
    assert services.send_hooks(claimed_at + timedelta(seconds=13)) == 1
    assert WebhookCall.objects.get().state == "SENT"


def test_a_webhook_that_was_removed_is_passed_and_told(brand: Brand, bob: User) -> None:
    incident, _secret = hooked(brand, bob, "https://example.org/hook")
    services.remove_webhook(OutgoingWebhook.objects.get(), by=bob)
    run(0)
    assert incident.fired_steps.first().passed == "gone"
    assert called(incident) == [("Bob", 0)]


def test_a_webhook_needs_an_address_of_its_own_brand(
    brand: Brand, other_brand: Brand, bob: User, charlie: User
) -> None:
    with pytest.raises(Refused):
        services.add_webhook(brand, name="x", url="ftp://example.org", by=bob)
    foreign, _secret = services.add_webhook(
        other_brand, name="x", url="https://example.org", by=charlie
    )
    with pytest.raises(Refused):
        policy(brand, bob, step("WEBHOOK", subject=foreign.pk), step("USER", user=bob))


def test_a_webhook_that_waits_too_long_is_raised_aloud(brand: Brand, bob: User) -> None:
    hooked(brand, bob, "https://example.org/hook")
    run(0)
    WebhookCall.objects.update(send_at=database_now() - timedelta(seconds=90))
    assert "1 webhook calls are overdue" in AUDITS["incidents"]()


# --- Versions -----------------------------------------------------------------------------------


def test_each_save_is_a_version_and_an_incident_says_which_it_runs_on(
    brand: Brand, alice: User, bob: User
) -> None:
    first = policy(brand, alice, step("USER", user=bob))
    incident = services.open_incident(
        brand, title="x", crisis_type="none", severity=2, severity_reasons=[], origin="PERSON",
        began_at=NOON, now=NOON,
    )  # fmt: skip
    policy(brand, alice, step("USER", user=alice))
    incident.refresh_from_db()
    assert (incident.policy, incident.policy_version) == (first, 1)
    assert incident.ladder[0]["user"] == bob.pk
    versions = list(first.versions.all())
    assert [(each.number, each.saved_by) for each in versions] == [(2, alice), (1, alice)]
    services.restore_version(versions[1], by=bob)
    assert first.steps.get().user == bob
    assert first.versions.count() == 3


def test_a_version_that_calls_somebody_who_left_is_not_brought_back(
    brand: Brand, alice: User, bob: User
) -> None:
    made = policy(brand, alice, step("USER", user=bob))
    policy(brand, alice, step("USER", user=alice))
    brand.memberships.filter(user=bob).delete()
    with pytest.raises(Refused):
        services.restore_version(made.versions.get(number=1), by=alice)


@pytest.mark.parametrize(
    "wrong",
    [
        step("TURN"),
        step("TURN", people=[0]),
        step("CREW", role="COOK"),
        step("ON_CALL", line=3),
        step("ON_CALL", times=11),
        step("ON_CALL", times=2, wait=0),
        step("SEVERITY", level=4),
        step("WAIT", wait=0),
        step("CHANNEL", subject=0),
        step("ON_CALL", only={"hours": {"from": "x", "to": "06:00", "zone": "UTC"}}),
        step(
            "ON_CALL", only={"hours": {"from": "01:00", "to": "06:00", "zone": "UTC", "days": []}}
        ),
        step("ON_CALL", only={"severity": 9}),
        step("ON_CALL", only={"alarms": {"count": 0, "minutes": 5}}),
    ],
)
def test_a_step_that_could_never_do_anything_is_refused(
    brand: Brand, bob: User, wrong: Step
) -> None:
    with pytest.raises(Refused, match="Step 2"):
        policy(brand, bob, step("USER", user=bob), wrong)


def test_a_ladder_that_calls_nobody_is_refused(brand: Brand, bob: User) -> None:
    with pytest.raises(Refused, match="call somebody"):
        policy(brand, bob, step("WAIT", wait=60), step("SEVERITY", level=1))


# --- What is foreseen is what happens -----------------------------------------------------------


def random_policy(seed: int, brand: Brand, team: list[User]) -> EscalationPolicy:
    """A ladder of any kinds with any conditions, the same for a seed."""
    import random

    chance = random.Random(seed)
    hours = {"from": "11:00", "to": "12:20", "zone": "UTC"}
    conditions = [{}, {}, {"severity": 2}, {"hours": hours}, {"severity": 1, "hours": hours}]
    kinds = [
        lambda: step("USER", user=chance.choice(team)),
        lambda: step("ROLE", role=chance.choice(["LEAD", "RESPONDER"])),
        lambda: step("TURN", people=[user.pk for user in chance.sample(team, 2)]),
        lambda: step("ON_CALL"),
        lambda: step("SEVERITY", level=chance.choice([1, 2]), wait=0),
        lambda: step("WAIT"),
    ]
    wanted = [step("USER", user=team[0], only=chance.choice(conditions))]
    for _ in range(chance.randint(1, 5)):
        more = {"only": chance.choice(conditions), "times": chance.choice([1, 1, 2])}
        found = chance.choice(kinds)() | more
        found["wait"] = found["wait"] and chance.choice([60, 300, 900])
        wanted.append(found | ({"times": 1} if not found["wait"] else {}))
    chance.shuffle(wanted)
    return policy(brand, team[0], *wanted, rounds=chance.randint(1, 3))


@pytest.mark.parametrize("seed", range(40))
def test_what_is_foreseen_is_what_the_engine_does(brand: Brand, alice: User, seed: int) -> None:
    people = UserFactory.create_batch(3)
    for user, role in zip(people, ("RESPONDER", "RESPONDER", "LEAD"), strict=True):
        MembershipFactory.create(user=user, brand=brand, role=role)
    team = [alice, *people]
    made = random_policy(seed, brand, team)
    severity = 1 + seed % 4
    foreseen = selectors.foreseen(
        brand, services.opening.copied(made), rounds=made.rounds, policy_id=made.pk,
        severity=severity, at=NOON,
    )[:60]  # fmt: skip
    incident = opened(made, severity=severity)
    for expected in foreseen:
        incident.refresh_from_db()
        assert incident.escalate_at == expected.at.now
        before = incident.fired_steps.count()
        assert services.fire_next(now=expected.at.now)
        fired = list(incident.fired_steps.all()[before:])
        climb = expected.climb
        done = [] if climb.resting else [(climb.rung, "")]
        assert [(row.rung, row.passed) for row in fired] == [*climb.passed, *done]
        rung = incident.calls.filter(rung=climb.rung)
        reached: set[int] = set() if climb.resting else set(rung.values_list("user", flat=True))
        assert reached == set(climb.users)
    assert incident.state == State.DETECTED


def test_a_step_that_repeats_and_has_nobody_is_told_of_once(brand: Brand, bob: User) -> None:
    made = policy(brand, bob, step("ON_CALL", times=3), step("USER", user=bob))
    incident = opened(made)
    run(0)
    assert told(incident) == ["nobody", ""]
    assert incident.fired_steps.filter(passed="nobody").count() == 3
