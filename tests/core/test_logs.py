"""A log line is one line, whatever it quotes."""

import logging

from core.logs import OneLine

FORGED = "x\nERROR root: forged\x1b[2J\u202e\ud800"


def written(record: logging.LogRecord) -> str:
    return OneLine("%(levelname)s %(name)s: %(message)s").format(record)


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("room", logging.ERROR, __file__, 1, message, args, exc_info)


def test_an_ordinary_line_stays_as_it_is() -> None:
    assert written(record("Æble %s 🍏", 7)) == "ERROR room: Æble 7 🍏"


def test_a_quoted_text_forges_no_line_and_colours_no_terminal() -> None:
    line = written(record("Refused: %s", FORGED))
    assert line == "ERROR room: Refused: x\\nERROR root: forged\\x1b[2J\\u202e\\ud800"
    line.encode()


def test_an_exceptions_message_forges_no_line_either() -> None:
    try:
        _fail()
    except ValueError as error:
        text = written(record("Failed", error=error))
    first, *rest = text.split("\n")
    assert first == "ERROR room: Failed"
    assert any("ERROR root: forged" in line for line in rest)
    assert all(line.startswith("    ") for line in rest)
    assert "\x1b" not in text


def _fail() -> None:
    raise ValueError(FORGED)
