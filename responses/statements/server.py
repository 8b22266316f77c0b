"""The process of the statement pages: uvicorn, with an end to every slow caller.

uvicorn closes a line that is idle between two requests; a line on which a request comes or an
answer goes too slowly it would keep for ever. A sweep cuts such lines.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .serving import Application

# Seconds for a request to come in and its answer to be taken.
PATIENCE = 10.0
# Lines at once; further callers hear 503 at once instead of waiting.
MOST = 2000
BACKLOG = 2048
# Bytes of one request, whatever they say.
LARGEST_REQUEST = 64 * 1024


class Bounded(HttpToolsProtocol):
    """A line that knows since when somebody has been at it."""

    busy_since: float | None = None
    _taken_in = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.busy_since = self.loop.time()

    def data_received(self, data: bytes) -> None:
        """Nobody asks for a page in so many words."""
        self._taken_in += len(data)
        if self._taken_in > LARGEST_REQUEST:
            self.transport.abort()
            return
        super().data_received(data)

    def on_message_begin(self) -> None:
        self.busy_since = self.busy_since or self.loop.time()
        super().on_message_begin()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._taken_in = 0
        # What the caller has not taken yet keeps the line busy.
        taken = not self.transport.get_write_buffer_size()
        self.busy_since = None if taken else self.busy_since

    def is_stuck(self, now: float) -> bool:
        return self.busy_since is not None and now - self.busy_since > PATIENCE


class Server(uvicorn.Server):
    """Cuts the lines that are stuck, ten times in one patience."""

    async def main_loop(self) -> None:
        async with _sweeping(self):
            await super().main_loop()


@contextlib.asynccontextmanager
async def _sweeping(server: uvicorn.Server) -> AsyncIterator[None]:
    sweeper = asyncio.create_task(_sweep(server))
    try:
        yield
    finally:
        sweeper.cancel()


async def _sweep(server: uvicorn.Server) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(PATIENCE / 10)
        for line in list(server.server_state.connections):
            if isinstance(line, Bounded) and line.is_stuck(loop.time()):
                line.transport.abort()


def serve(listener: socket.socket, root: Path, *, policy: str, secure: bool) -> None:
    """Serve the folder on a bound socket until a signal ends it."""
    listener.listen(BACKLOG)
    more: dict[str, Any] = {"http": Bounded, "ws": "none", "lifespan": "on"}
    config = uvicorn.Config(
        Application(root, policy=policy, secure=secure),
        loop="uvloop",
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="critical",
        limit_concurrency=MOST,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=3,
        **more,
    )
    Server(config).run(sockets=[listener])
