"""Counts as CSV in, verdicts as CSV out, block by block: the work of `manage.py detect`."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from math import inf

import numpy as np
from numpy.typing import NDArray

from .detector import Detector, Verdicts

HEADER = "timestamp,value,expected_low,expected_high,score,alarm"
ROWS = 65536


class BadRow(ValueError):
    """A row that cannot be judged; the message names its line."""


def judge_lines(lines: Iterable[str], *, step: int, score_last: bool = False) -> Iterator[str]:
    """Yield blocks of output for lines of `timestamp,value` after a header, in the order given.

    Each row is one step. Rows are judged by the rows before them only; a block is yielded for
    every 65,536 rows. Raises BadRow at the first row that is not a time and a number.
    """
    lines = iter(lines)
    _check_header(next(lines, ""))
    detector: Detector | None = None
    number = 2
    yield _header(score_last=score_last)
    while rows := list(islice(lines, ROWS)):
        stamps, values = _parse(rows, number)
        number += len(rows)
        if not stamps:
            continue
        if detector is None:
            detector = Detector(step=step, start=_epoch(stamps[0], number - len(rows)))
        numbers = np.array(values, dtype=np.float64)
        yield _lines(stamps, values, detector.run(numbers), score_last=score_last)


def _header(*, score_last: bool) -> str:
    if score_last:
        return "timestamp,value,expected_low,expected_high,alarm,score\n"
    return HEADER + "\n"


def _check_header(line: str) -> None:
    columns = [name.strip().strip('"').lower() for name in line.lstrip("\ufeff").split(",")]
    if columns[:2] != ["timestamp", "value"]:
        raise BadRow(f"Line 1: expected the header timestamp,value, got {line.strip()[:80]!r}.")


def _parse(rows: list[str], number: int) -> tuple[list[str], list[str]]:
    """Split rows into time texts and value texts; the first of them is line `number`."""
    try:
        pairs = [row.rstrip("\r\n").split(",") for row in rows]
        stamps, values = zip(*pairs, strict=True)
        _check_numbers(np.array(values, dtype=np.float64))
    except ValueError:
        return _parse_slowly(rows, number)
    return list(stamps), list(values)


def _check_numbers(numbers: NDArray[np.float64]) -> None:
    if not ((numbers >= 0) & (numbers < inf)).all():
        raise ValueError("negative or not a number")


def _parse_slowly(rows: list[str], number: int) -> tuple[list[str], list[str]]:
    """The careful way for a block with something odd in it: quotes, blank lines, errors."""
    stamps, values = [], []
    for offset, row in enumerate(rows):
        fields = next(csv.reader([row]), [])
        if not fields:
            continue
        stamps.append(fields[0])
        values.append(_value(fields, number + offset))
    return stamps, values


def _value(fields: list[str], line: int) -> str:
    if len(fields) < 2:
        raise BadRow(f"Line {line}: expected a timestamp and a value, got {fields[0][:80]!r}.")
    try:
        _check_numbers(np.array([float(fields[1])]))
    except ValueError:
        raise BadRow(f"Line {line}: {fields[1][:80]!r} is not a count of mentions.") from None
    return fields[1].strip()


def _epoch(stamp: str, line: int) -> float:
    """Seconds since 1970 of an ISO 8601 time or a number of seconds; without a zone it is UTC."""
    try:
        return float(stamp)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(stamp.strip())
    except ValueError:
        raise BadRow(f"Line {line}: {stamp[:80]!r} is not a time.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _lines(stamps: list[str], values: list[str], found: Verdicts, *, score_last: bool) -> str:
    low, high = found.expected_low.tolist(), found.expected_high.tolist()
    score, alarm = found.score.tolist(), found.alarm.tolist()
    rows = zip(stamps, values, low, high, score, alarm, strict=True)
    if score_last:
        return "".join([f"{t},{v},{a:.2f},{b:.2f},{r:d},{s:.6f}\n" for t, v, a, b, s, r in rows])
    return "".join([f"{t},{v},{a:.2f},{b:.2f},{s:.6f},{r:d}\n" for t, v, a, b, s, r in rows])
