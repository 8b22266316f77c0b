"""The record's timers while several engines run, are killed, or race with people."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from accounts.enums import Role
from accounts.models import User
from core.clock import database_now
from core.engine import AUDITS
from core.errors import Conflict
from incidents import loops_record
from incidents.enums_record import TimerKind
from incidents.models import Incident
from incidents.models_promises import Promise, Timer
from incidents.services import duties
from incidents.services.promises import Given, Settling, give_promise, settle_promise
from notifications.models import Notice
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

from .test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 40


@pytest.fixture
def team() -> tuple[User, list[Promise]]:
    """An owner and forty promises, each of an incident of its own and due now."""
    brand = BrandFactory.create()
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.RESPONDER)
    made = []
    for incident in IncidentFactory.create_batch(MANY, brand=brand, lead=user):
        given = Given("The next update", NOON + timedelta(hours=4))
        made.append(give_promise(incident.pk, given, by=user, now=NOON))
    return user, made


def drain(now: object = None) -> int:
    fired = 0
    while duties.fire_next_duty(now=now or database_now()):
        fired += 1
    return fired


def test_three_engines_fire_each_timer_once(team: tuple[User, list[Promise]]) -> None:
    """All are long past due: each is told as late, once, whoever gets it."""
    fired = at_once(drain, drain, drain)
    assert sum(fired) >= MANY
    assert Notice.objects.filter(kind="incidents.promise_late").count() == MANY
    assert Notice.objects.filter(kind__startswith="incidents.promise").count() == MANY
    assert not Timer.objects.filter(due_at__isnull=False).exists()


def test_settling_races_with_firing(team: tuple[User, list[Promise]]) -> None:
    """Whoever commits first wins: nothing is told after a promise was settled."""
    user, promises = team
    # What had been told of each promise when its settling was committed.
    told: dict[int, set[str]] = {}

    def settle() -> int:
        for promise in promises:
            settling = Settling("KEPT", seen=1)
            settle_promise(promise.incident_id, 1, settling, by=user, now=database_now())
            told[promise.pk] = told_of(promise)
        return len(promises)

    at_once(settle, drain, drain)
    assert all(Promise.objects.values_list("settled_at", flat=True))
    assert told == {promise.pk: told_of(promise) for promise in promises}
    assert drain() == 0


def told_of(promise: Promise) -> set[str]:
    notices = Notice.objects.filter(kind="incidents.promise_late")
    keys = notices.values_list("key", flat=True)
    return {key for key in keys if key.split(".")[3] == str(promise.pk)}


def test_two_people_settle_one_promise_once(team: tuple[User, list[Promise]]) -> None:
    user, promises = team
    deeds = [
        lambda state=state: settle_promise(
            promises[0].incident_id, 1, Settling(state, 1, "So it is"), by=user, now=NOON
        )
        for state in ("KEPT", "BROKEN")
    ]
    results = at_once(*deeds)
    assert sorted(isinstance(each, Conflict) for each in results) == [False, True]
    assert promises[0].changes.count() == 2


ENGINE = """
import django; django.setup()
from core.clock import database_now
from incidents.services import duties
print("ready", flush=True)
while True:
    duties.fire_next_duty(now=database_now())
"""


def test_engines_that_are_killed_lose_nothing_and_repeat_nothing(
    team: tuple[User, list[Promise]],
) -> None:
    """Killed in the middle again and again, until everything has been told."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": _address(),
    }
    for _round in range(8):
        engine = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", ENGINE],
            env=environment, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert engine.stdout is not None
        assert engine.stdout.readline() == "ready\n"
        time.sleep(0.05)
        engine.send_signal(signal.SIGKILL)
        engine.wait()
        engine.stdout.close()
    drain()
    assert Notice.objects.filter(kind="incidents.promise_late").count() == MANY
    entries = Incident.objects.filter(entries__params__code="late")
    assert entries.count() == MANY


def _address() -> str:
    info = connection.settings_dict
    return f"postgresql://{info['USER']}@/{info['NAME']}?host={info['HOST']}"


def test_a_timer_that_breaks_stops_nobody_else_and_is_told(
    team: tuple[User, list[Promise]], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = team[1][0].incident

    def breaks(incident: Incident, timer: Timer, now: object) -> None:
        raise RuntimeError("poison")

    monkeypatch.setitem(duties.HANDLERS, TimerKind.SILENCE, breaks)
    duties.wind(broken, TimerKind.SILENCE, since=NOON, every=timedelta(minutes=1), now=NOON)
    now = database_now()
    for attempt in range(duties.MOST_FAILURES):
        drain(now + attempt * 2 * duties.RETRY_AFTER)
    assert Notice.objects.filter(kind="incidents.promise_late").count() == MANY
    parked = Timer.objects.get(kind=TimerKind.SILENCE)
    assert (parked.due_at, parked.failures) == (None, duties.MOST_FAILURES)
    assert AUDITS["record"]() == [f"{broken.reference}: SILENCE broke"]


FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON notifications_notice EXECUTE FUNCTION disk_is_full();
"""


def test_a_disk_that_is_full_for_a_while_parks_no_timer(team: tuple[User, list[Promise]]) -> None:
    """The trouble is the database's, not the row's: it counts as no failure of any timer."""
    with connection.cursor() as cursor:
        cursor.execute(FULL)
    try:
        for _ in range(duties.MOST_FAILURES + 1):
            with pytest.raises(OperationalError, match="could not extend file"):
                drain()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION disk_is_full() CASCADE")
    assert not Timer.objects.exclude(failures=0).exists()
    drain()
    assert Notice.objects.filter(kind="incidents.promise_late").count() == MANY


def test_the_auditor_tells_of_a_timer_that_is_late(team: tuple[User, list[Promise]]) -> None:
    assert len(AUDITS["record"]()) == 20
    assert loops_record.fire_duties() == MANY
    assert AUDITS["record"]() == []
