"""`manage.py verify`: is this statement what was signed, and by which key?

Needs no database and no settings of the installation that published it.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import http
from responses.statements import documents
from responses.statements.documents import Unproven

LARGEST = 256 * 1024


class Command(BaseCommand):
    help = "Check a statement's entry and all before it: give its address, or its entry.json."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", help="The entry's address, or the file entry.json")
        parser.add_argument("--signature", type=Path, help="With a file: entry.sig beside it")
        parser.add_argument("--key", type=Path, help="The public key (PEM); with a file needed")
        parser.add_argument("--fingerprint", default="", help="The key that you expect")

    def handle(self, *, what: str, fingerprint: str, **options: Any) -> None:
        try:
            if urlsplit(what).scheme in ("http", "https"):
                self._check_address(what, fingerprint, options["key"])
            else:
                self._check_file(Path(what), fingerprint, options["signature"], options["key"])
        except Unproven as error:
            raise CommandError(f"NOT PROVEN. {error}") from error
        except (OSError, http.HttpError) as error:
            raise CommandError(f"It could not be read: {error}") from error

    def _check_file(
        self, place: Path, fingerprint: str, signature: Path | None, key: Path | None
    ) -> None:
        if key is None:
            raise CommandError("Give the public key with --key FILE.")
        signed = (signature or place.with_suffix(".sig")).read_bytes()
        document = documents.verify(place.read_bytes(), signed, key.read_text())
        _expect(document, fingerprint)
        self._say(document, checked=1)

    def _check_address(self, address: str, fingerprint: str, key: Path | None) -> None:
        """The entry, and every one before it up to the first."""
        address = address if address.endswith("/") else address + "/"
        newest = later = self._proven(address, key)[0]
        _expect(newest, fingerprint)
        if later["statement"] != urljoin(address, "../"):
            raise Unproven(f"It is an entry of {later['statement']}, not of this page.")
        for number in range(newest["number"] - 1, 0, -1):
            earlier, data = self._proven(urljoin(address, f"../{number}/"), key)
            documents.follows(later, data)
            later = earlier
        self._say(newest, checked=newest["number"])

    def _proven(self, address: str, key: Path | None) -> tuple[dict[str, Any], bytes]:
        data = _fetch(address + "entry.json")
        named = str(documents.read(data)["key"])
        if not documents.is_digest(named):
            raise Unproven("It names no key.")
        pem = (
            key.read_text() if key else _fetch(urljoin(address, f"../../keys/{named}.pem")).decode()
        )
        return documents.verify(data, _fetch(address + "entry.sig"), pem), data

    def _say(self, document: dict[str, Any], *, checked: int) -> None:
        self.stdout.write(
            f"PROVEN. Entry {document['number']} of {document['statement']}\n"
            f"by {document['brand']}, published {document['published_at']} ({document['form']},"
            f" {document['language']}), signed by\n{document['key']}\n"
            f"Entries checked: {checked}. Compare the key with one that you had another way."
        )


def _expect(document: dict[str, Any], fingerprint: str) -> None:
    wanted = fingerprint.replace(":", "").strip().lower()
    if wanted and document["key"] != wanted:
        raise Unproven(f"It was signed by {document['key']}, not by the key that you expect.")


def _fetch(address: str) -> bytes:
    answer = http.fetch(address, max_bytes=LARGEST)
    if answer.status != 200:
        raise Unproven(f"{address} answered {answer.status}.")
    body: bytes = answer.body
    return body
