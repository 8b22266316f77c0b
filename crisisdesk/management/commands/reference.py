"""`manage.py reference`: write docs/events.md from the code."""

from typing import Any

from django.core.management.base import BaseCommand

from crisisdesk import reference


class Command(BaseCommand):
    help = "Write docs/events.md: every event, loop and audit, from the code."

    def handle(self, **options: Any) -> None:
        reference.PAGE.parent.mkdir(exist_ok=True)
        reference.PAGE.write_text(reference.page(), encoding="utf-8")
        self.stdout.write(str(reference.PAGE))
