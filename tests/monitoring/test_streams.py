"""Streams are followed by one process at a time, without gap and without double, killed or not."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts.models import Brand
from connectors.base import Batch, Can, CursorLost, Post, ReadError, Unauthorized
from connectors.models import SimulatedPost
from connectors.network import Network
from connectors.registry import NETWORKS
from monitoring import streams
from monitoring.models import Mention, Source
from monitoring.services import sources
from monitoring.streams import Runner, followed
from tests.crisisdesk.installation import ROOT
from tests.factories.monitoring import SourceFactory

pytestmark = pytest.mark.django_db(transaction=True)


def eventually(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "It did not come true in time."
        time.sleep(0.05)


@pytest.fixture
def world(brand: Brand) -> Source:
    config = {"world": "storm", "live": "yes", "match": False}
    return SourceFactory.create(brand=brand, kind="simulator", name="World", config=config)


@pytest.fixture
def running() -> Iterator[Callable[[], Runner]]:
    """`running()` starts a runner in a thread."""
    ending, threads = threading.Event(), []

    def start() -> Runner:
        runner = Runner()

        def run() -> None:
            try:
                runner.run(ending)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        threads.append(thread)
        return runner

    yield start
    ending.set()
    for thread in threads:
        thread.join()


def say(count: int, begin: int = 0) -> None:
    now = timezone.now()
    SimulatedPost.objects.bulk_create(
        SimulatedPost(world="storm", author="@a", text=f"storm {n}", appears_at=now)
        for n in range(begin, begin + count)
    )


def test_only_sources_that_stream_are_followed(brand: Brand, world: Source) -> None:
    polled = SourceFactory.create(brand=brand, kind="simulator", config={"world": "storm"})
    assert followed() == {world.pk}
    assert polled.pk not in followed()
    Source.objects.filter(pk=world.pk).update(is_active=False)
    assert followed() == set()


def test_a_streamed_source_is_never_polled(brand: Brand) -> None:
    made = sources.create_source(
        brand, kind="simulator", name="W", config={"world": "w", "live": "yes"}, by=None,
        now=timezone.now(),
    ).source  # fmt: skip
    assert made.next_poll_at is None


def test_what_happens_is_stored_with_its_place(
    world: Source, running: Callable[[], Runner]
) -> None:
    running()
    say(20)
    eventually(lambda: Mention.objects.count() == 20)
    say(20, 20)
    eventually(lambda: Mention.objects.count() == 40)
    world.refresh_from_db()
    assert world.cursor["id"] == SimulatedPost.objects.latest("pk").pk


def test_of_two_runners_one_follows_and_the_other_takes_over(
    world: Source, running: Callable[[], Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOOK", 0.1)
    first, second = running(), running()
    eventually(lambda: len(first._followers) + len(second._followers) == 1)
    holder = first if first._followers else second
    holder.stop()
    say(5)
    eventually(lambda: Mention.objects.count() == 5)


def test_a_change_ends_the_line_and_what_is_under_way_is_not_written(
    world: Source, alice: Any, running: Callable[[], Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOOK", 0.1)
    running()
    say(3)
    eventually(lambda: Mention.objects.count() == 3)
    config = {**world.config, "world": "elsewhere"}
    sources.update_source(
        world, name="World", config=config, poll_every=None, by=alice, now=timezone.now()
    )
    SimulatedPost.objects.create(
        world="elsewhere", author="@b", text="from elsewhere", appears_at=timezone.now()
    )
    eventually(lambda: Mention.objects.filter(text="from elsewhere").exists())
    sources.set_active(world, active=False, by=alice, now=timezone.now())
    eventually(lambda: Source.objects.get().streamed_by is None)


def test_whoever_lost_the_lease_writes_nothing(world: Source) -> None:
    follower = streams.Follower(world.pk, uuid4())
    Source.objects.update(streamed_by=uuid4(), streamed_until=timezone.now())
    with pytest.raises(streams.LeaseLost):
        follower._take(world, Batch([Post("1", "late")], {"at": 1}))
    assert not Mention.objects.exists()
    world.refresh_from_db()
    assert world.cursor == {}


def test_a_silent_process_loses_its_sources_after_the_lease(world: Source) -> None:
    alive = Runner()
    alive._show_that_we_live()
    Source.objects.update(
        streamed_by=alive.name, streamed_until=timezone.now() + timedelta(seconds=30)
    )
    other = Runner()
    living = streams._living()
    assert not other._claim(world.pk, living, timezone.now())
    assert other._claim(world.pk, living, timezone.now() + timedelta(seconds=31))


class Told:
    """Yields and raises what the test says, then waits to be stopped."""

    def __init__(self, *turns: list[Batch | Exception]) -> None:
        self.turns = list(turns)
        self.cursors: list[dict[str, Any]] = []

    def stream(self, cursor: dict[str, Any], *, stop: Callable[[], bool]) -> Iterator[Batch]:
        self.cursors.append(cursor)
        for answer in self.turns.pop(0) if self.turns else []:
            if isinstance(answer, Exception):
                raise answer
            yield answer
        while not stop():
            time.sleep(0.02)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    monkeypatch.setattr(streams, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(streams, "LOOK", 0.1)

    def make(*turns: list[Batch | Exception], reader: Any = None) -> Told:
        streamer = Told(*turns)
        network = Network(
            label="Told", icon="robot", can=Can.STREAM,
            streamer=lambda _connection, _wanted: streamer,
            reader=(lambda _connection, _wanted: reader) if reader else None,
        )  # fmt: skip
        monkeypatch.setitem(NETWORKS, "told", network)
        return streamer

    return make


def followed_source(brand: Brand, **more: Any) -> Source:
    return SourceFactory.create(brand=brand, kind="told", config={}, **more)


def test_a_line_that_breaks_is_taken_up_at_the_stored_place(
    brand: Brand, told: Callable[..., Told], running: Callable[[], Runner]
) -> None:
    broken = ReadError(_("The line broke."))
    streamer = told(
        [Batch([Post("1", "one")], {"at": 1}), broken], [Batch([Post("2", "two")], {"at": 2})]
    )
    followed_source(brand)
    running()
    eventually(lambda: Mention.objects.count() == 2)
    assert streamer.cursors[:2] == [{}, {"at": 1}]
    assert Source.objects.get().failures == 0


def test_refused_credentials_end_it_until_somebody_acts(
    brand: Brand, told: Callable[..., Told], running: Callable[[], Runner]
) -> None:
    streamer = told([Unauthorized(_("Wrong password."))])
    followed_source(brand)
    running()
    eventually(lambda: Source.objects.get().stopped_at is not None)
    time.sleep(0.5)
    assert len(streamer.cursors) == 1
    assert Source.objects.get().problem == "Wrong password."


class Archive:
    """A reader that knows the last hours, in pages."""

    def __init__(self, *pages: Batch) -> None:
        self.pages = list(pages)

    def fetch(self, cursor: dict[str, Any], *, now: Any, limit: int = 500) -> Batch:
        return self.pages.pop(0)


def test_a_lost_place_is_filled_by_the_reader_where_it_reaches_back(
    brand: Brand, told: Callable[..., Told], running: Callable[[], Runner]
) -> None:
    now = timezone.now()
    between = Post("7", "between", published_at=now - timedelta(hours=1))
    before = Post("6", "before", published_at=now - timedelta(hours=3))
    archive = Archive(Batch([between], {}, more=True), Batch([before], {}, more=True))
    streamer = told([CursorLost(_("Too old."), cursor={"at": 9})], reader=archive)
    followed_source(brand, succeeded_at=now - timedelta(hours=2))
    running()
    eventually(lambda: len(streamer.cursors) == 2)
    assert streamer.cursors[1] == {"at": 9}
    assert set(Mention.objects.values_list("external_id", flat=True)) == {"7", "6"}
    assert Source.objects.get().gap_from is None


def test_a_lost_place_without_a_reader_is_said(
    brand: Brand, told: Callable[..., Told], running: Callable[[], Runner]
) -> None:
    since = timezone.now() - timedelta(hours=2)
    streamer = told([CursorLost(_("Too old."), cursor={"at": 9})])
    followed_source(brand, succeeded_at=since)
    running()
    eventually(lambda: len(streamer.cursors) == 2)
    source = Source.objects.get()
    assert source.gap_from == since
    assert source.gap_until is not None


def start_process() -> "subprocess.Popen[bytes]":
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        address += f"&port={database['PORT']}"
    environment = {
        **os.environ, "DATABASE_URL": address, "PGPASSWORD": database["PASSWORD"],
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "manage.py", "streams"], cwd=ROOT, env=environment
    )


@pytest.mark.timeout(180)
def test_killed_again_and_again_it_leaves_no_gap_and_no_double(world: Source) -> None:
    total, said = 400, 0
    process = start_process()
    try:
        for _kill in range(4):
            before = Mention.objects.count()
            say(total // 4, said)
            said += total // 4
            eventually(lambda least=before: Mention.objects.count() > least, 60)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process = start_process()
        eventually(lambda: Mention.objects.count() >= total, 60)
    finally:
        process.kill()
        process.wait()
    texts = sorted(Mention.objects.values_list("text", flat=True))
    assert texts == sorted(f"storm {n}" for n in range(total))


def test_with_nothing_to_follow_it_ends_and_says_so(brand: Brand) -> None:
    assert Runner().run(threading.Event(), until_idle=True) is False
