"""`manage.py demo`: the demo organisation, or its crisis once more."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.clock import database_now
from core.errors import Refused
from crisisdesk.demo import load
from crisisdesk.demo.people import BRANDS, how_to_sign_in


class Command(BaseCommand):
    help = "Load the demo organisation into an empty database, or play its crisis again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="only play the crisis once more")
        parser.add_argument("--speed", type=float, default=1, help="2 plays it in half the time")
        parser.add_argument(
            "--crisis-in", type=float, default=75, help="seconds until it begins (75)"
        )

    def handle(self, **options: Any) -> None:
        now = database_now()
        begins_in = timedelta(seconds=options["crisis_in"])
        if options["speed"] <= 0:
            raise CommandError("--speed must be more than 0.")
        try:
            if options["again"]:
                load.play_crisis(now + begins_in, speed=options["speed"])
            else:
                load.load(now=now, crisis_in=begins_in, speed=options["speed"])
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The demo's crisis begins in {options['crisis_in']:.0f} seconds at {BRANDS[0].name}."
        )
        if not options["again"]:
            self.stdout.write("\n".join(how_to_sign_in()))
