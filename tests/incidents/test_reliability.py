"""Each way in which escalation could fail is brought about, and what became of it is counted.

The names are those of the list in docs/escalation.md.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from core.engine import AUDITS
from core.models import LoopBeat
from crisisdesk.clock import NAME, Watch
from crisisdesk.embedded import parts
from incidents import services
from incidents.enums import Target
from incidents.escalation import Roster, Situation, Step, climb
from incidents.models import Call, Incident
from incidents.services import promises
from notifications.models import Delivery, Provider
from tests import breaking
from tests.breaking import Database, Deed, Plan
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory

# A step may be this late, in seconds, whatever breaks; counted from the end of an outage.
LATEST = 5.0


def whole(outcome: breaking.Outcome) -> bool:
    """Whether every step fired, once, and none too late."""
    return (outcome.lost, outcome.twice) == (0, 0) and outcome.delays[-1] <= LATEST


# --- With real engines and a database of one's own ----------------------------------------------


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """One for all tests of this file, each of which gets it empty."""
    # As in the supervisor: what the children share is loaded before the first fork.
    parts.load()
    with django_db_blocker.unblock(), Database() as made:
        yield made


class TestWithEngines:
    pytestmark: ClassVar[list] = [
        pytest.mark.faults,
        # They share a database: one after the other, beside others.
        pytest.mark.xdist_group("engines"),
        pytest.mark.timeout(240),
        pytest.mark.django_db(transaction=True),
    ]

    def test_kills_and_crashes_lose_and_double_nothing_of_a_thousand_steps(
        self, database: Database
    ) -> None:
        outcome = breaking.run(breaking.CRASHES, database)
        assert outcome.kills >= 50
        assert len(outcome.outages) == 3
        assert whole(outcome), outcome

    def test_one_engine_that_is_killed_every_other_second_is_enough(
        self, database: Database
    ) -> None:
        outcome = breaking.run(Plan(150, over=30, count=1, kill_every=2), database)
        assert outcome.kills >= 10
        assert whole(outcome), outcome

    def test_three_engines_at_once_fire_each_step_once(self, database: Database) -> None:
        outcome = breaking.run(Plan(200, over=10, count=3, kill_every=0), database)
        assert whole(outcome), outcome

    def test_a_database_that_hangs_delays_nothing_beyond_its_return(
        self, database: Database
    ) -> None:
        hang: Deed = lambda database, _: database.freeze(6)  # noqa: E731
        outcome = breaking.run(Plan(75, over=10, kill_every=0, deeds=[hang]), database)
        assert len(outcome.outages) == 1
        assert whole(outcome), outcome

    def test_a_database_that_takes_no_writes_as_with_a_full_disk_loses_nothing(
        self, database: Database
    ) -> None:
        fill_up: Deed = lambda database, _: database.refuse_writes(4)  # noqa: E731
        outcome = breaking.run(Plan(75, over=10, kill_every=0, deeds=[fill_up]), database)
        assert len(outcome.outages) == 1
        assert whole(outcome), outcome

    def test_a_broker_that_never_answers_holds_nothing_up(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with black_hole() as port:
            monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{port}/0")
            outcome = breaking.run(Plan(150, over=10, kill_every=0), database)
        assert whole(outcome), outcome

    def test_a_machine_that_is_busy_with_other_things_delays_nothing(
        self, database: Database
    ) -> None:
        with busy(2 * (os.cpu_count() or 1)):
            outcome = breaking.run(Plan(100, over=10, count=1, kill_every=0), database)
        assert whole(outcome), outcome

    def test_engines_that_are_replaced_by_a_deployment_leave_no_gap(
        self, database: Database
    ) -> None:
        gone: list[breaking.Engine] = []

        def roll(_database: Database, running: list[breaking.Engine]) -> None:
            """The new one is there before the old one is asked to go."""
            for place, old in enumerate(list(running)):
                running[place] = breaking.Engine()
                old.stop()
                gone.append(old)

        outcome = breaking.run(Plan(200, over=15, kill_every=0, deeds=[roll] * 3), database)
        assert [engine.reap() for engine in gone] == [0] * 6
        assert whole(outcome), outcome

    def test_a_clock_that_is_set_back_and_then_forward_makes_no_step_late(
        self, database: Database
    ) -> None:
        told: list[str] = []

        def listen(_database: Database, _running: list[breaking.Engine]) -> None:
            told.extend(AUDITS["clock"]())

        back: Deed = lambda database, _: database.set_clock(-3600)  # noqa: E731
        # By less than a step waits, else the next one would rightly fire, too.
        forward: Deed = lambda database, _: database.set_clock(-1800)  # noqa: E731
        deeds = [back, listen, forward, listen]
        outcome = breaking.run(Plan(150, over=15, kill_every=0, deeds=deeds), database)
        assert whole(outcome), outcome
        # It is measured against this machine's clock, to about a second.
        words = "The database's clock was set back by %d s; calls were moved with it."
        assert {words % seconds for seconds in (3599, 3600, 3601)} & set(told)
        words = "The database's clock was set forward by %d s: calls may come early."
        assert {words % seconds for seconds in (1799, 1800, 1801)} & set(told)
        apart = [line for line in told if "this machine's are" in line]
        assert len(apart) == 2

    def test_after_a_power_cut_what_is_overdue_fires_in_its_order_within_ten_seconds(
        self, database: Database
    ) -> None:
        with database.connected():
            breaking.fill(100, 2)
            time.sleep(breaking.AHEAD + 2.5)
            database.crash()
            began = time.time()
            with breaking.engines(1):
                while Call.objects.count() < 100:
                    assert time.time() - began < 10
                    time.sleep(0.05)
            in_order = list(
                Call.objects.order_by("fired_at", "pk").values_list("due_at", flat=True)
            )
            assert in_order == sorted(in_order)
            assert (breaking.fired_once(), breaking.doubled()) == (100, 0)

    def test_without_an_engine_every_step_counts_as_lost(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: what counts above sees a loss, a double and a delay."""
        monkeypatch.setattr(breaking, "PATIENCE", 2.0)
        outcome = breaking.run(Plan(20, over=1, count=0, kill_every=0), database)
        assert (outcome.lost, outcome.twice, outcome.delays) == (20, 0, [])
        assert not whole(outcome)
        with database.connected():
            breaking.fill(20, 1)
            Incident.objects.update(escalate_at=database_now() - timedelta(seconds=7))
            planned = breaking.due()
            assert drain() == 20
            seen = {pk: (at, time.time()) for pk, at in planned.items()}
            late = breaking.counted(breaking.Outcome(20), seen)
            assert (late.lost, late.twice) == (0, 0)
            assert late.delays[0] > LATEST
            assert not whole(late)
            Incident.objects.filter(pk=min(planned)).update(escalate_at=database_now())
            assert drain() == 1
            assert breaking.doubled() >= 1
            assert breaking.fired_once() == 19


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that take all the processor they can get."""
    code = "while True: pass"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


class black_hole:  # noqa: N801 - used as a function
    """A port that takes connections and never says a word."""

    def __enter__(self) -> int:
        import socket

        self.socket = socket.create_server(("127.0.0.1", 0))
        return int(self.socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.socket.close()


# --- In this process ----------------------------------------------------------------------------


@pytest.fixture
def team(transactional_db: None) -> tuple[Brand, User]:
    brand, user = BrandFactory.create(), UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.RESPONDER)
    return brand, user


def due(team: tuple[Brand, User], count: int, **more: object) -> list[Incident]:
    brand, user = team
    step = {"target": Target.USER, "user": user.pk, "role": "", "wait": 3600}
    usual = {"ladder": [step], "ladder_rounds": 1, "escalate_at": database_now()}
    return IncidentFactory.create_batch(count, brand=brand, **(usual | more))


def drain(limit: int = 500) -> int:
    fired = 0
    while fired < limit and services.fire_next(now=database_now()):
        fired += 1
    return fired


@pytest.fixture
def held(team: tuple[Brand, User]) -> Iterator[Incident]:
    """A due incident whose row somebody else keeps locked."""
    incident = due(team, 1)[0]
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Incident.objects.select_for_update().get(pk=incident.pk)
            locked.set()
            done.wait(30)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(10)
    yield incident
    done.set()
    thread.join()


def test_a_row_that_somebody_keeps_locked_delays_only_itself(
    team: tuple[Brand, User], held: Incident
) -> None:
    others = due(team, 20)
    began = time.monotonic()
    assert drain() == 20
    assert time.monotonic() - began < LATEST
    called = set(Call.objects.values_list("incident", flat=True))
    assert called == {each.pk for each in others}
    assert held.pk not in called


def test_one_broken_ladder_in_twenty_stops_no_other(team: tuple[Brand, User]) -> None:
    broken = due(team, 5, ladder=[{"target": "PIGEON", "wait": 1}])
    sound = due(team, 95)
    for _ in range(4):
        drain()
        Incident.objects.filter(escalate_at__gt=database_now(), rung=0).update(
            escalate_at=database_now()
        )
    assert set(Call.objects.values_list("incident", flat=True)) == {each.pk for each in sound}
    parked = Incident.objects.filter(escalate_at=None, escalate_failures=3)
    assert {each.pk for each in parked} == {each.pk for each in broken}
    stopped = [line for line in AUDITS["incidents"]() if "calling has stopped" in line]
    assert len(stopped) == 5


def test_a_step_past_due_is_raised_aloud(team: tuple[Brand, User]) -> None:
    ahead = timedelta(seconds=-6)
    incident = due(team, 1, escalate_at=database_now() + ahead)[0]
    assert AUDITS["incidents"]() == [f"{incident.reference}: the next call is overdue"]
    drain()
    assert AUDITS["incidents"]() == []


def set_back(by: timedelta) -> None:
    """Leave the mark as far ahead as a clock that has just been set back would."""
    Watch().look()
    LoopBeat.objects.filter(name=NAME).update(beat_at=database_now() + by)


@pytest.mark.parametrize("hours", [1, 24])
def test_a_clock_that_is_set_back_silences_nobody(team: tuple[Brand, User], hours: int) -> None:
    back = timedelta(hours=hours)
    assert AUDITS["clock"]() == []
    set_back(back)
    now = database_now()
    soon = due(team, 1, escalate_at=now + back + timedelta(minutes=3))[0]
    overdue = due(team, 1, escalate_at=now)[0]
    found = [Watch().look(), Watch().look()]
    assert found[0] is not None
    assert abs((found[0] + back).total_seconds()) < LATEST
    assert found[1] is None
    soon.refresh_from_db()
    assert abs((soon.escalate_at - now).total_seconds() - 180) < LATEST
    assert drain() == 1
    assert Call.objects.get().incident == overdue
    assert "set back by" in AUDITS["clock"]()[0]


def test_what_waits_or_is_leased_goes_back_with_the_clock_and_what_was_agreed_stays(
    team: tuple[Brand, User], settings: Settings
) -> None:
    """A page whose sender died in the second before would else lie for an hour."""
    brand, user = team
    settings.EMAIL_HOST = "127.0.0.1"
    incident = due(team, 1)[0]
    drain()
    hour, leased = timedelta(hours=1), database_now() + timedelta(hours=1, seconds=3)
    Delivery.objects.update(send_at=leased)
    Provider.objects.create(name="x", health="DOWN", since=database_now(), probe_at=leased)
    LoopBeat.objects.create(name="escalate", every=1, beat_at=leased)
    agreed = database_now() + timedelta(hours=2)
    given = promises.Given("We say more.", agreed)
    promise = promises.give_promise(incident.pk, given, by=user, now=database_now())
    reminder = promise.timer.due_at
    set_back(hour)
    Watch().look()
    near = pytest.approx((leased - hour).timestamp(), abs=LATEST)
    assert Delivery.objects.get().send_at.timestamp() == near
    assert Provider.objects.get().probe_at.timestamp() == near
    assert LoopBeat.objects.get(name="escalate").beat_at.timestamp() == near
    promise.refresh_from_db()
    promise.timer.refresh_from_db()
    assert (promise.due_at, promise.timer.due_at) == (agreed, reminder)
    assert brand.pk


def test_two_engines_move_the_timers_once(team: tuple[Brand, User]) -> None:
    back = timedelta(hours=1)
    set_back(back)
    now = database_now()
    soon = due(team, 1, escalate_at=now + back + timedelta(minutes=3))[0]
    moved: list[timedelta | None] = []

    def watch() -> None:
        moved.append(Watch().look())
        connection.close()

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(1 for each in moved if each) == 1
    soon.refresh_from_db()
    assert soon.escalate_at is not None
    assert abs((soon.escalate_at - now).total_seconds() - 180) < LATEST


def test_no_delay_is_wrong_when_the_clocks_change() -> None:
    """Two nights, every five minutes of a day and a half around each, four delays: 3,456."""
    roster = Roster(frozenset({1}), {1: "RESPONDER"})
    wrong = 0
    for night in (datetime(2026, 3, 28, 12), datetime(2026, 10, 24, 12)):
        start = night.replace(tzinfo=ZoneInfo("Europe/Copenhagen")).astimezone(UTC)
        for number in range(432):
            now = start + number * timedelta(minutes=5)
            for minutes in (5, 30, 60, 180):
                step = Step(Target.ON_CALL, None, "", minutes * 60)
                found = climb([step], rounds=1, rung=0, at=Situation(now, roster))
                wrong += found.next_at - now != timedelta(minutes=minutes)
    assert wrong == 0


def test_nobody_is_called_after_an_acknowledgement_in_many_races(team: tuple[Brand, User]) -> None:
    """At the same moment a rung is due and somebody answers: what is committed then is all."""
    brand, user = team
    step = {"target": Target.USER, "user": user.pk, "role": "", "wait": 0}
    after: dict[int, int] = {}
    for incident in due(team, 60, ladder=[step] * 20):
        gate = threading.Barrier(2)

        def answer(pk: int = incident.pk, gate: threading.Barrier = gate) -> None:
            gate.wait()
            services.acknowledge(pk, by=user, now=database_now())
            after[pk] = Call.objects.filter(incident=pk).count()
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        gate.wait()
        drain(limit=25)
        thread.join()
    drain()
    counted = {pk: Call.objects.filter(incident=pk).count() for pk in after}
    assert counted == after
    assert len(after) == 60
    # The race was one: some were called before the answer, some were not.
    assert len(set(counted.values())) > 1
    assert brand.pk
