"""The publishing process is killed at every point: nothing is out twice, nothing is lost."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from connectors import credentials
from connectors.models import ConnectedAccount, SimulatedPost
from connectors.outbox import STALE_AFTER
from core import signatures
from incidents.models import Incident
from responses import services
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication
from responses.publishing import publish_due
from tests.killed import dies
from tests.peer import Answer, Call, peer

from .conftest import sha

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


def publish_and_die(phrase: str, nth: int, when: str, *what: str) -> None:
    """Publish in a process of its own, on the test's database, until it kills itself."""
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.responses.killed", phrase, str(nth), when, *what],
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


KILLS = 500
# A write that no run comes to: it dies of something else.
NEVER = 10**6


class Forgetful:
    """A network that knows no keys and cannot be asked: it makes a post of every call.

    `kills` is the process that it kills when it is called next, "before" or "after" it made one.
    """

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.victim = multiprocessing.Value("i", 0)
        self.kills = ""

    def called(self, body: bytes) -> None:
        if self.kills != "before":
            self.made[json.loads(body)["idempotency_key"]] += 1
        if self.kills:
            os.kill(self.victim.value, signal.SIGKILL)

    def publish_one(self) -> None:
        self.victim.value = os.getpid()
        publish_due(limit=1)

    def dies_in_call(self, when: str) -> bool:
        self.kills = when
        died = dies(self.publish_one, nth=NEVER, when="before")
        self.kills = ""
        return died


@pytest.fixture
def forgetful(settings: LazySettings) -> Iterator[tuple[Forgetful, str]]:
    network = Forgetful()

    def answer(call: Call) -> Answer:
        network.called(call.body)
        return Answer(b"", 201)

    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with peer() as served:
        served.answers["/"] = answer
        yield network, served.url + "/"


@pytest.fixture
def many(incident: Incident, forgetful: tuple[Forgetful, str], alice: User, bob: User) -> Draft:
    """One text, approved for as many accounts as there will be kills."""
    accounts = ConnectedAccount.objects.bulk_create(
        ConnectedAccount(
            brand=incident.brand,
            network="outbound_webhook",
            name=f"a{number}",
            config={"url": forgetful[1]},
        )
        for number in range(KILLS)
    )
    secret = signatures.new_secret()
    for each in accounts:
        credentials.store(each, {"secret": secret})
    now = timezone.now() - timedelta(minutes=1)
    ids = [each.pk for each in accounts]
    draft = services.create_draft(
        incident.pk, title="Many", text="Sorry.", by=bob, account_ids=ids, now=now
    )
    services.submit(draft.pk, by=bob, now=now)
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=now)
    return draft


@pytest.mark.timeout(300)
def test_five_hundred_kills_publish_nothing_twice_and_lose_nothing(
    many: Draft, forgetful: tuple[Forgetful, str]
):
    """Before and after each write, before and after the network made it, over and over."""
    network, _ = forgetful
    kills, nth, points = 0, 1, set()
    while kills < KILLS:
        died = False
        for when in ("before", "after"):
            died = dies(network.publish_one, nth=nth, when=when)
            kills += died + network.dies_in_call(when)
            points |= {(nth, when)} if died else set()
        # A run that came to its end has no further write: begin again with the first.
        nth = nth + 1 if died else 1
    # Claimed, sent, told: the kills came at every one of them.
    assert len(points) >= 6
    caught = Publication.objects.filter(state=PublicationState.SENDING)
    made = [network.made[key] for key in caught.values_list("idempotency_key", flat=True)]
    # Whoever sent again what was interrupted would publish it twice; whoever did not, lose some.
    assert set(made) == {0, 1}

    for after in (timedelta(), STALE_AFTER, STALE_AFTER + timedelta(seconds=10)):
        publish_due(now=timezone.now() + after, limit=2 * KILLS)

    rows = dict(Publication.objects.values_list("idempotency_key", "state"))
    assert len(rows) == KILLS
    assert set(rows.values()) == {PublicationState.SENT, PublicationState.UNCERTAIN}
    assert max(network.made.values()) == 1
    sent = [key for key, state in rows.items() if state == PublicationState.SENT]
    assert all(network.made[key] for key in sent)
