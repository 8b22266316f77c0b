"""The statement pages stay up with web, database and Redis killed, and come up without them."""

import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from responses.statements import files

from .installation import Installation, eventually, free_port

PAGE = b"<!doctype html><p>We are sorry.</p>"


@pytest.fixture(name="installation")
def installation_fixture() -> Iterator[Installation]:
    installation = Installation()
    installation.more["STATEMENT_PORT"] = str(free_port())
    files.write(installation.var / "statements", {"s/b/recall/index.html": PAGE})
    try:
        yield installation
    finally:
        installation.remove()


def body(installation: Installation) -> bytes:
    address = f"http://127.0.0.1:{installation.more['STATEMENT_PORT']}/s/b/recall/"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            read: bytes = answer.read()
            return read
    except OSError:
        return b""


def test_the_page_stays_up_while_all_else_is_killed(installation: Installation) -> None:
    installation.start()
    assert body(installation) == PAGE
    others = ("web", "engine", "worker", "auditor", "postgres", "valkey")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for name in others:
            part = installation.part(name)
            if part is not None:
                with suppress(psutil.NoSuchProcess):
                    part.send_signal(signal.SIGKILL)
        assert body(installation) == PAGE
    statements = installation.part("statements")
    assert statements
    statements.kill()
    eventually(lambda: body(installation) == PAGE, 20)


def test_the_page_is_up_though_the_database_never_comes(installation: Installation) -> None:
    installation.more["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/none"
    installation.more["REDIS_URL"] = "redis://127.0.0.1:9/0"
    installation.start(wait=False)
    eventually(lambda: body(installation) == PAGE, 30)
    eventually(lambda: "The database cannot be reached" in installation.said, 30)
    # Several tries later nobody has given up, and it has been said once.
    end = time.monotonic() + 12
    while time.monotonic() < end:
        assert body(installation) == PAGE
        time.sleep(0.2)
    assert installation.said.count("cannot be reached") == 1
    assert installation.end() == 0
    assert body(installation) == b""
