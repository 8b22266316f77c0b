"""The publishing process is killed at every point: nothing is out twice, nothing is lost."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from connectors.models import SimulatedPost
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication
from responses.publishing import STALE_AFTER, publish_due

ROOT = Path(__file__).parents[2]
SENDING = 'UPDATE "responses_publication" SET "state"'
POST = 'INSERT INTO "connectors_simulatedpost"'
# Where it dies: the statement, which occurrence of it, before or after it ran; then what is seen:
# the publication's state, and whether the network has the post.
POINTS = {
    "before it is claimed": ((SENDING, 1, "before"), "QUEUED", 0),
    "claimed but not committed": ((SENDING, 1, "after"), "QUEUED", 0),
    "committed, before the call": ((POST, 1, "before"), "SENDING", 0),
    "during the call, the network undecided": ((POST, 1, "after"), "SENDING", 0),
    "after the call, before recording": (("clock_timestamp", 3, "before"), "SENDING", 1),
    "recorded but not committed": ((SENDING, 2, "after"), "SENDING", 1),
}
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]


def publish_and_die(phrase: str, nth: int, when: str) -> None:
    """Publish in a process of its own, on the test's database, until it kills itself."""
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.responses.killed", phrase, str(nth), when],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "PGPASSWORD": database["PASSWORD"],
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        },
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize("point", POINTS)
def test_whenever_it_dies_it_is_out_once(due: Publication, point: str):
    where, state, posts = POINTS[point]
    publish_and_die(*where)
    due.refresh_from_db()
    assert (due.state, SimulatedPost.objects.count()) == (state, posts)

    # Another engine goes on: at once, when the dead one's call is surely over, and after that.
    for after in (timedelta(), STALE_AFTER, STALE_AFTER + timedelta(seconds=10)):
        publish_due(now=timezone.now() + after)

    due.refresh_from_db()
    assert (due.state, SimulatedPost.objects.count()) == (PublicationState.SENT, 1)
    assert Draft.objects.get().state == DraftState.PUBLISHED


def test_where_the_network_cannot_tell_a_person_is_asked(due: Publication):
    """Killed before the call; but the account has no way of looking, so nobody can know."""
    publish_and_die(*POINTS["committed, before the call"][0])
    account = due.account
    account.network = "outbound_webhook"
    account.config = {"url": "https://own.example/"}
    account.save()

    publish_due(now=timezone.now() + STALE_AFTER)

    due.refresh_from_db()
    assert (due.state, due.error) == (PublicationState.UNCERTAIN, "interrupted")
    assert timedelta() < STALE_AFTER < timedelta(seconds=60)
