"""The product's web process, and others of it, on the database that is measured."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Server:
    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.pid = process.pid
        self.port = port


@contextmanager
def serving(application: str) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--log-level", "warning", "--no-access-log"]
    sizes = ["--ws-per-message-deflate", "false", "--ws-max-size", "65536"]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", application, *options, *sizes],
        cwd=ROOT,
        env=environment(),
    )
    try:
        await_port(port)
        yield Server(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def environment() -> dict[str, str]:
    from django.db import connection

    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"]
    base, question, query = url.partition("?")
    return {**os.environ, "DATABASE_URL": f"{base.rsplit('/', 1)[0]}/{name}{question}{query}"}


def await_port(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process beside us, on the same database, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
