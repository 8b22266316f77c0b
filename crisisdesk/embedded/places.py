"""Where the embedded services keep their data and sockets, and which account they run as.

Everything here is a pure look at the file system and the same for every process of one
installation: that is how `manage.py token` finds the database that `manage.py up` started.
"""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MAJOR = 18
# The path of a Unix socket may have 107 bytes; PostgreSQL adds /.s.PGSQL.5432.lock to the folder.
LONGEST_FOLDER = 80
# Where the state goes if the service account cannot reach it where it should be.
MOVED = Path("/var/lib/crisisdesk")
ACCOUNTS = ("crisisdesk", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An account of the operating system that the two servers are dropped to."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Places:
    """`wanted` is the state's folder as configured; `state` is where it is."""

    wanted: Path
    state: Path
    account: Account | None

    @property
    def cluster(self) -> Path:
        return self.state / "pg" / str(MAJOR)

    @property
    def valkey(self) -> Path:
        return self.state / "valkey"

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @cached_property
    def sockets(self) -> Path:
        """The folder of both sockets; elsewhere if the path would be too long for a socket."""
        folder = self.state / "run"
        if len(os.fsencode(folder)) <= LONGEST_FOLDER:
            return folder
        return Path("/tmp") / f"crisisdesk-{os.getuid()}-{_digest(self.state)}"  # noqa: S108

    @property
    def database_url(self) -> str:
        return f"postgresql://crisisdesk@/crisisdesk?host={self.sockets}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.sockets}/valkey.sock"


def find(var: Path) -> Places:
    """Return the places that belong to the state folder `var` (which need not exist yet)."""
    var = var.absolute()
    if os.getuid() != 0:
        return Places(var, var, None)
    account = _service_account()
    state = var if account and reachable(var, account) else MOVED / _digest(var)
    return Places(var, state, _owner(state) or account)


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may pass through every folder down to `path`, as far as they exist."""
    return all(_may_pass(folder, account) for folder in (path, *path.parents) if folder.exists())


def _may_pass(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _service_account() -> Account | None:
    chosen = os.environ.get("CRISISDESK_SERVICE_USER")
    for name in (chosen,) if chosen else ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    return None


def _owner(state: Path) -> Account | None:
    """Data that an account has written before stays with that account."""
    try:
        uid = (state / "pg" / str(MAJOR)).stat().st_uid
        entry = pwd.getpwuid(uid)
    except (OSError, KeyError):
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if uid else None


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
