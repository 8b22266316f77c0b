"""Valkey in the foreground: broker, live frames. Socket only, every write kept within a second."""

import contextlib
import signal
import socket
import time

from . import binaries
from .errors import CannotStart
from .places import Places
from .postgres import own
from .processes import Process, spawn, stop

OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    # Any other policy throws away tasks when memory is short.
    "maxmemory-policy": "noeviction",
    "client-output-buffer-limit": "pubsub 64mb 32mb 30",
}


class Valkey:
    name = "valkey"

    def __init__(self, places: Places) -> None:
        self.places = places
        self.log = places.logs / "valkey.log"
        self.socket = places.sockets / "valkey.sock"

    def prepare(self) -> None:
        """Wait for a server that is still shutting down, then clear its socket away."""
        self.server = binaries.valkey(self.places)
        own(self.places.valkey, self.places)
        end = time.monotonic() + 15
        while self._ask() is not None:
            if time.monotonic() > end:
                raise CannotStart(f"Another Valkey still answers at {self.socket}. Stop it first.")
            time.sleep(0.05)
        self.socket.unlink(missing_ok=True)

    def start(self) -> Process:
        options = {**OPTIONS, "unixsocket": str(self.socket), "dir": str(self.places.valkey)}
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        return spawn(
            [self.server, *words],
            account=self.places.account,
            log=self.log,
            cwd=self.places.valkey,
            on_orphaned=signal.SIGTERM,
        )

    def ready(self) -> bool:
        return (self._ask() or b"").startswith(b"+PONG")

    def stop(self, process: Process) -> None:
        stop(process, signal.SIGTERM, patience=30)

    def _ask(self) -> bytes | None:
        """Return the answer to PING; None if nobody listens."""
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.settimeout(1)
            line.connect(str(self.socket))
            line.sendall(b"PING\r\n")
            return line.recv(64)
        return None
