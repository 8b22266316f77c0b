"""`manage.py hold`: have nobody called and nothing published, as in a restored copy; or go on."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core import home


class Command(BaseCommand):
    help = "Have nobody called and nothing published; with --end, let that go on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--end", action="store_true", help="call people and publish again")

    def handle(self, *, end: bool, **options: Any) -> None:
        if not end:
            home.hold()
            self.stdout.write("Held: nobody is called and nothing is published.")
        elif home.release():
            self.stdout.write(
                "Calls and publications go on. What waited to be sent from before is not sent;"
                " what may have been published is looked for, or asked about."
            )
        else:
            self.stdout.write("It was not held.")
