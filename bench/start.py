"""Starting, memory and the price of an empty request: what the whole installation costs."""

import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from crisisdesk.embedded import places
from tests.crisisdesk.installation import ROOT, Installation, eventually, free_port

from .figures import Measured, figure, median_of_rounds

ROUNDS = 3
PAGE = "/healthz"
FIRST_PAGE = "/"
REQUESTS = 400


@figure("second start to first page, wall time", unit="s", must="<= 3", issue=2)
def second_start() -> Measured:
    """`manage.py up` on existing data, against the web server alone with its services running."""
    with _made() as desk:
        ours = [_seconds_to_first_page(desk) for _ in range(ROUNDS)]
        desk.start()
        limit = [_web_alone(desk) for _ in range(ROUNDS)]
    return Measured(statistics.median(ours), statistics.median(limit))


@figure("second start to first page, processor time", unit="CPU s", must="<= 1", issue=2)
def second_start_processor() -> Measured:
    with _made() as desk:
        desk.start()
        _await_page(lambda: desk.status(FIRST_PAGE))
        used = sum(_processor(process) for process in desk.processes())
    return Measured(used, 4.0)


@figure("memory of the whole product, idle", unit="MB", must="<= 1", issue=2)
def memory() -> Measured:
    """Proportional shares of all processes, the embedded services included, after some pages."""
    with _made() as desk:
        desk.start()
        eventually(desk.ready, 20)
        for _ in range(50):
            desk.status(FIRST_PAGE)
        time.sleep(15)
        shares = [process.memory_full_info().pss for process in desk.processes()]
    return Measured(sum(shares) / 1024**2, 700.0)


@figure("empty request, processor time", unit="µs", must="<= 2", issue=2)
def empty_request() -> Measured:
    """The same Django page, one port with sockets beside it, against gunicorn with threads."""
    with _made() as desk:
        desk.start()
        web = desk.part("web")
        assert web is not None
        with _gunicorn(desk) as (port, workers):
            return median_of_rounds(
                lambda: _microseconds_a_request(desk.port, [web]),
                lambda: _microseconds_a_request(port, workers),
            )


@contextmanager
def _made() -> Iterator[Installation]:
    """An installation that has been started once."""
    desk = Installation()
    try:
        desk.start()
        desk.end()
        yield desk
    finally:
        desk.remove()


def _seconds_to_first_page(desk: Installation) -> float:
    began = time.monotonic()
    desk.start(wait=False)
    _await_page(lambda: desk.status(FIRST_PAGE))
    taken = time.monotonic() - began
    desk.end()
    return taken


def _web_alone(desk: Installation) -> float:
    """The time of a bare uvicorn on the same code, its database and broker already running."""
    port = free_port()
    command = ["uvicorn", "--port", str(port), "--log-level", "warning"]
    began = time.monotonic()
    with _server(desk, [*command, "crisisdesk.asgi:application"], port):
        return time.monotonic() - began


@contextmanager
def _gunicorn(desk: Installation) -> Iterator[tuple[int, list[psutil.Process]]]:
    port = free_port()
    command = [
        "gunicorn",
        "--threads",
        "6",
        "--bind",
        f"127.0.0.1:{port}",
        "--keep-alive",
        "60",
        "--no-control-socket",
    ]
    with _server(desk, [*command, "crisisdesk.wsgi:application"], port) as server:
        yield port, server.children()


@contextmanager
def _server(desk: Installation, words: list[str], port: int) -> Iterator[psutil.Process]:
    addresses = places.find(desk.var)
    environment = {
        **desk.environment,
        "DATABASE_URL": addresses.database_url,
        "REDIS_URL": addresses.redis_url,
        "DJANGO_SETTINGS_MODULE": "crisisdesk.settings",
        "PYTHONPATH": str(ROOT),
    }
    program = os.path.join(os.path.dirname(sys.executable), words[0])  # noqa: PTH118, PTH120
    process = subprocess.Popen([program, *words[1:]], cwd=ROOT, env=environment)
    try:
        _await_page(lambda: _status(port))
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _await_page(ask: Callable[[], int]) -> None:
    eventually(ask, 60)
    assert ask() < 500, "the first page is broken"


def _status(port: int) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", FIRST_PAGE)
        return line.getresponse().status
    except OSError:
        return 0
    finally:
        line.close()


def _microseconds_a_request(port: int, processes: list[psutil.Process]) -> float:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    before = sum(_processor(process) for process in processes)
    for _ in range(REQUESTS):
        line.request("GET", PAGE)
        line.getresponse().read()
    used = sum(_processor(process) for process in processes) - before
    line.close()
    return used / REQUESTS * 1e6


def _processor(process: psutil.Process) -> float:
    """Seconds of processor time, those of its ended children included."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
