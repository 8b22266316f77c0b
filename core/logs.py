"""Log lines: one event, one line, whatever a hostile text brings along."""

import logging
from typing import Any


class OneLine(logging.Formatter):
    """Escape control characters, so that a mention cannot forge a line or colour a terminal.

    Tracebacks stay on lines of their own, set in: the message of an exception may quote a mention.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        return _printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the base class's name
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"    {_printable(line)}" for line in lines)


def _printable(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
