"""`manage.py streams`: follow the sources that stream. Needs PostgreSQL and nothing else."""

import signal
import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from monitoring.streams import Runner

# Told to the supervisor: there is nothing to follow; ask again later (crisisdesk.embedded).
IDLE = 75


class Command(BaseCommand):
    help = "Follow the sources that stream. Any number may run; each source is followed by one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--until-idle",
            action="store_true",
            help=f"End with code {IDLE} as soon as no source streams.",
        )

    def handle(self, *, until_idle: bool, **options: Any) -> None:
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        if not Runner().run(ending, until_idle=until_idle):
            sys.exit(IDLE)
