"""The embedded pair as one: folders, lock, start, wait, stop."""

import fcntl
import os
import pwd
import shutil
import time
from pathlib import Path
from typing import IO

from .errors import CannotStart
from .places import MOVED, Places
from .postgres import Postgres, own
from .processes import Process
from .valkey import Valkey

Server = Postgres | Valkey
# A first start writes about 60 MB; below this nothing would run for long.
LEAST_FREE = 200 * 1024 * 1024
LARGEST_LOG = 5 * 1024 * 1024


def lock(places: Places) -> IO[str]:
    """Take the state folder for this process alone; keep the returned file open to hold it."""
    _make_state(places)
    held = (places.state / "supervisor.lock").open("a+")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.seek(0)
        where = held.read().strip() or "(still starting)"
        raise CannotStart(f"CrisisDesk is already running at {where}") from None
    return held


def say_where(held: IO[str], words: str) -> None:
    """Leave word for a second start."""
    held.seek(0)
    held.truncate()
    held.write(words)
    held.flush()


def prepare(places: Places, servers: list[Server]) -> None:
    """Make ready what the servers need. The caller holds the lock."""
    _refuse_nameless()
    if os.getuid() == 0 and places.account is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and none of the accounts crisisdesk, postgres and"
            " nobody exists. Set CRISISDESK_SERVICE_USER to an ordinary account."
        )
    _refuse_full_disk(places)
    own(places.sockets, places)
    for server in servers:
        _turn_log(server.log)
        server.prepare()


def await_ready(server: Server, process: Process, *, seconds: float) -> None:
    """Return when the server takes connections.

    Recovery after a power cut may take minutes; a server that has ended is reported at once.
    """
    end = time.monotonic() + seconds
    while not server.ready():
        if process.poll() is not None:
            raise CannotStart(f"{server.name} did not start: {_last_line(server.log)}")
        if time.monotonic() > end:
            raise CannotStart(f"{server.name} is not ready after {seconds:.0f} s: {server.log}")
        time.sleep(0.01)


def _make_state(places: Places) -> None:
    if places.state.is_relative_to(MOVED):
        MOVED.mkdir(mode=0o711, exist_ok=True)
    try:
        places.state.mkdir(parents=True, exist_ok=True)
        if places.state.stat().st_uid == os.getuid():
            places.state.chmod(0o711)
        places.logs.mkdir(exist_ok=True)
    except PermissionError as error:
        raise CannotStart(
            f"{error.filename} cannot be written by this account. Give it the folder, or set"
            " CRISISDESK_VAR to another one."
        ) from error


def _refuse_nameless() -> None:
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        raise CannotStart(
            f"The user number {os.getuid()} has no name on this machine, and PostgreSQL wants one."
            " Add it to /etc/passwd, or set DATABASE_URL to a server of your own."
        ) from None


def _refuse_full_disk(places: Places) -> None:
    free = shutil.disk_usage(places.state).free
    if free < LEAST_FREE:
        raise CannotStart(
            f"The disk that holds {places.state} has {free // 1024**2} MB left; CrisisDesk needs"
            f" {LEAST_FREE // 1024**2} MB to start. Make room, or set CRISISDESK_VAR to another"
            " disk."
        )


def _turn_log(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    telling = [line for line in lines[-20:] if "FATAL" in line or "PANIC" in line]
    return (telling or lines or ["it said nothing"])[-1]
