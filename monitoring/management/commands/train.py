"""`manage.py train DATA`: learn from the texts that this installation is entitled to."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from monitoring.scoring import TRAINED
from monitoring.scoring.second import TRAINED as SECOND

TOOLS = Path(settings.BASE_DIR) / "tools"


class Command(BaseCommand):
    help = (
        "Train the scoring models from a folder of labelled texts (see docs/scoring.md) into the "
        "folder of this installation; from then on they are used instead of the shipped ones. "
        "Needs requirements-dev.txt; with --second also requirements-better.txt and torch."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("data", type=Path)
        parser.add_argument("--second", action="store_true", help="train the second tier, too")
        parser.add_argument(
            "--hold-out", action="store_true", help="keep what is measured on apart"
        )

    def handle(self, *, data: Path, second: bool, hold_out: bool, **options: Any) -> None:
        if not (data / "sentiment").is_dir() or not (data / "lexicons").is_dir():
            raise CommandError(f"{data} holds no folders sentiment/ and lexicons/.")
        var = Path(settings.VAR_DIR)
        held = ["--hold-out"] if hold_out else []
        out, vectors = var / TRAINED, var / "vectors.npz"
        self._run("train_scoring", data, "--all", "--out", out, "--vectors", vectors, *held)
        if second:
            adapters = var / "adapters.npz"
            self._run("tune_second", data, adapters)
            self._run("train_second", data, "--adapters", adapters, "--out", var / SECOND)

    def _run(self, tool: str, *arguments: object) -> None:
        command = [sys.executable, str(TOOLS / f"{tool}.py"), *map(str, arguments)]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own tool
            raise CommandError(f"tools/{tool}.py failed; what it said stands above.")
