"""`manage.py engine`: run every registered loop. Needs PostgreSQL and nothing else."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from core.engine import LOOPS
from crisisdesk.engine import Runner


class Command(BaseCommand):
    help = "Run the loops that turn due rows into deeds. Any number of engines may run."

    def handle(self, **options: Any) -> None:
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        runners = [Runner(loop) for loop in LOOPS.values()]
        for runner in runners:
            runner.start()
        ending.wait()
        for runner in runners:
            runner.end()
        for runner in runners:
            runner.join()
