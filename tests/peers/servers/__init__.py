"""Real servers of networks, a module each: started on free loopback ports, ended with their group.

A module has a context manager that starts its server and says in `missing()` what to install
where it cannot; tests/peers/conftest.py makes fixtures of them. `make test-peers` installs all
that comes from registries into var/peers (CRISISDESK_PEERS names another folder).
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def folder() -> Path:
    """Where `make test-peers` has installed what it needs."""
    return Path(os.environ.get("CRISISDESK_PEERS") or ROOT / "var" / "peers")


def need(what: str) -> None:
    """A peer cannot be started: said to people at home, a failure where peers are required."""
    if not what:
        return
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(what)
    pytest.skip(what)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody uses now, all different."""
    with contextlib.ExitStack() as held:
        taken = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    ready: Callable[[], bool],
    log: Path,
    env: dict[str, str] | None = None,
    seconds: float = 120,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a server, wait until `ready()` is true, give it, and end exactly its process group.

    What it says goes to `log`; it gets a pipe as its stdin, which ends when this process does.
    """
    with log.open("wb") as said:
        server = _start(command, said, env)
        try:
            _wait(server, ready, log, seconds)
            yield server
        finally:
            _end(server)


def _start(
    command: Sequence[str], said: IO[bytes], env: dict[str, str] | None
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=said,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        start_new_session=True,
    )


def _wait(
    server: "subprocess.Popen[bytes]", ready: Callable[[], bool], log: Path, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if server.poll() is not None:
            pytest.fail(f"{server.args} ended early:\n{log.read_text(errors='replace')[-2000:]}")
        if time.monotonic() > deadline:
            pytest.fail(f"{server.args} was not ready in {seconds} s; see {log}")
        time.sleep(0.1)


def _end(server: "subprocess.Popen[bytes]") -> None:
    assert server.stdin
    server.stdin.close()
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
            return


def listens(port: int) -> Callable[[], bool]:
    """For `ready`: somebody accepts connections at the port."""

    def look() -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return look


def answers(url: str) -> Callable[[], bool]:
    """For `ready`: the address answers, with anything but a failure of the server."""

    def look() -> bool:
        try:
            return urllib.request.urlopen(url, timeout=1).status < 500
        except OSError:
            return False

    return look
