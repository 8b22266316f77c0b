"""The statement page under a rush: 2,000 requests a second, with no other process of ours.

Requests go out when their time has come, whether the last was answered or not: a server that
stumbles is not asked less, and what waits for it counts from its planned time. Lines stay open, as
behind a proxy. The caller shares the machine with the server.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from .figures import Measured, figure
from .serving import ROOT, await_port

RATE = 2000
SECONDS = 10
LINES = 64
MILLISECOND = 1e-3
REQUEST = (
    b"GET /s/brand/recall/ HTTP/1.1\r\nHost: statements.example.org\r\n"
    b"Accept-Encoding: gzip, br\r\n\r\n"
)
PARAGRAPH = "<p>We are sorry. Please do not drink batch L24-118; bring it back to any shop.</p>\n"


@figure("statement page, static, 2,000 requests a second, p99", unit="ms", must="<= 1", issue=5)
def statement() -> Measured:
    """The slowest hundredth against 50 ms; an answer that is not the page fails the figure."""
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as port:
        took = sorted(uvloop.run(_rush(port)))
    return Measured(took[int(len(took) * 0.99)] / MILLISECOND, 50.0)


@contextmanager
def _served(root: Path) -> Iterator[int]:
    """`manage.py statements` on a folder as the export leaves it, without database or Redis."""
    from responses.statements import files

    files.write(root, {"s/brand/recall/index.html": (PARAGRAPH * 150).encode()})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    away = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    command = [sys.executable, "manage.py", "statements", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--root", str(root)], cwd=ROOT, env={**os.environ, **away}
    )
    try:
        await_port(port)
        yield port
    finally:
        process.terminate()
        process.wait(30)


async def _rush(port: int) -> list[float]:
    """Seconds from when each request was due to when its answer was whole."""
    begin = time.perf_counter() + 0.5
    lines = [_line(port, begin + number / RATE) for number in range(LINES)]
    return [each for found in await asyncio.gather(*lines) for each in found]


async def _line(port: int, due: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took, end = [], due + SECONDS
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_length(head))
        took.append(time.perf_counter() - due)
        due += LINES / RATE
    writer.close()
    return took


def _length(head: bytes) -> int:
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the page answered {head[:60]!r}")
    return int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
