"""Files that people upload, read row by row: CSV or JSON lines, packed or not, in any encoding.

Pure: no database. Memory stays bounded whatever the file holds. A row that cannot be read is
yielded as a Refusal and reading goes on behind it.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

from core.api.strict import BadJson, loads
from core.text import clean

from .enums import RefusalCode
from .rows import Refusal

SAMPLE_BYTES = 256 * 1024
SAMPLE_ROWS = 50
MAX_LINE = 1_000_000
MAX_COLUMNS = 200
_READ = 64 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What "surrogateescape" makes of bytes that are not in the encoding.
_ESCAPED = re.compile("[\udc80-\udcff]")
Record = dict[str, str]
csv.field_size_limit(MAX_LINE)


class BadFile(Exception):
    """The file as a whole cannot be read on; `code` says why, `row` (from 1) where it stopped."""

    def __init__(self, code: RefusalCode, row: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.row = row


@dataclass(frozen=True)
class Layout:
    """How a file is to be read. `columns` are the names in its first row, made unique."""

    format: str
    encoding: str
    packed: bool
    delimiter: str
    columns: list[str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def recognise(stream: IO[bytes]) -> tuple[Layout, list[Record]]:
    """Return how the file is built and its first records. Raises BadFile where nothing is."""
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    sample = _sample(stream, packed)
    stream.seek(0)
    encoding = _encoding(sample)
    text = sample.decode(encoding, "replace").lstrip("\ufeff \r\n\t")
    if not text.strip("\0 \r\n\t"):
        raise BadFile(RefusalCode.EMPTY_FILE)
    if text.startswith("["):
        raise BadFile(RefusalCode.JSON_ARRAY)
    if text.startswith("{"):
        return _recognise_json(stream, encoding, packed)
    delimiter = _delimiter(text)
    bare = Layout("csv", encoding, packed, delimiter, [])
    header = next(iter(_cells(_lines(stream, bare, SAMPLE_BYTES * 8), bare)), None)
    stream.seek(0)
    if header is None or isinstance(header[1], Refusal) or len(header[1]) > MAX_COLUMNS:
        raise BadFile(RefusalCode.NO_HEADER)
    layout = Layout("csv", encoding, packed, delimiter, _names(header[1]))
    return layout, _first(stream, layout)


def records(
    stream: IO[bytes], layout: Layout, *, limit: int
) -> Iterator[tuple[int, Record | Refusal]]:
    """Yield (row, record) with the row as a person counts it: the file's first row is 1.

    `limit` bounds the bytes after unpacking. Raises BadFile where the file cannot be read on.
    """
    lines = _lines(stream, layout, limit)
    return _json_records(lines) if layout.format == "jsonl" else _csv_records(lines, layout)


def _first(stream: IO[bytes], layout: Layout) -> list[Record]:
    found: list[Record] = []
    try:
        for _row, record in records(stream, layout, limit=SAMPLE_BYTES * 8):
            if not isinstance(record, Refusal):
                found.append(record)
            if len(found) == SAMPLE_ROWS:
                break
    except BadFile:
        # What can be read of it is shown; the import itself says where it ends.
        pass
    stream.seek(0)
    return found


def _recognise_json(stream: IO[bytes], encoding: str, packed: bool) -> tuple[Layout, list[Record]]:
    bare = Layout("jsonl", encoding, packed, "", [])
    found = _first(stream, bare)
    columns = list(dict.fromkeys(name for record in found for name in record))
    if not columns:
        raise BadFile(RefusalCode.UNREADABLE)
    return Layout("jsonl", encoding, packed, "", columns[:MAX_COLUMNS]), found


# Bytes to lines


def _sample(stream: IO[bytes], packed: bool) -> bytes:
    chunks = _chunks(stream, packed, SAMPLE_BYTES * 8)
    sample = b""
    try:
        while len(sample) < SAMPLE_BYTES:
            sample += next(chunks)
    except StopIteration:
        pass
    except BadFile:
        if not sample:
            raise
    return sample


def _chunks(stream: IO[bytes], packed: bool, limit: int) -> Iterator[bytes]:
    """Yield the file's bytes, unpacked, and no more of them than `limit`."""
    source: IO[bytes] = gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[assignment]
    total = 0
    while True:
        try:
            chunk = source.read(_READ)
        except (OSError, EOFError, zlib.error) as error:
            raise BadFile(RefusalCode.DAMAGED) from error
        if not chunk:
            return
        total += len(chunk)
        if total > limit:
            raise BadFile(RefusalCode.FILE_TOO_LARGE)
        yield chunk


