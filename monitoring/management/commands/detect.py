"""`manage.py detect`: judge a series of counts from standard input."""

import io
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from monitoring.detection.table import BadRow, judge_lines


class Command(BaseCommand):
    help = (
        "Read CSV timestamp,value (with header) from standard input, one row a step in order of "
        "time, and write timestamp,value,expected_low,expected_high,score,alarm. Each row is "
        "judged by the rows before it only; a score of 0.5 passes the threshold."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--step", type=int, default=300, help="seconds a row covers (300)")
        parser.add_argument(
            "--score-last", action="store_true", help="put the score in the last column"
        )

    def handle(self, *args: Any, step: int, score_last: bool, **options: Any) -> None:
        if step <= 0:
            raise CommandError("--step must be at least 1.")
        lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        try:
            for block in judge_lines(lines, step=step, score_last=score_last):
                sys.stdout.write(block)
                sys.stdout.flush()
        except BadRow as error:
            raise CommandError(str(error)) from None
        except BrokenPipeError:
            sys.stderr.close()
