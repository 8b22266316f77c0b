"""`manage.py auditor`: look every ten seconds whether all that is due has been done."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from crisisdesk.auditor import EVERY, Auditor


class Command(BaseCommand):
    help = "Watch the engine: loops that fall silent and rows past due are raised aloud."

    def handle(self, **options: Any) -> None:
        ending = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ending.set())
        auditor = Auditor()
        # The engine, started at the same moment, gets its first cycles.
        while not ending.wait(EVERY):
            auditor.look()
