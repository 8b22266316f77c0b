"""`manage.py import_file`: import a file into a source, here and now."""

from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.clock import database_now
from core.errors import Refused
from monitoring.enums import ImportState, RefusalCode, SourceKind
from monitoring.management.arguments import add_map, read_map
from monitoring.models import FileImport, Source
from monitoring.services import imports


class Command(BaseCommand):
    help = "Import a CSV or JSON-lines file (plain or .gz) into a source of the kind “file import”."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="the source's number or name")
        parser.add_argument("file", type=Path)
        add_map(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        source, path = _source(options["source"]), options["file"]
        columns = read_map(options["map"])
        try:
            with path.open("rb") as stream:
                row = imports.upload(source, File(stream), filename=path.name, by=None)
            imports.start(row, columns={**row.mapping, **columns}, by=None)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        imports.run(row.pk, clock=database_now)
        row.refresh_from_db()
        self._report(row)

    def _report(self, row: FileImport) -> None:
        for note in row.refusals:
            words = RefusalCode(note["why"]).label
            self.stderr.write(f"row {note['row']}, {note['field'] or '-'}: {words}")
        self.stdout.write(
            f"{row.accepted} new, {row.known} known, {row.unmatched} without the brand's words,"
            f" {row.refused} refused, {row.mended} changed."
        )
        if row.state != ImportState.DONE:
            raise CommandError(row.error or "It was left to another worker.")


def _source(wanted: str) -> Source:
    files = Source.objects.filter(kind=SourceKind.FILE)
    by_number = wanted.isdecimal() and files.filter(pk=int(wanted)).first()
    found = [by_number] if by_number else list(files.filter(name=wanted)[:2])
    if len(found) != 1:
        known = ", ".join(f"{source.pk} {source.name}" for source in files[:20]) or "none"
        raise CommandError(f"No single source is called {wanted}. There are: {known}.")
    return found[0]
