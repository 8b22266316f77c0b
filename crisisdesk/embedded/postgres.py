"""PostgreSQL in the foreground: made once, checked, started, awaited, stopped."""

import contextlib
import os
import pwd
import shutil
import signal
import sys
import time
from pathlib import Path

from . import binaries
from .errors import CannotStart
from .places import MAJOR, Places
from .processes import Process, run, spawn, stop, working_in

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # An engine holds some thirty while it runs, and two run while one is replaced.
    "max_connections": "200",
    "shared_buffers": "128MB",
    "wal_compression": "pglz",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "cluster_name": "crisisdesk",
}
INITDB = [
    "--username=postgres",
    "--encoding=UTF8",
    # The same order of texts whatever the system's C library.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=peer",
    "--auth-host=reject",
    "--no-instructions",
]


class Postgres:
    """The embedded database. Nobody may log in as its superuser; the app's role is none."""

    name = "postgres"

    def __init__(
        self,
        places: Places,
        *,
        may_create_databases: bool = False,
        options: dict[str, str] | None = None,
    ) -> None:
        self.places = places
        self.may_create_databases = may_create_databases
        self.options = options or {}
        self.log = places.logs / "postgres.log"

    def prepare(self) -> None:
        """Make the cluster if there is none yet, and clear what a crash left behind."""
        self.bin = binaries.postgres(self.places)
        self._refuse_other_version()
        if not (self.places.cluster / "PG_VERSION").exists():
            self._make()
        self._write_access_rules()
        self._await_predecessor()

    def start(self) -> Process:
        cluster = self.places.cluster
        options = {
            **OPTIONS,
            **self.options,
            "unix_socket_directories": str(self.places.sockets),
            "hba_file": str(cluster / "crisisdesk_hba.conf"),
            "ident_file": str(cluster / "crisisdesk_ident.conf"),
        }
        words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        return spawn(
            [self.bin / "postgres", "-D", cluster, *words],
            account=self.places.account,
            log=self.log,
            cwd=cluster,
            # Fast shutdown: clients are cut off, nothing needs recovery at the next start.
            on_orphaned=signal.SIGINT,
        )

    def ready(self) -> bool:
        """Whether it takes connections, by its own word in the last line of its lock file."""
        with contextlib.suppress(OSError):
            lines = (self.places.cluster / "postmaster.pid").read_text().splitlines()
            return len(lines) >= 8 and lines[7].strip() == "ready"
        return False

    def stop(self, process: Process) -> None:
        stop(process, signal.SIGINT, patience=30)

    def _refuse_other_version(self) -> None:
        for version in sorted(self.places.cluster.parent.glob("*/PG_VERSION")):
            found = version.read_text().strip()
            if found != str(MAJOR) and version.parent.suffix != ".init":
                raise CannotStart(
                    f"The data in {version.parent} was written by PostgreSQL {found}; this"
                    f" CrisisDesk brings PostgreSQL {MAJOR}. Dump it with the CrisisDesk that wrote"
                    f" it, move the folder away and load the dump, or set CRISISDESK_VAR to another"
                    f" folder."
                )

    def _make(self) -> None:
        """Make the cluster beside its place and rename it: a break leaves nothing half-done."""
        cluster = self.places.cluster
        half = cluster.with_suffix(".init")
        if half.exists():
            shutil.rmtree(half)
        own(cluster.parent, self.places)
        self._run(self.bin / "initdb", "-D", half, *INITDB)
        right = "CREATEDB" if self.may_create_databases else "NOCREATEDB"
        self._run(
            *(self.bin / "postgres", "--single", "-j", "-D", half, "postgres"),
            given=f"CREATE ROLE crisisdesk LOGIN NOSUPERUSER {right};\n\n"
            "CREATE DATABASE crisisdesk OWNER crisisdesk;\n\n",
        )
        half.rename(cluster)

    def _run(self, *args: str | Path, given: str = "") -> None:
        done = run(args, account=self.places.account, cwd=self.places.cluster.parent, given=given)
        if done.returncode or "ERROR:" in done.stderr:
            tail = " ".join((done.stderr or done.stdout).split())[-400:]
            raise CannotStart(f"The database could not be made in {self.places.state}: {tail}")

    def _write_access_rules(self) -> None:
        """Only through the socket, only our own accounts, only as the app's role."""
        cluster = self.places.cluster
        (cluster / "crisisdesk_hba.conf").write_text("local all crisisdesk peer map=crisisdesk\n")
        names = {pwd.getpwuid(os.getuid()).pw_name}
        if self.places.account:
            names.add(self.places.account.name)
        lines = "".join(f'crisisdesk "{name}" crisisdesk\n' for name in sorted(names))
        (cluster / "crisisdesk_ident.conf").write_text(lines)
        for name in ("crisisdesk_hba.conf", "crisisdesk_ident.conf"):
            give(cluster / name, self.places)

    def _await_predecessor(self) -> None:
        """Wait for a server that is still shutting down; drop lock files that nobody holds.

        PostgreSQL itself refuses to start when the number in a lock file now belongs to another
        process of the same user, as it often does after a container was started again. Whoever
        holds the lock on the state folder may look closer.
        """
        if sys.platform != "linux":
            return
        for lock in self._lock_files():
            self._await_end_of(_pid_in(lock))
            lock.unlink(missing_ok=True)

    def _lock_files(self) -> list[Path]:
        socket = self.places.sockets / ".s.PGSQL.5432.lock"
        return [path for path in (self.places.cluster / "postmaster.pid", socket) if path.exists()]

    def _await_end_of(self, pid: int | None) -> None:
        end = time.monotonic() + 30
        while pid and working_in(self.places.cluster, pid, self.places.account):
            if time.monotonic() > end:
                raise CannotStart(
                    f"Process {pid} is a PostgreSQL that still uses {self.places.cluster}."
                    f" Stop it with `kill -INT {pid}` and start again."
                )
            time.sleep(0.05)


def own(folder: Path, places: Places) -> None:
    """Make `folder` the servers' own, closed to everybody else."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    give(folder, places)


def give(path: Path, places: Places) -> None:
    if places.account:
        os.chown(path, places.account.uid, places.account.gid, follow_symlinks=False)


def _pid_in(lock: Path) -> int | None:
    try:
        return int(lock.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
