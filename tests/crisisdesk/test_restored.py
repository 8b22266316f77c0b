"""A database restored from a backup calls nobody and publishes nothing until a person says go."""

import subprocess
import time
from datetime import timedelta

import pytest
from django.db import connection, connections

from core import home
from core.clock import database_now
from core.engine import AUDITS, LOOPS, Loop
from core.models import Home
from crisisdesk.embedded import parts
from crisisdesk.engine import Runner
from incidents.models import Call, Incident
from notifications.models import Delivery
from tests import breaking

OUTWARD = {
    *("escalate", "triage", "briefs", "end_drills", "hooks", "unreached", "remind", "care"),
    *(
        "duties",
        "hand_over",
        "send",
        "publish",
        "statement_export",
        "statement_mail",
        "language_model",
        "plan_reviews",
        "holding_ends",
    ),
    *("replies_due", "answers", "follow_ups"),
}


def test_what_calls_people_or_leaves_the_desk_is_what_stands_still() -> None:
    assert {name for name, loop in LOOPS.items() if loop.outward} == OUTWARD


@pytest.mark.django_db
def test_a_copy_knows_that_it_is_one_and_a_home_that_it_is_none() -> None:
    assert not home.is_held()
    assert home.look() is None
    assert not home.is_held()
    assert AUDITS["home"]() == []
    Home.objects.update(identity="another cluster/1/2")
    assert home.is_held()
    since = home.look()
    assert since is not None
    assert home.look() == since
    assert "until `manage.py hold --end`" in AUDITS["home"]()[0]


@pytest.mark.django_db
def test_a_loop_that_reaches_out_stands_still_and_beats_all_the_same() -> None:
    runs: list[int] = []
    outward = Runner(Loop("reaches", 1, lambda: runs.append(1) or 0, outward=True))
    inward = Runner(Loop("stays", 1, lambda: runs.append(2) or 0))
    home.hold()
    for runner in (outward, inward):
        runner._turn()
    assert runs == [2]
    home.release()
    outward._turn()
    assert runs == [2, 1]


@pytest.mark.faults
@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
def test_a_restored_desk_pages_nobody_until_somebody_says_go() -> None:
    parts.load()
    with breaking.Database() as database, database.connected():
        with breaking.engines(1):
            breaking.fill(5, 1)
            reached = time.time() + 20
            while Call.objects.count() < 5:
                assert time.time() < reached, "the control: without a restore it calls"
                time.sleep(0.1)
        Incident.objects.update(escalate_at=database_now() + timedelta(seconds=1))
        Delivery.objects.update(state="QUEUED", send_at=database_now(), attempts=0)
        waiting, calls = Delivery.objects.count(), Call.objects.count()
        _restore(database)
        with breaking.engines(2):
            time.sleep(6)
            assert (Call.objects.count(), Home.objects.get().held_since is None) == (calls, False)
            assert Delivery.objects.filter(state="QUEUED", attempts=0).count() == waiting
            assert AUDITS["home"]()
            assert home.release()
            said = time.time()
            while Call.objects.values("rung").distinct().count() < 2:
                assert time.time() - said < 5
                time.sleep(0.1)
        # What had waited is not sent any more.
        old = Delivery.objects.order_by("pk")[:waiting]
        assert {each.state for each in old} == {"CANCELLED"}


def _restore(database: breaking.Database) -> None:
    """Put a dump back in place of what is there, as one does after an accident."""
    connections.close_all()
    dump = [database.tool("pg_dump"), "--schema=public", database.address]
    saved = subprocess.run(dump, capture_output=True, check=True).stdout
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
    connections.close_all()
    read = [database.tool("psql"), "--quiet", "--set=ON_ERROR_STOP=1", database.address]
    subprocess.run(read, input=saved, capture_output=True, check=True)
    assert connection.settings_dict["NAME"] == "crisisdesk"
