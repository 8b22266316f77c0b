"""`manage.py up`: everything that CrisisDesk is, under one supervisor, until Ctrl-C."""

import signal
import sys
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import env
from crisisdesk.embedded import parts, preparation, services
from crisisdesk.embedded.errors import CannotStart, Unreachable
from crisisdesk.embedded.postgres import Postgres
from crisisdesk.embedded.processes import call_oneself, fork, stop, wait
from crisisdesk.embedded.supervisor import Part, Supervisor, say
from crisisdesk.embedded.valkey import Valkey

# Replay of the log after a power cut takes its time.
READY_SECONDS = {"postgres": 600.0, "valkey": 120.0}
# A first start may have a large migration to run.
PREPARE_SECONDS = 3600.0
# How the child that prepares says what stood in its way, after it has told the reason.
REFUSED = 3
AWAY = 4
AGAIN_SECONDS = 5.0


class Command(BaseCommand):
    help = "Start everything: database, broker, web, worker, engine and auditor."
    # Checks are part of `manage.py check`; here they would cost every start a second.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        call_oneself("desk-supervisor")
        # A script that starts it in the background hands on that Ctrl-C is to be ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGHUP, _leave)
        if port != settings.PORT and not env.text("PUBLIC_URL"):
            settings.PUBLIC_URL = f"http://127.0.0.1:{port}"
        supervisor = Supervisor()
        try:
            with services.lock(settings.EMBEDDED) as held:
                _run(supervisor, host, port, held)
        except CannotStart as error:
            raise CommandError(str(error)) from error
        except PermissionError as error:
            raise CommandError(f"{error}. Was CrisisDesk started as another user?") from error
        except KeyboardInterrupt:
            # Ctrl-C while it was still starting: what had been started is stopped by now.
            say("Stopped.")


def _run(supervisor: Supervisor, host: str, port: int, held: IO[str]) -> None:
    listener = parts.listen(host, port)
    try:
        supervisor.start(parts.StatementDoor().part())
        _start_servers(supervisor)
        if not _prepared(supervisor):
            return
        # Only now: loading the pages reads which static files there are.
        parts.load()
        for part in parts.all_parts(listener):
            supervisor.start(part)
        services.say_where(held, settings.PUBLIC_URL)
        _in_child(_greet)
        supervisor.tend()
        say("Stopping ...")
    finally:
        listener.close()
        supervisor.stop(parts.STOPPING)


def _start_servers(supervisor: Supervisor) -> None:
    """The embedded pair, each only if no address of another one is given."""
    found = settings.EMBEDDED
    servers: list[services.Server] = []
    if not env.secret("DATABASE_URL"):
        servers.append(Postgres(found))
    if not env.secret("REDIS_URL"):
        servers.append(Valkey(found))
    if not servers:
        return
    if found.state != found.wanted:
        say(f"The servers may not reach {found.wanted}: their data is kept in {found.state}")
    if not (found.cluster / "PG_VERSION").exists():
        say(f"First start: making a database in {found.state} ...")
    services.prepare(found, servers)
    started = [(server, supervisor.start(_server_part(server))) for server in servers]
    for server, process in started:
        services.await_ready(server, process, seconds=READY_SECONDS[server.name])


def _server_part(server: services.Server) -> Part:
    def start():
        # After a crash there may be a lock file or a socket to clear away.
        server.prepare()
        return server.start()

    return Part(server.name, start, server.stop)


def _prepared(supervisor: Supervisor) -> bool:
    """Prepare the database; False if asked to end first.

    While one of one's own cannot be reached, and there are statement pages, these stay up.
    """
    tries = 0
    while True:
        tries += 1
        try:
            _in_child(_prepare, may_say_away=tries == 1)
        except Unreachable:
            if not any(settings.STATEMENT_ROOT.rglob("index.html")):
                sys.exit(1)
        else:
            return True
        if tries == 1:
            say(f"The statement pages are up; we try again every {AGAIN_SECONDS:.0f} s.")
        if supervisor.tend(AGAIN_SECONDS):
            return False


def _in_child(function: Callable[[], None], *, may_say_away: bool = True) -> None:
    """Run what needs the database in a child: the supervisor itself must stay free of it."""

    def run() -> int:
        try:
            function()
        except CannotStart as error:
            away = isinstance(error, Unreachable)
            if may_say_away or not away:
                sys.stderr.write(f"{error}\n")
            return AWAY if away else REFUSED
        return 0

    child = fork("prepare", run)
    try:
        wait(child, seconds=PREPARE_SECONDS)
    finally:
        stop(child, signal.SIGKILL, patience=5)
    code = child.poll()
    if code == AWAY:
        raise Unreachable("The reason stands above.")
    if code == REFUSED:
        sys.exit(1)
    if code:
        raise CannotStart("CrisisDesk could not be prepared; the reason stands above.")


def _prepare() -> None:
    preparation.prepare(demo=env.boolean("DEMO", default=True))


def _greet() -> None:
    for line in preparation.greeting():
        say(line)


def _leave(number: int, frame: object) -> None:
    """TERM while starting: unwind, so that what was started is stopped."""
    sys.exit(128 + number)
