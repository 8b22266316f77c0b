"""Frames: numbered inside the transaction, told after it, never with text, never a burden."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import LazySettings, settings
from django.db import connection, transaction
from redis.client import PubSub

from core import live, live_sender
from core.models import LiveSequence, LoopBeat
from tests.core.live_rig import ROOT, _database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ear() -> Iterator[PubSub]:
    """A subscription to everything that this database's pages are told."""
    live_sender.flush()
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as subscription:
        subscription.psubscribe(live_sender.channel_prefix() + "*")
        assert subscription.get_message(timeout=2)
        yield subscription


def heard(ear: PubSub, *, within: float = 1.2) -> list[dict[str, Any]]:
    """All frames that arrive in `within` seconds."""
    frames, end = [], time.monotonic() + within
    while (left := end - time.monotonic()) > 0:
        message = ear.get_message(timeout=left)
        if message:
            frames.append(json.loads(message["data"]))
    return frames


def test_a_change_is_told_after_its_commit_with_the_next_number(ear: PubSub) -> None:
    with transaction.atomic():
        live.publish("incident.42", "timeline", {"entry": 7})
        assert heard(ear, within=0.2) == []
    assert heard(ear) == [{"g": "incident.42", "n": 1, "part": "timeline", "data": {"entry": 7}}]
    assert live.numbers(["incident.42", "incident.43"]) == {"incident.42": 1, "incident.43": 0}


def test_outside_of_a_transaction_it_is_told_at_once(ear: PubSub) -> None:
    live.publish("incident.42", "head")
    assert [frame["n"] for frame in heard(ear)] == [1]


def test_what_is_rolled_back_is_not_told_and_takes_no_number(ear: PubSub) -> None:
    with transaction.atomic():
        live.publish("incident.42", "timeline")
        transaction.set_rollback(True)
    with transaction.atomic():
        with transaction.atomic():
            live.publish("incident.42", "tasks")
            transaction.set_rollback(True)
        live.publish("incident.42", "drafts")
    assert [(frame["part"], frame["n"]) for frame in heard(ear)] == [("drafts", 1)]


def test_a_group_is_told_at_once_and_then_twice_a_second_with_nothing_left_out(ear: PubSub) -> None:
    live.publish("brand.7", "volume", {"total": 1})
    began = time.monotonic()
    message = None
    while message is None and time.monotonic() < began + 5:
        message = ear.get_message(timeout=0.05)
    assert message is not None
    at_once = {"g": "brand.7", "n": 1, "part": "volume", "data": {"total": 1}}
    assert json.loads(message["data"]) == at_once
    for total in range(2, 21):
        live.publish("brand.7", "volume", {"total": total})
    [rest] = heard(ear, within=0.8)
    assert rest["also"] == list(range(2, 20))
    assert (rest["n"], rest["data"]) == (20, {"total": 20})


def test_parts_and_groups_are_not_mixed_up_when_gathered(ear: PubSub) -> None:
    with transaction.atomic():
        for part in ("timeline", "head", "timeline"):
            live.publish("incident.42", part)
        live.publish("brand.7", "incidents")
    numbers = {
        (frame["g"], frame["part"]): [*frame.get("also", []), frame["n"]] for frame in heard(ear)
    }
    assert sorted(numbers["incident.42", "timeline"] + numbers["incident.42", "head"]) == [1, 2, 3]
    assert numbers["incident.42", "head"] == [2]
    assert numbers["brand.7", "incidents"] == [1]


def test_numbers_have_no_gaps_and_never_run_ahead_of_the_changes() -> None:
    """Eight writers; at each moment the number is exactly the count of committed changes."""
    writers, each = 8, 30
    truth: list[tuple[int, int]] = []
    done = threading.Event()

    def write(writer: int) -> None:
        for change in range(each):
            with transaction.atomic():
                live.publish("incident.1", "timeline")
                LoopBeat.objects.create(
                    name=f"{writer}-{change}", beat_at="2026-11-19T08:31:00Z", every=1
                )
                time.sleep(0.001 * (writer % 3))
        connection.close()

    def watch() -> None:
        while not done.is_set():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT coalesce((SELECT number FROM core_livesequence), 0),"
                    " (SELECT count(*) FROM core_loopbeat)"
                )
                truth.append(cursor.fetchone())
        connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    watcher = threading.Thread(target=watch)
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    watcher.join()
    assert len(truth) > 10
    assert all(number == count for number, count in truth)
    assert live.numbers(["incident.1"]) == {"incident.1": writers * each}


