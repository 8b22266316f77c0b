"""The keeper of one part: started again at once, later when it keeps failing, never given up."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from crisisdesk.embedded import supervisor
from crisisdesk.embedded.errors import CannotStart
from crisisdesk.embedded.processes import Process, spawn, stop
from crisisdesk.embedded.supervisor import Keeper, Part
from tests.crisisdesk.installation import eventually


@pytest.fixture
def part(tmp_path) -> Callable[[str], Part]:
    """`part("exit 3")` runs that shell line each time it is started."""

    def make(line: str) -> Part:
        def start() -> Process:
            return spawn(
                ["/bin/sh", "-c", line],
                account=None,
                log=tmp_path / "log",
                cwd=tmp_path,
                on_orphaned=signal.SIGKILL,
            )

        return Part("web", start, lambda process: stop(process, signal.SIGTERM, patience=2))

    return make


def keeper_of(part: Part) -> Keeper:
    return Keeper(part, part.start())


def tended(keeper: Keeper) -> Keeper:
    keeper.tend()
    return keeper


def ended(keeper: Keeper) -> Process:
    process = keeper.process
    assert process is not None
    eventually(lambda: process.poll() is not None, 5)
    return process


def test_a_killed_part_is_started_again_at_once_however_often(
    part: Callable[[str], Part], capsys: pytest.CaptureFixture[str]
) -> None:
    keeper = keeper_of(part("sleep 60"))
    for _ in range(5):
        assert keeper.process is not None
        os.kill(keeper.process.pid, signal.SIGKILL)
        before = ended(keeper)
        keeper.tend()
        assert keeper.process is not None
        assert keeper.process.pid != before.pid
    keeper.stop()
    assert (
        capsys.readouterr().out.count("web was killed by SIGKILL; starting it again at once.") == 5
    )


def test_a_part_that_keeps_failing_is_given_growing_pauses(
    part: Callable[[str], Part], capsys: pytest.CaptureFixture[str]
) -> None:
    keeper = keeper_of(part("exit 3"))
    ended(keeper)
    keeper.tend()
    ended(keeper)
    keeper.tend()
    assert keeper.process is None
    eventually(lambda: tended(keeper).process, 3)
    ended(keeper)
    keeper.tend()
    said = capsys.readouterr().out
    assert "web ended with code 3; starting it again at once." in said
    assert "web ended with code 3; starting it again in 1 s." in said
    assert "web ended with code 3; starting it again in 2 s." in said


def test_a_part_that_cannot_be_started_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    tries: list[float] = []

    def refuse() -> Process:
        tries.append(time.monotonic())
        raise CannotStart("The disk is full.")

    class Ended:
        pid = 0

        def poll(self) -> int:
            return 1

    keeper = Keeper(Part("postgres", refuse, lambda process: None), Ended())
    eventually(lambda: tended(keeper) and len(tries) == 2, 5)
    assert 0.9 < tries[1] - tries[0] < 2
    assert "postgres could not be started: The disk is full." in capsys.readouterr().out


def test_a_part_that_ignores_the_request_to_stop_is_killed(part: Callable[[str], Part]) -> None:
    keeper = keeper_of(part("trap '' TERM; while :; do sleep 1; done"))
    process = keeper.process
    assert process is not None
    time.sleep(0.2)
    keeper.stop()
    assert process.poll() == -signal.SIGKILL


def test_stopping_keeps_to_the_given_order() -> None:
    order: list[str] = []

    class Running:
        pid = 0

        def poll(self) -> None:
            return None

    all_parts = supervisor.Supervisor()
    for name in ("postgres", "engine", "web"):
        all_parts.start(Part(name, Running, partial(_note, order, name)))
    all_parts.stop(["web", "worker", "engine", "postgres"])
    assert order == ["web", "engine", "postgres"]


def _note(order: list[str], name: str, process: Process) -> None:
    order.append(name)


def test_a_part_with_nothing_to_do_is_asked_again_after_a_while_without_a_word(
    part: Callable[[str], Part], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "IDLE_PAUSE", 0.2)
    keeper = keeper_of(part(f"exit {supervisor.IDLE}"))
    for _ in range(5):
        ended(keeper)
        assert tended(keeper).process is None
        time.sleep(0.25)
        assert tended(keeper).process is not None
    keeper.stop()
    assert capsys.readouterr().out == ""


# Starts a child as the supervisor does, and is sent Ctrl-C while Python runs its own hooks around
# the fork: what a handler raises in there is swallowed.
SIGNALLED_AT_THE_FORK = """
import os, pathlib, signal, sys, time
from crisisdesk.embedded.processes import spawn, stop
from crisisdesk.embedded.supervisor import Part, Supervisor

signal.signal(signal.SIGINT, signal.default_int_handler)
os.register_at_fork(after_in_parent=lambda: (os.kill(os.getpid(), signal.SIGINT), time.sleep(0.1)))
folder = pathlib.Path(sys.argv[1])

def start():
    return spawn(["sleep", "30"], account=None, log=folder / "log", cwd=folder,
                 on_orphaned=signal.SIGKILL)

supervisor = Supervisor()
try:
    supervisor.start(Part("web", start, lambda process: stop(process, signal.SIGTERM, patience=5)))
except KeyboardInterrupt:
    print("heard, keeping", len(supervisor.keepers))
else:
    print("lost")
supervisor.stop(["web"])
"""


def test_ctrl_c_at_the_fork_of_a_part_is_heard_and_the_part_is_kept(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", SIGNALLED_AT_THE_FORK, str(tmp_path)],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    assert said.stdout == "heard, keeping 1\n"
