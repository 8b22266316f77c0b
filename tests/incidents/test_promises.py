"""Promises to the public: a duty with reminders, told exactly once, settled by people."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from core.errors import Conflict, Refused
from incidents import blocking, entries, services
from incidents.enums import State
from incidents.enums_record import PromiseState
from incidents.models import Incident
from incidents.models_promises import FoundPromise, Promise, PromiseChange, Timer
from incidents.services.duties import fire_next_duty
from incidents.services.promises import (
    Given,
    Move,
    Settling,
    dismiss_found,
    give_promise,
    move_promise,
    settle_promise,
    take_found,
)
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory, ShiftFactory

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}
FOUR = NOON + timedelta(hours=4)


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    brand.time_zone = "Europe/Copenhagen"
    brand.save()
    return IncidentFactory.create(brand=brand, lead=alice)


@pytest.fixture
def promise(incident: Incident, bob: User) -> Promise:
    return give_promise(incident.pk, Given("The next update", FOUR), by=bob, now=NOON)


def told() -> list[tuple[str, str]]:
    """Return what was told of promises, to whom, in order."""
    found = Notice.objects.filter(kind__startswith="incidents.promise").order_by("pk")
    return [(notice.kind.partition(".promise_")[2], notice.user.initials) for notice in found]


def run(until: datetime, *, since: datetime = NOON) -> None:
    """Let the engine run through the time, half a minute a cycle."""
    now = since
    while now <= until:
        while fire_next_duty(now=now):
            pass
        now += timedelta(seconds=30)


# Given, moved, settled


def test_a_promise_is_reminded_of_falls_due_and_goes_up(
    promise: Promise, brand: Brand, bob: User
) -> None:
    duty = UserFactory.create(name="Dorte Duty")
    MembershipFactory.create(user=duty, brand=brand, role=Role.RESPONDER)
    ShiftFactory.create(brand=brand, user=duty)
    run(FOUR - timedelta(minutes=11))
    assert told() == []
    run(FOUR - timedelta(minutes=9), since=FOUR - timedelta(minutes=11))
    assert told() == [("soon", "BB")]
    run(FOUR, since=FOUR - timedelta(minutes=9))
    assert told() == [("soon", "BB"), ("due", "BB")]
    run(FOUR + timedelta(hours=3), since=FOUR)
    late = [who for code, who in told() if code == "late"]
    assert sorted(late) == ["AA", "BB", "DD"]
    assert len(told()) == 5
    assert Timer.objects.get(promise=promise).due_at is None
    words = [entries.words(each.kind, each.params) for each in promise.incident.entries.all()]
    assert words[0] == "Promise P1 was not kept in time: The next update"


def test_a_promise_given_late_is_reminded_of_half_way(incident: Incident, bob: User) -> None:
    soon = NOON + timedelta(minutes=8)
    promise = give_promise(incident.pk, Given("A word", soon), by=bob, now=NOON)
    assert promise.timer.due_at == NOON + timedelta(minutes=4)


def test_after_an_outage_it_is_told_what_it_is_by_now(promise: Promise) -> None:
    assert fire_next_duty(now=FOUR + timedelta(hours=1))
    assert {code for code, _who in told()} == {"late"}
    assert not fire_next_duty(now=FOUR + timedelta(hours=2))


@pytest.mark.parametrize("state", ["KEPT", "BROKEN", "WITHDRAWN"])
def test_who_settles_it_ends_the_reminders(promise: Promise, bob: User, state: str) -> None:
    settling = Settling(state, seen=1, reason="As it went")
    done = settle_promise(promise.incident_id, 1, settling, by=bob, now=NOON)
    assert (done.state, done.settled_by, done.version) == (state, bob, 2)
    run(FOUR + timedelta(minutes=10), since=FOUR - timedelta(minutes=11))
    assert told() == []


def test_moving_it_begins_anew_and_keeps_what_was_promised(promise: Promise, bob: User) -> None:
    run(FOUR - timedelta(minutes=9), since=FOUR - timedelta(minutes=11))
    later = FOUR + timedelta(hours=1)
    move_promise(
        promise.incident_id, 1, Move(later, seen=1, reason="The lab needs an hour"),
        by=bob, now=FOUR - timedelta(minutes=8),
    )  # fmt: skip
    run(later, since=FOUR - timedelta(minutes=8))
    assert told() == [("soon", "BB"), ("soon", "BB"), ("due", "BB")]
    kept = PromiseChange.objects.order_by("version").values_list("due_at", "reason")
    assert list(kept) == [(FOUR, ""), (later, "The lab needs an hour")]


@pytest.mark.parametrize("state", ["BROKEN", "WITHDRAWN"])
def test_without_a_reason_it_is_neither_broken_nor_moved(
    promise: Promise, bob: User, state: str
) -> None:
    with pytest.raises(Refused, match="reason"):
        settle_promise(promise.incident_id, 1, Settling(state, seen=1), by=bob, now=NOON)
    move = Move(FOUR + timedelta(hours=1), seen=1, reason=" ")
    with pytest.raises(Refused, match="reason"):
        move_promise(promise.incident_id, 1, move, by=bob, now=NOON)
    assert Promise.objects.get().state == PromiseState.OPEN


def test_what_is_past_is_not_promised(incident: Incident, promise: Promise, bob: User) -> None:
    with pytest.raises(Refused, match="past"):
        give_promise(incident.pk, Given("A word", NOON), by=bob, now=NOON)
    with pytest.raises(Refused, match="past"):
        move_promise(incident.pk, 1, Move(NOON, seen=1, reason="x"), by=bob, now=NOON)


def test_whoever_looked_at_an_older_version_is_told(
    promise: Promise, alice: User, bob: User
) -> None:
    move = Move(FOUR + timedelta(hours=1), seen=1, reason="The lab")
    move_promise(promise.incident_id, 1, move, by=alice, now=NOON)
    with pytest.raises(Conflict, match="Alice"):
        settle_promise(promise.incident_id, 1, Settling("KEPT", seen=1), by=bob, now=NOON)
    settle_promise(promise.incident_id, 1, Settling("KEPT", seen=2), by=bob, now=NOON)
    with pytest.raises(Conflict, match="settled"):
        settle_promise(
            promise.incident_id, 1, Settling("BROKEN", seen=3, reason="x"), by=alice, now=NOON
        )


def test_a_promise_outlives_the_incident(promise: Promise, alice: User) -> None:
    services.resolve(promise.incident_id, by=alice, now=NOON)
    run(FOUR, since=FOUR - timedelta(minutes=11))
    assert told() == [("soon", "BB"), ("due", "BB")]


def test_a_promise_that_is_not_kept_stands_in_the_strip(promise: Promise) -> None:
    Incident.objects.update(state=State.RESPONDING)
    promise.incident.refresh_from_db()
    assert blocking.blocker(promise.incident, now=NOON) is None
    late = blocking.blocker(promise.incident, now=FOUR + timedelta(minutes=1))
    assert late is not None
    assert late.title == "A promise is not kept: The next update"


# Read in texts


def test_an_update_suggests_what_it_promises_once(incident: Incident, bob: User) -> None:
    text = "Fabrikken er standset. Næste opdatering kl. 16."
    services.add_update(incident.pk, by=bob, text=text, now=NOON)
    services.add_update(incident.pk, by=bob, text=text, now=NOON)
    services.add_note(incident.pk, by=bob, text="Next update at 5 pm", now=NOON)
    (found,) = FoundPromise.objects.all()
    assert (found.text, found.made_in) == ("Næste opdatering kl. 16", "update")
    assert found.due_at == datetime(2026, 11, 19, 15, tzinfo=UTC)
    assert not Promise.objects.exists()


def test_a_publication_suggests_what_it_promises(incident: Incident) -> None:
    for key in ("publication.1", "publication.2", "publication.2"):
        services.mark_responded(
            incident.pk, at=NOON, channel="bluesky", text="We will update at 4 pm.", key=key
        )
    assert incident.public_words.count() == 2
    (found,) = FoundPromise.objects.all()
    assert found.made_in == "bluesky"


def test_a_person_takes_it_or_dismisses_it_and_only_one_does(
    incident: Incident, alice: User, bob: User
) -> None:
    services.add_update(incident.pk, by=bob, text="Next update at 4 pm", now=NOON)
    services.add_update(incident.pk, by=bob, text="Næste opdatering kl. 18", now=NOON)
    first, second = FoundPromise.objects.order_by("due_at")
    given = Given(first.text, first.due_at, made_in="an update")
    promise = take_found(incident.pk, first.pk, given, by=bob, now=NOON)
    assert promise.found == first
    for judging in (
        lambda: take_found(incident.pk, first.pk, given, by=alice, now=NOON),
        lambda: dismiss_found(incident.pk, first.pk, by=alice, now=NOON),
    ):
        with pytest.raises(Conflict):
            judging()
    dismiss_found(incident.pk, second.pk, by=alice, now=NOON)
    assert Promise.objects.count() == 1


# The panel


def test_the_panel_gives_moves_and_settles(
    incident: Incident, bob: User, signed_in: SignedIn
) -> None:
    client, here = signed_in(bob), f"/i/{incident.reference}/promises/"
    tomorrow = (database_now() + timedelta(days=1)).date().isoformat()
    wanted = {"text": "The next update", "due": "16:00", "day": tomorrow}
    assert client.post(here, wanted, **HTMX).status_code == 200
    promise = Promise.objects.get()
    assert promise.due_at.date().isoformat() == tomorrow
    assert client.post(f"{here}1/", {"version": "1", "due": "17:00"}, **HTMX).status_code == 422
    moved = {"version": "1", "due": "17:00", "day": tomorrow, "reason": "The lab"}
    assert client.post(f"{here}1/", moved, **HTMX).status_code == 200
    stale = client.post(f"{here}1/", {"version": "1", "state": "KEPT"}, **HTMX)
    assert stale.status_code == 422
    client.post(f"{here}1/", {"version": "2", "state": "KEPT"}, **HTMX)
    assert Promise.objects.get().state == PromiseState.KEPT


def test_a_line_in_the_room_gives_a_promise(incident: Incident, alice: User, bob: User) -> None:
    services.write_line(incident, "/promise @alice 16:00 The next update", by=bob, now=NOON)
    promise = Promise.objects.get()
    assert (promise.text, promise.owner) == ("The next update", alice)
    assert promise.due_at == datetime(2026, 11, 19, 15, tzinfo=UTC)
    with pytest.raises(Refused, match="by when"):
        services.write_line(incident, "/løfte Vi ringer", by=bob, now=NOON)


def test_a_stranger_finds_no_promise_and_an_observer_settles_none(
    promise: Promise, brand: Brand, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    here = f"/i/{promise.incident.reference}/promises/"
    assert "The next update" in signed_in(bob).get(here).content.decode()
    settle = {"version": "1", "state": "KEPT"}
    assert signed_in(charlie).get(here).status_code == 404
    assert signed_in(charlie).post(f"{here}1/", settle).status_code == 404
    watching = UserFactory.create()
    MembershipFactory.create(user=watching, brand=brand, role=Role.OBSERVER)
    assert signed_in(watching).get(here).status_code == 200
    assert signed_in(watching).post(f"{here}1/", settle).status_code == 403
    assert Promise.objects.get().state == PromiseState.OPEN