def test_two_writers_of_the_same_groups_in_opposite_order_do_not_lock_each_other_out() -> None:
    failures: list[Exception] = []

    def write(groups: list[str]) -> None:
        try:
            for _ in range(40):
                with transaction.atomic():
                    for group in groups:
                        live.publish(group, "head")
        except Exception as error:
            failures.append(error)
        connection.close()

    names = [f"incident.{number}" for number in range(1, 6)]
    threads = [threading.Thread(target=write, args=(order,)) for order in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(live.numbers(names).values()) == {80}


KILLED_BEFORE_SENDING = """
import os, signal, django
django.setup()
from django.db import transaction
from core import live
with transaction.atomic():
    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    live.publish("incident.42", "timeline")
"""


def test_a_process_killed_between_commit_and_sending_has_left_its_number(ear: PubSub) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": _database_url(),
    }
    code = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_SENDING], env=environment, cwd=ROOT, check=False
    ).returncode
    assert code == -signal.SIGKILL
    assert heard(ear, within=0.3) == []
    assert live.numbers(["incident.42"]) == {"incident.42": 1}
    live.publish("incident.42", "timeline")
    assert [frame["n"] for frame in heard(ear)] == [2]


def test_a_forked_child_sends_its_own_frames(ear: PubSub) -> None:
    live.hint("brand.7", "presence")
    assert len(heard(ear, within=0.5)) == 1
    pid = os.fork()
    if pid == 0:
        live_sender.send("brand.7", "volume", {}, 5)
        os._exit(0 if live_sender.flush(3) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert [frame["part"] for frame in heard(ear)] == ["volume"]


def test_without_redis_a_change_is_kept_and_nobody_waits(settings: LazySettings) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    sender = live_sender.Sender()
    started = time.monotonic()
    for number in range(1, 101):
        sender.put("incident.42", "timeline", {}, number)
    assert time.monotonic() - started < 0.5
    assert sender.flush(3)


def test_what_a_frame_of_an_older_number_says_does_not_replace_the_newer() -> None:
    waiting = live_sender.Waiting()
    waiting.add({"total": 9, "at": 2}, 6)
    waiting.add({"total": 8, "since": 1}, 5)
    assert json.loads(waiting.encode("brand.7", "volume")) == {
        "g": "brand.7",
        "n": 6,
        "part": "volume",
        "data": {"total": 9, "at": 2, "since": 1},
        "also": [5],
    }


@pytest.mark.parametrize(
    "data",
    [
        {"title": "Coffee machines catch fire"},
        {"html": "<b>1</b>"},
        {"names": ["Bob Berg"]},
        {"author": {"id": 1}},
        {"code": "a" * 65},
    ],
)
def test_text_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="live frame"):
        live.publish("incident.42", "timeline", data)
    assert not LiveSequence.objects.exists()


def test_ids_counts_codes_and_moments_may_travel(ear: PubSub) -> None:
    data = {
        "entry": 7,
        "share": 0.5,
        "open": True,
        "lead": None,
        "reference": "CD-2026-014",
        "at": "2026-11-19T08:31:00+00:00",
        "ids": [1, 2],
    }
    live.publish("incident.42", "timeline", data)
    assert heard(ear)[0]["data"] == data


@pytest.mark.parametrize("group", ["incident", "incident.x", "incident.0", "In.1", "a.1 b.2", ""])
def test_a_malformed_group_is_refused(group: str) -> None:
    with pytest.raises(ValueError, match="not a live group"):
        live.publish(group, "timeline")


def test_what_nobody_guards_is_shut_and_ones_own_group_is_open(alice: Any, bob: Any) -> None:
    assert not live.may_join(alice, "unguarded.1")
    assert live.may_join(alice, f"user.{alice.pk}")
    assert not live.may_join(alice, f"user.{bob.pk}")
