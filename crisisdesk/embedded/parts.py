"""What runs inside the children of `manage.py up`: web, worker, engine, auditor, streams.

The supervisor forks them from itself after Django and all that they need has been loaded. They
share that memory, and one that died is back within a tenth of a second. That is sound because
the supervisor never opens a connection or a thread of its own: what must talk to the database
before the children start runs in a child too.
"""

import gc
import os
import signal
import socket
import threading
import warnings
from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.core.management import call_command
from django.urls import get_resolver

from .errors import CannotStart
from .processes import Process, fork, give_way, stop
from .supervisor import IDLE, Part, say

# Loaded once, before the forks.
SHARED = (
    "crisisdesk.asgi",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
    "celery.apps.worker",
    "celery.bin.worker",
    "celery.concurrency.thread",
    "celery.worker.consumer",
    "kombu.transport.redis",
)
# Where memory runs out, work that may be late is ended rather than what may not, the engine's; and
# people's pages come between the two.
LATER, BETWEEN = 500, 200
WORKER_THREADS = 4
WORKER = (
    "--quiet",
    "worker",
    "--pool=threads",
    "--loglevel=WARNING",
    # Talk among workers that nothing here needs.
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
)
# In the order in which they are stopped: no new work first, the storage last.
STOPPING = (
    *("web", "streams", "worker", "engine", "auditor", "valkey", "postgres"),
    # Needs none of the others, so it is the first that starts and the last that stops.
    "statements",
)


def load() -> None:
    """Load what the children share, and keep the collector from touching it after the forks."""
    for name in SHARED:
        import_module(name)
    # Views and forms are imported by the URL configuration.
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    if threading.active_count() > 1:
        say(f"Threads before the fork: {[thread.name for thread in threading.enumerate()]}")


def listen(host: str, port: int) -> socket.socket:
    """Bind the port in the supervisor: while web is started again, requests wait in the queue."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"Port {port} of {host} cannot be used: {os.strerror(error.errno or 0)}."
            f" Stop what uses it, or choose another: make run PORT={port + 1}"
        ) from error
    listener.listen(1024)
    return listener


def all_parts(listener: socket.socket) -> list[Part]:
    """Return the parts in the order in which they start."""
    return [
        _part("engine", lambda: _command("engine"), patience=15),
        _part("auditor", lambda: _command("auditor"), patience=5),
        _part("worker", _worker, patience=20),
        _part("web", lambda: _web(listener), patience=10),
        _part("streams", _streams, patience=15),
    ]


class StatementDoor:
    """The socket of the statement pages, bound in the supervisor like that of the web.

    A port that is taken stops nothing else: it is said, and asked for again.
    """

    def __init__(self) -> None:
        self.listener: socket.socket | None = None
        self._has_said = False

    def part(self) -> Part:
        return Part("statements", self._start, self._stop)

    def _start(self) -> Process:
        if self.listener is None:
            try:
                self.listener = listen(settings.STATEMENT_HOST, settings.STATEMENT_PORT)
            except CannotStart:
                self._say_taken()
                return fork("statements", lambda: IDLE)
        return fork("statements", self._serve)

    def _say_taken(self) -> None:
        if not self._has_said:
            port = settings.STATEMENT_PORT
            say(f"Port {port} is taken: no statement pages. Set STATEMENT_PORT to another.")
        self._has_said = True

    def _serve(self) -> int:
        from responses.statements import pages, server  # noqa: PLC0415 - for this child only

        if self.listener is None:
            return IDLE
        root, secure = settings.STATEMENT_ROOT, settings.STATEMENT_URL.startswith("https://")
        server.serve(self.listener, root, policy=pages.policy(), secure=secure)
        return 0

    def _stop(self, process: Process) -> None:
        stop(process, signal.SIGTERM, patience=5)
        if self.listener is not None:
            self.listener.close()


def _part(name: str, function: Callable[[], int], *, patience: float) -> Part:
    def end(process: Process) -> None:
        stop(process, signal.SIGTERM, patience=patience)

    return Part(name, lambda: fork(name, function), end)


def _command(name: str) -> int:
    call_command(name)
    return 0


def _streams() -> int:
    """Only while some source streams; otherwise it ends at once, and takes no memory."""
    give_way(LATER)
    call_command("streams", "--until-idle")
    return 0


def _web(listener: socket.socket) -> int:
    import uvicorn  # noqa: PLC0415 - only this child needs it at run time

    give_way(BETWEEN)
    config = uvicorn.Config(
        "crisisdesk.asgi:application",
        loop="uvloop",
        http="httptools",
        # Frames are small: compression doubles their cost and a socket's memory.
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        # Behind a proxy, its word on the caller's address counts; by default only our own host's.
        forwarded_allow_ips=settings.FORWARDED_ALLOW_IPS,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _worker() -> int:
    from crisisdesk.celery import app  # noqa: PLC0415 - see above

    give_way(LATER)
    # Our messages are JSON, so running as root adds nothing to what root already may.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser")
    app.worker_main([*WORKER, f"--concurrency={WORKER_THREADS}"])
    return 0
