"""`manage.py check_pack FILE…`: whether offline packs are ours and unchanged."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import attesting


class Command(BaseCommand):
    help = "Check the signature of offline packs. Ends with an error if one does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        verdicts = [(file, attesting.examine(file.read_bytes())) for file in files]
        for file, verdict in verdicts:
            if verdict.is_ours:
                said = f"signed by this desk, unchanged (key {verdict.key})"
            elif verdict.is_signed:
                said = "CHANGED, or signed by another desk"
            else:
                said = "not signed"
            self.stdout.write(f"{file}: {said}")
        if not all(verdict.is_ours for _file, verdict in verdicts):
            raise CommandError("Do not rely on it.")
