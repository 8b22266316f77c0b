"""`manage.py score`: score texts from standard input, one a line."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from monitoring.scoring import Score, score

# What is read at once: all of it that is complete lines is scored together.
READ = 1 << 18
# An endless line is kept no further than this; the rest of it is skipped.
LONGEST_LINE = 1 << 16


class Command(BaseCommand):
    help = (
        "Read texts from standard input, one a line in UTF-8, and write one JSON object a line: "
        "language, sentiment, sentiment_score, crisis_type, emotion, blame, question, fingerprint, "
        "confidence."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for texts in _batches(sys.stdin.buffer):
                sys.stdout.write("".join([_answer(found) for found in score(texts)]))
                sys.stdout.flush()
        except BrokenPipeError:
            sys.stderr.close()


def _batches(stream: Any) -> Iterator[list[str]]:
    """Lines as texts, as many as have come; broken bytes are replaced."""
    rest = b""
    while data := stream.read1(READ):
        *lines, rest = (rest + data).split(b"\n")
        rest = rest[:LONGEST_LINE]
        if lines:
            yield [_text(line) for line in lines]
    if rest:
        yield [_text(rest)]


def _text(line: bytes) -> str:
    return line[:LONGEST_LINE].decode("utf-8", "replace").rstrip("\r")


def _answer(found: Score) -> str:
    answer = {
        "language": found.language,
        "sentiment": found.sentiment,
        "sentiment_score": found.sentiment_score,
        "crisis_type": found.crisis_type,
        "emotion": found.emotion,
        "blame": found.blame,
        "question": found.question,
        "fingerprint": found.fingerprint,
        "confidence": {
            "language": round(found.language_confidence, 4),
            "sentiment": found.confidence,
            "crisis_type": found.crisis_confidence,
            "emotion": found.emotion_confidence,
            "blame": found.blame_confidence,
        },
    }
    return json.dumps(answer, ensure_ascii=False) + "\n"
