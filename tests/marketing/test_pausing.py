"""The pause: what it stops, what it leaves alone, who may press it, what it tells."""

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Brand, User
from connectors.models import ConnectedAccount, SimulatedPost
from core.errors import Conflict, Forbidden, Refused
from incidents import steps
from incidents.entries import words
from incidents.enums import Target
from incidents.models import Incident, TimelineEntry
from incidents.services import write_line
from marketing import services
from marketing.enums import Chore, PostState
from marketing.models import Pause, ScheduledPost
from marketing.sending import OUTBOX, send_due
from notifications.models import Notice
from tests.factories.connectors import AccountFactory
from tests.factories.marketing import PostFactory

from .conftest import later

pytestmark = pytest.mark.django_db


def states() -> dict[str, str]:
    return dict(ScheduledPost.objects.values_list("text", "state"))


def test_a_post_due_in_the_same_second_is_stopped(due: ScheduledPost, press):
    press()

    send_due()

    due.refresh_from_db()
    assert due.state == PostState.HELD
    assert not SimulatedPost.objects.exists()


def test_without_the_pause_it_goes_out_in_that_second(due: ScheduledPost):
    """The control to the test above."""
    send_due()

    assert SimulatedPost.objects.count() == 1


def test_a_post_that_was_claimed_already_is_stopped_before_the_call(due: ScheduledPost, press):
    [claim] = OUTBOX.claim_due(now=timezone.now(), limit=1)
    due.refresh_from_db()
    assert due.state == PostState.SENDING
    press()

    OUTBOX.deliver(claim)

    due.refresh_from_db()
    assert due.state == PostState.HELD
    assert not SimulatedPost.objects.exists()


def test_everything_ahead_is_held_at_once_and_what_is_planned_later_too(
    ahead: ScheduledPost, account: ConnectedAccount, bob: User, brand: Brand, press
):
    pause = press()
    planned = services.Planned("Planned later.", later(60), account.pk)
    second = services.plan(brand, planned, by=bob, now=timezone.now())

    ahead.refresh_from_db()
    assert (ahead.state, second.state, pause.held) == (PostState.HELD, PostState.HELD, 1)


def test_another_brand_goes_on(due: ScheduledPost, other_brand: Brand, press):
    theirs = PostFactory.create(account=AccountFactory.create(brand=other_brand))
    press()

    send_due()

    theirs.refresh_from_db()
    assert theirs.state == PostState.SENT


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        ({}, {"dk", "se", "none", "service"}),
        ({"countries": ["Denmark"]}, {"dk", "none", "service"}),
        ({"networks": ["simulator"]}, {"dk", "se", "none", "service"}),
        ({"networks": ["mastodon"]}, set()),
        ({"exempt_tags": ["#Service"]}, {"dk", "se", "none"}),
        ({"countries": ["sweden"], "exempt_tags": ["service"]}, {"se", "none"}),
    ],
)
def test_the_scope_decides_what_is_held_and_what_goes_out(brand: Brand, press, scope, held):
    for text, country, tags in (
        ("dk", "Denmark", []), ("se", "Sweden", []), ("none", "", []),
        ("service", "Denmark", ["service"]), ("exempt", "Denmark", []),
    ):  # fmt: skip
        PostFactory.create(
            account=AccountFactory.create(brand=brand), text=text, country=country, tags=tags,
            is_exempt=text == "exempt",
        )  # fmt: skip
    press(**scope)

    send_due()

    found = states()
    assert {text for text, state in found.items() if state == PostState.HELD} == held
    assert {text for text, state in found.items() if state == PostState.SENT} == set(found) - held


def test_what_this_desk_cannot_stop_is_on_the_checklist_and_ticked_by_name(
    brand: Brand, account: ConnectedAccount, alice: User, bob: User, press
):
    shown = services.Planned("Spring campaign", later(60), kind="NEWSLETTER")
    entry = services.plan(brand, shown, by=bob, now=timezone.now())

    pause = press()

    items = {(item.chore, item.post_id or item.account_id or item.network): item
             for item in pause.checklist.all()}  # fmt: skip
    assert set(items) == {
        (Chore.ENTRY, entry.pk), (Chore.NATIVE, account.pk), (Chore.ADS, "simulator"),
    }  # fmt: skip
    item = services.tick(items[Chore.ENTRY, entry.pk].pk, True, by=bob, now=timezone.now())
    assert (item.done_by, item.done_at is not None) == (bob, True)
    assert AuditEntry.objects.filter(action="pause.ticked", actor_id=bob.pk).exists()


def test_the_incident_and_everybody_who_plans_is_told(
    incident: Incident, due: ScheduledPost, alice: User, bob: User, olga: User, press
):
    press(incident=incident)

    entry = TimelineEntry.objects.filter(incident=incident).first()
    told = words(entry.kind, entry.params, actor=str(entry.actor))
    assert told == "Alice Andersen paused marketing: 1 post is held. Plastik i kaffen"
    people = Notice.objects.filter(kind="marketing.paused").values_list("user", flat=True)
    assert set(people) == {alice.pk, bob.pk}
    assert AuditEntry.objects.filter(action="pause.pressed", actor_id=alice.pk).exists()


def test_only_who_may_presses_and_ends_it(brand: Brand, olga: User, charlie: User, press):
    for stranger in (olga, charlie):
        with pytest.raises(Forbidden):
            services.press(brand, services.Terms("Why"), by=stranger, now=timezone.now())
    pause = press()
    with pytest.raises(Forbidden):
        services.end(pause.pk, by=olga, now=timezone.now())


def test_it_needs_a_reason_and_the_same_is_not_paused_twice(press):
    with pytest.raises(Refused, match="Say why"):
        press(" ")
    press()
    with pytest.raises(Conflict, match="paused already: Plastik"):
        press("Again")
    press("Only Sweden", countries=["Sweden"])
    assert Pause.objects.count() == 2


def test_the_war_room_s_command_pauses_for_the_incident(
    incident: Incident, due: ScheduledPost, bob: User
):
    write_line(incident, "/pause Plastik i to partier", by=bob, now=timezone.now())

    pause = Pause.objects.get()
    assert (pause.incident, pause.reason, pause.owner) == (incident, "Plastik i to partier", bob)


def test_an_escalation_policy_pauses_and_a_fire_drill_does_not(
    incident: Incident, due: ScheduledPost, alice: User
):
    effect = steps.EFFECTS[Target.PAUSE]
    incident.is_drill = True
    assert effect(incident, None, timezone.now()) is False
    assert not Pause.objects.exists()
    incident.is_drill = False

    assert effect(incident, None, timezone.now()) is True
    assert effect(incident, None, timezone.now()) is False

    pause = Pause.objects.get()
    assert (pause.started_by, pause.owner, pause.held) == (None, alice, 1)


def test_its_planned_end_reminds_the_owner_once_and_ends_nothing(
    due: ScheduledPost, alice: User, bob: User, press
):
    pause = press(planned_end=later(60))
    assert services.remind_due(now=later(59)) == 0

    assert services.remind_due(now=later(61)) == 1
    assert services.remind_due(now=later(62)) == 0
    send_due(now=later(63))

    pause.refresh_from_db()
    due.refresh_from_db()
    assert (pause.ended_at, due.state) == (None, PostState.HELD)
    notices = Notice.objects.filter(kind="marketing.end_due")
    assert [notice.user for notice in notices] == [alice]
    services.prolong(pause.pk, later(120), by=alice, now=timezone.now())
    assert services.remind_due(now=later(121)) == 1
