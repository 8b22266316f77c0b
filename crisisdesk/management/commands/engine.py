"""`manage.py engine`: run every registered loop. Needs PostgreSQL and nothing else."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from core.engine import LOOPS
from crisisdesk.engine import Runner

# Seconds that urgent loops have the processor to themselves when an engine starts, and between the
# first turns of the others: fifty that all connect at once keep the one that calls people waiting.
HEAD_START = 0.5
APART = 0.04


class Command(BaseCommand):
    help = "Run the loops that turn due rows into deeds. Any number of engines may run."

    def handle(self, **options: Any) -> None:
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        runners = [Runner(loop) for loop in LOOPS.values() if loop.urgent]
        rest = [Runner(loop) for loop in LOOPS.values() if not loop.urgent]
        for runner in runners:
            runner.start()
        ending.wait(HEAD_START)
        for runner in rest:
            if ending.wait(APART):
                break
            runner.start()
            runners.append(runner)
        ending.wait()
        for runner in runners:
            runner.end()
        for runner in runners:
            runner.join()
