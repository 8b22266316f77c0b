"""PostgreSQL and Valkey for one run of the tests, in a folder of its own that is removed after.

`settings` only decides the addresses, so that reading the settings starts nothing; conftest
starts the servers, in the process that the run began with. With DATABASE_URL and REDIS_URL set,
the servers are yours. Workers of a parallel run inherit the addresses.
"""

import os
import shutil
import tempfile
from pathlib import Path

from crisisdesk.embedded import places, services
from crisisdesk.embedded.postgres import Postgres
from crisisdesk.embedded.processes import Process
from crisisdesk.embedded.valkey import Valkey

HOME = "CRISISDESK_TEST_HOME"
# A crash of the machine may lose a test database.
QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def addresses() -> None:
    """Fill in where the servers of this run are, unless they are given."""
    if HOME not in os.environ:
        home = tempfile.mkdtemp(prefix="crisisdesk-tests-")
        # The account that the servers run as must be able to pass.
        Path(home).chmod(0o711)
        os.environ[HOME] = home
        os.environ["CRISISDESK_TESTS_OWN"] = ",".join(
            name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)
        )
    found = places.find(Path(os.environ[HOME]))
    os.environ.setdefault("DATABASE_URL", found.database_url)
    os.environ.setdefault("REDIS_URL", found.redis_url)
    os.environ["CRISISDESK_VAR"] = os.environ[HOME]
    os.environ.setdefault("SECRET_KEY", "for-tests-only-" + "x" * 50)


class Running:
    """The servers of this run."""

    def __init__(self, *, quick: bool = True) -> None:
        self.home = Path(os.environ[HOME])
        self.places = places.find(self.home)
        own = os.environ["CRISISDESK_TESTS_OWN"].split(",")
        self.servers: list[Postgres | Valkey] = []
        if "DATABASE_URL" in own:
            options = QUICK if quick else {}
            self.servers.append(Postgres(self.places, may_create_databases=True, options=options))
        if "REDIS_URL" in own:
            self.servers.append(Valkey(self.places))
        self.processes: list[Process] = []

    def start(self) -> None:
        if not self.servers:
            return
        self.lock = services.lock(self.places)
        services.prepare(self.places, self.servers)
        self.processes = [server.start() for server in self.servers]
        for server, process in zip(self.servers, self.processes, strict=True):
            services.await_ready(server, process, seconds=60)

    def stop(self) -> None:
        for server, process in zip(self.servers, self.processes, strict=True):
            server.stop(process)
        shutil.rmtree(self.home, ignore_errors=True)
        if self.servers:
            self.lock.close()
