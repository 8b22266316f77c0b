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
        parser.add_argument(
            "--go-on", action="store_true", help="keep what an earlier run has finished"
        )

    def handle(
        self, *, data: Path, second: bool, hold_out: bool, go_on: bool, **options: Any
    ) -> None:
        if not (data / "sentiment").is_dir() or not (data / "lexicons").is_dir():
            raise CommandError(f"{data} holds no folders sentiment/ and lexicons/.")
        held = ["--hold-out"] if hold_out else []
        steps = _both(data, held) if second else [_fast(data, held)]
        for tool, out, arguments in steps:
            if not (go_on and out.exists()):
                self._run(tool, *arguments)

    def _run(self, tool: str, *arguments: object) -> None:
        command = [sys.executable, str(TOOLS / f"{tool}.py"), *map(str, arguments)]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own tool
            raise CommandError(f"tools/{tool}.py failed; what it said stands above.")


# A tool, what it writes, and what it is called with.
Step = tuple[str, Path, tuple[object, ...]]


def _fast(data: Path, held: list[str]) -> Step:
    out = Path(settings.VAR_DIR) / TRAINED
    arguments = (data, "--all", "--out", out, "--vectors", _vectors(), *held)
    return "train_scoring", out, arguments


def _both(data: Path, held: list[str]) -> list[Step]:
    """The transformer is tuned first; the fast tier learns from what it says of many texts."""
    var = Path(settings.VAR_DIR)
    adapters, taught = var / "adapters.npz", var / "taught.npz"
    fast, second = var / TRAINED, var / SECOND
    return [
        ("tune_second", adapters, (data, adapters)),
        ("teach", taught, (data, adapters, taught, "--vectors", _vectors(), *held)),
        ("learn_taught", fast, (data, taught, fast, "--vectors", _vectors())),
        ("train_second", second, (data, "--adapters", adapters, "--out", second)),
    ]


def _vectors() -> Path:
    return Path(settings.VAR_DIR) / "vectors.npz"