def _lines(stream: IO[bytes], layout: Layout, limit: int) -> Iterator[str | None]:
    """Yield lines with their ends; None for one longer than MAX_LINE, which is passed over.

    Bytes that are not in the encoding come through as lone surrogates: the row is refused later.
    """
    errors = "replace" if layout.encoding.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(layout.encoding)(errors)
    rest, skipping = "", False
    for chunk in _chunks(stream, layout.packed, limit):
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in whole:
            yield None if skipping or len(line) > MAX_LINE else line + "\n"
            skipping = False
        if len(rest) > MAX_LINE:
            rest, skipping = "", True
    rest += decoder.decode(b"", final=True)
    if skipping or len(rest) > MAX_LINE:
        yield None
    elif rest:
        yield rest


def _encoding(sample: bytes) -> str:
    for mark, name in _MARKS.items():
        if sample.startswith(mark):
            return name
    # Western text in UTF-16: every other byte is zero, and the ones between are not.
    if sample[1::2].count(0) > len(sample) // 4 > 2 * sample[::2].count(0):
        return "utf-16-le"
    lines = sample.split(b"\n")
    if len(sample) >= SAMPLE_BYTES and len(lines) > 1:
        lines.pop()  # cut off by the sample's end
    lines = [line for line in lines if not line.isascii()]
    fit = sum(_is_utf8(line) for line in lines)
    # A few broken lines do not make a file another encoding; most lines being broken does.
    return "utf-8" if 2 * fit >= len(lines) else "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


# Lines to records


def _json_records(lines: Iterator[str | None]) -> Iterator[tuple[int, Record | Refusal]]:
    for row, line in enumerate(lines, start=1):
        if line is None:
            yield row, Refusal(row, "", RefusalCode.TOO_LONG)
        elif line.strip():
            yield row, _json_record(row, line)


def _json_record(row: int, line: str) -> Record | Refusal:
    try:
        value = loads(line.encode())
    except UnicodeEncodeError:
        return Refusal(row, "", RefusalCode.BAD_ENCODING)
    except BadJson:
        return Refusal(row, "", RefusalCode.UNREADABLE)
    if not isinstance(value, dict):
        return Refusal(row, "", RefusalCode.NOT_AN_OBJECT)
    record: Record = {}
    for name, inner in value.items():
        if isinstance(inner, dict):
            record.update({f"{name}.{key}": _plain(each) for key, each in inner.items()})
        else:
            record[name] = _plain(inner)
    return record


def _plain(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return ""
    return value if isinstance(value, str) else str(value)


def _csv_records(
    lines: Iterator[str | None], layout: Layout
) -> Iterator[tuple[int, Record | Refusal]]:
    width = len(layout.columns)
    rows = _cells(lines, layout)
    next(rows, None)
    for row, cells in rows:
        if isinstance(cells, Refusal):
            yield row, cells
        elif any(_ESCAPED.search(cell) for cell in cells if not cell.isascii()):
            yield row, Refusal(row, "", RefusalCode.BAD_ENCODING)
        elif len(cells) > width:
            yield row, Refusal(row, "", RefusalCode.WRONG_COLUMNS)
        elif any(cells):
            yield row, dict(zip(layout.columns, cells, strict=False))


def _cells(
    lines: Iterator[str | None], layout: Layout
) -> Iterator[tuple[int, list[str] | Refusal]]:
    """Yield (row, cells); after a row that cannot be read, reading begins anew behind it."""
    row = 0
    feeding = _Feed(lines)
    while not feeding.ended:
        feeding.too_long = False
        reader = csv.reader(feeding, delimiter=layout.delimiter)
        try:
            for cells in reader:
                row += 1
                yield row, cells
        except csv.Error:
            row += 1
            yield row, Refusal(row, "", RefusalCode.UNREADABLE)
        if feeding.too_long:
            row += 1
            yield row, Refusal(row, "", RefusalCode.TOO_LONG)


class _Feed:
    """Lines for a csv reader; ends early at a line that was passed over for its length."""

    def __init__(self, lines: Iterator[str | None]) -> None:
        self._lines = lines
        self.ended = False
        self.too_long = False

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = next(self._lines, "")
        if line is None:
            self.too_long = True
            raise StopIteration
        if not line:
            self.ended = True
            raise StopIteration
        return line


def _delimiter(text: str) -> str:
    """Return the delimiter that cuts most rows of the sample into the same number of cells."""
    sample = "\n".join(text.splitlines()[:SAMPLE_ROWS])
    return max(_DELIMITERS, key=lambda delimiter: _agreement(sample, delimiter))


def _agreement(sample: str, delimiter: str) -> tuple[int, int]:
    try:
        widths = [len(cells) for cells in csv.reader(io.StringIO(sample), delimiter=delimiter)]
    except csv.Error:
        return (0, 0)
    width = widths[0] if widths else 1
    return (sum(each == width for each in widths), width) if width > 1 else (0, 0)


def _names(header: list[str]) -> list[str]:
    """Return the column names: none empty, none twice."""
    names: list[str] = []
    for number, raw in enumerate(header, start=1):
        name = clean(raw).strip()[:200] or f"#{number}"
        while name in names:
            name = f"{name} ({number})"
        names.append(name)
    return names
