"""`manage.py audit_verify [--head NUMBER:DIGEST]`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import audit


class Command(BaseCommand):
    help = "Checks that the audit trail is whole, and prints its head to be kept elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--head", default="", help="a head printed earlier (NUMBER:DIGEST) that must be found"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.verify(kept=options["head"])
        if verdict.broken_at is not None:
            raise CommandError(
                f"The audit trail breaks at entry {verdict.broken_at}: "
                f"{verdict.checked} entries before it are whole."
            )
        self.stdout.write(f"{verdict.checked} entries, all whole. Head: {verdict.head}")
