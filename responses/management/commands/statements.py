"""`manage.py statements`: the statement pages in a process of its own, without `manage.py up`."""

import socket
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses.statements import pages, server


class Command(BaseCommand):
    help = "Serve the exported statement pages. Needs no database, Redis or web process."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.STATEMENT_HOST)
        parser.add_argument("--port", type=int, default=settings.STATEMENT_PORT)
        parser.add_argument("--root", type=Path, default=settings.STATEMENT_ROOT)

    def handle(self, *, host: str, port: int, root: Path, **options: Any) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, port))
            except OSError as error:
                raise CommandError(f"Port {port} of {host} cannot be used: {error}") from error
            secure = settings.STATEMENT_URL.startswith("https://")
            server.serve(listener, root, policy=pages.policy(), secure=secure)
