"""The engine's runner: rhythm, beats, failures, an outage of the database, the end."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from core.engine import Loop
from core.models import LoopBeat
from crisisdesk.engine import CYCLES_IN_A_ROW, Outage, Runner


@pytest.fixture
def run(transactional_db: None) -> Iterator[Callable[[Loop], Runner]]:
    """`run(loop)` runs it in its thread until the test is over."""
    runners: list[Runner] = []

    def start(loop: Loop) -> Runner:
        runner = Runner(loop)
        runner.start()
        runners.append(runner)
        return runner

    yield start
    for runner in runners:
        runner.end()
    for runner in runners:
        runner.join(10)
        assert not runner.is_alive()


def eventually(check: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_a_loop_with_more_to_do_goes_on_at_once(run: Callable[[Loop], Runner]) -> None:
    cycles: list[float] = []

    def cycle() -> int:
        cycles.append(time.monotonic())
        return 1 if len(cycles) < CYCLES_IN_A_ROW * 3 else 0

    run(Loop("busy", 60, cycle))
    eventually(lambda: len(cycles) == CYCLES_IN_A_ROW * 3)
    assert cycles[-1] - cycles[0] < 5


@pytest.mark.parametrize(("every", "stays"), [(1.0, True), (60.0, False)])
def test_a_loop_that_pauses_long_gives_its_line_back(
    run: Callable[[Loop], Runner], every: float, stays: bool
) -> None:
    """Every loop of every engine has a line while it works; a database has a hundred or so."""
    lines: list[int] = []

    def cycle() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            lines.append(cursor.fetchone()[0])
        return 0

    runner = run(Loop("seldom", every, cycle))
    eventually(lambda: bool(lines) and LoopBeat.objects.filter(name="seldom").exists())
    if stays:
        time.sleep(0.5)
        assert is_there(lines[0])
    else:
        eventually(lambda: not is_there(lines[0]))
        # Its next turn has a new one.
        runner.loop.woken.set()
        eventually(lambda: len(lines) == 2)


def is_there(line: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [line])
        return bool(cursor.fetchone()[0])


def test_an_idle_loop_keeps_its_rhythm(run: Callable[[Loop], Runner]) -> None:
    cycles: list[float] = []

    def cycle() -> int:
        cycles.append(time.monotonic())
        return 0

    run(Loop("idle", 0.2, cycle))
    eventually(lambda: len(cycles) >= 4)
    assert 0.15 < cycles[3] - cycles[2] < 1


def test_a_woken_loop_begins_its_next_cycle_at_once(run: Callable[[Loop], Runner]) -> None:
    cycles: list[float] = []

    def cycle() -> int:
        cycles.append(time.monotonic())
        return 0

    loop = Loop("asleep", 60, cycle)
    run(loop)
    for so_far in (1, 2, 3):
        eventually(lambda so_far=so_far: len(cycles) == so_far)  # type: ignore[misc]
        loop.woken.set()
    eventually(lambda: len(cycles) == 4)
    time.sleep(0.2)
    assert len(cycles) == 4


def test_a_full_cycle_is_noted_with_its_rhythm(run: Callable[[Loop], Runner]) -> None:
    run(Loop("noted", 0.1, lambda: 0))
    eventually(lambda: LoopBeat.objects.filter(name="noted", error="", every=0.1).exists())


def test_a_failing_cycle_ends_neither_its_loop_nor_another(
    run: Callable[[Loop], Runner], caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def broken() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise RuntimeError("a row that nobody expected")
        return 0

    run(Loop("broken", 0.05, broken))
    run(Loop("sound", 0.05, lambda: 0))
    eventually(lambda: len(tries) >= 4)
    assert "a row that nobody expected" in caplog.text
    eventually(lambda: LoopBeat.objects.filter(name="broken", error="").exists())
    assert LoopBeat.objects.filter(name="sound", error="").exists()


def test_while_it_fails_the_beat_keeps_the_reason(run: Callable[[Loop], Runner]) -> None:
    def broken() -> int:
        raise RuntimeError("always")

    run(Loop("always_broken", 0.05, broken))
    eventually(lambda: LoopBeat.objects.filter(name="always_broken").exists())
    assert "RuntimeError: always" in LoopBeat.objects.get(name="always_broken").error


def test_a_cut_connection_is_replaced_within_a_second(run: Callable[[Loop], Runner]) -> None:
    backends: list[int] = []

    def cycle() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends.append(cursor.fetchone()[0])
        return 0

    run(Loop("cut", 0.05, cycle))
    eventually(lambda: len(backends) > 2)
    first = backends[-1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first])
    cut = time.monotonic()
    eventually(lambda: backends[-1] != first)
    assert time.monotonic() - cut < 1


def test_an_outage_is_said_once_however_many_loops_find_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage()
    for loop in ("one", "two", "three"):
        outage.noticed(loop, OSError("the server\nwent away"))
    outage.over("one")
    outage.over("two")
    assert caplog.messages == ["The engine lost its database: the server went away"]
    outage.over("three")
    outage.noticed("one", OSError("again"))
    assert caplog.messages[1:] == [
        "The engine has its database again",
        "The engine lost its database: again",
    ]
