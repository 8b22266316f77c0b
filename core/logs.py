"""Log lines: one event, one line, whatever a hostile text brings along."""

import logging


class OneLine(logging.Formatter):
    """Escape control characters, so that a mention cannot forge a line or colour a terminal.

    Tracebacks stay on lines of their own: they are ours.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        line = super().formatMessage(record)
        if line.isprintable():
            return line
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
