import gzip
import io
import tracemalloc
from typing import IO

import pytest

from monitoring.enums import RefusalCode
from monitoring.files import BadFile, Record, recognise, records
from monitoring.rows import Refusal

LIMIT = 200_000_000
CSV = 'text,author\nØl og kaffe,Åse\n"two\nlines",Bo\n'


def read(data: bytes | IO[bytes], *, limit: int = LIMIT) -> list[tuple[int, Record | Refusal]]:
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    layout, _sample = recognise(stream)
    return list(records(stream, layout, limit=limit))


EXPECTED = [
    (2, {"text": "Øl og kaffe", "author": "Åse"}),
    (3, {"text": "two\nlines", "author": "Bo"}),
]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1", "cp1252"]
)
def test_a_table_is_read_in_any_encoding(encoding: str) -> None:
    assert read(CSV.encode(encoding)) == EXPECTED


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    table = f"text{delimiter}author\n" + f'"a, b; c | d"{delimiter}Bo\n' * 3
    rows = read(table.encode())
    assert rows[0] == (2, {"text": "a, b; c | d", "author": "Bo"})


def test_a_packed_table_is_unpacked() -> None:
    assert read(gzip.compress(CSV.encode())) == EXPECTED


def test_line_ends_of_every_kind_and_a_missing_last_one() -> None:
    assert read(b"text,author\r\na,b\r\n\r\nc,d") == [
        (2, {"text": "a", "author": "b"}),
        (4, {"text": "c", "author": "d"}),
    ]


def test_a_single_column_is_a_table_too() -> None:
    assert read(b"text\nhello, world\n") == [(2, Refusal(2, "", RefusalCode.WRONG_COLUMNS))]
    assert read(b"text\nhello\n") == [(2, {"text": "hello"})]


def test_column_names_are_made_unique_and_harmless() -> None:
    layout, sample = recognise(io.BytesIO(b"text,,text,a\x00b\n1,2,3,4\n"))
    assert layout.columns == ["text", "#2", "text (3)", "ab"]
    assert sample == [{"text": "1", "#2": "2", "text (3)": "3", "ab": "4"}]


def test_a_short_row_is_taken_and_a_long_one_refused_by_name() -> None:
    assert read(b"text,author\nonly\na,b,c\nlast,x\n") == [
        (2, {"text": "only"}),
        (3, Refusal(3, "", RefusalCode.WRONG_COLUMNS)),
        (4, {"text": "last", "author": "x"}),
    ]


def test_a_row_with_broken_bytes_is_refused_and_the_others_kept() -> None:
    table = "text,author\nØl,a\n".encode() + b"br\xffken,b\n" + "Æble,c\n".encode() * 3
    rows = read(table)
    assert rows[0][1] == {"text": "Øl", "author": "a"}
    assert rows[1] == (3, Refusal(3, "", RefusalCode.BAD_ENCODING))
    assert rows[2][1] == {"text": "Æble", "author": "c"}


@pytest.mark.parametrize("head", ["text,author\n", '{"text": "first"}\n'])
def test_a_line_of_fifty_megabytes_is_passed_over_in_bounded_memory(head: str) -> None:
    good = "good,b\n" if head.startswith("text") else '{"text": "good"}\n'
    data = io.BytesIO(head.encode() + b"x" * 50_000_000 + b"\n" + good.encode())
    tracemalloc.start()
    rows = read(data)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.code for _row, each in rows if isinstance(each, Refusal)] == [RefusalCode.TOO_LONG]
    assert rows[-1][1]["text"] == "good"  # type: ignore[index]
    assert peak < 20_000_000


def test_a_quote_that_is_never_closed_costs_what_it_swallowed_and_no_more() -> None:
    rows = read(b'text,author\na,b\n"open' + b"x,y\n" * 600_000 + b"last,c\n")
    assert rows[0] == (2, {"text": "a", "author": "b"})
    assert rows[1] == (3, Refusal(3, "", RefusalCode.UNREADABLE))
    assert not any(isinstance(each, Refusal) for _row, each in rows[2:])
    assert rows[-1][1] == {"text": "last", "author": "c"}


def test_a_bomb_stops_at_the_limit_after_what_came_before() -> None:
    bomb = gzip.compress(b"text,author\na,b\n" + b"\0" * 50_000_000, 9)
    stream = io.BytesIO(bomb)
    layout, _sample = recognise(stream)
    tracemalloc.start()
    found = []
    with pytest.raises(BadFile) as failure:
        found.extend(records(stream, layout, limit=20_000_000))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert failure.value.code == RefusalCode.FILE_TOO_LARGE
    assert peak < 10_000_000


def test_a_damaged_archive_gives_what_it_has() -> None:
    whole = gzip.compress(("text,author\n" + "good,x\n" * 200_000).encode(), 1)
    stream = io.BytesIO(whole[: len(whole) // 2])
    layout, _sample = recognise(stream)
    rows = records(stream, layout, limit=LIMIT)
    assert next(rows) == (2, {"text": "good", "author": "x"})
    with pytest.raises(BadFile, match="damaged"):
        for _row in rows:
            pass


def test_json_lines_are_read_with_the_bad_ones_named() -> None:
    lines = [
        b'{"text": "a", "user": {"name": "Ida", "deep": {"x": 1}}, "n": 7, "l": [1], "no": null}',
        b"",
        b"[1]",
        b"{broken",
        b'{"a": ' + b"[" * 5000,
        b'{"text": "\\ud800"}',
        b'{"text": "\\u0000"}',
        b'{"text": NaN}',
        b'{"text": "z\xff"}',
        '{"text": "ø"}'.encode(),
    ]
    rows = dict(read(b"\n".join(lines)))
    assert rows[1] == {
        "text": "a", "user.name": "Ida", "user.deep": "", "n": "7", "l": "", "no": "",
    }  # fmt: skip
    assert rows[10] == {"text": "ø"}
    codes = {row: each.code for row, each in rows.items() if isinstance(each, Refusal)}
    assert codes[3] == RefusalCode.NOT_AN_OBJECT
    assert {codes[row] for row in (4, 5, 6, 7, 8)} == {RefusalCode.UNREADABLE}
    assert codes[9] == RefusalCode.BAD_ENCODING
    assert 2 not in rows


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", RefusalCode.EMPTY_FILE),
        (b"\n \n", RefusalCode.EMPTY_FILE),
        (b"\xef\xbb\xbf", RefusalCode.EMPTY_FILE),
        (b'[{"text": "a"}]', RefusalCode.JSON_ARRAY),
        (b"{nonsense", RefusalCode.UNREADABLE),
        (b"\x1f\x8bnot gzip at all", RefusalCode.DAMAGED),
        (b"a," * 300, RefusalCode.NO_HEADER),
        (gzip.compress(b"", mtime=0), RefusalCode.EMPTY_FILE),
    ],
)
def test_what_is_no_table_is_refused_by_name(data: bytes, code: RefusalCode) -> None:
    with pytest.raises(BadFile) as failure:
        recognise(io.BytesIO(data))
    assert failure.value.code == code


@pytest.fixture
def noise() -> bytes:
    return bytes(range(256)) * 4000


def test_noise_never_breaks_the_reader(noise: bytes) -> None:
    for start in range(0, 256, 40):
        try:
            read(noise[start:])
        except BadFile as error:
            assert error.code in RefusalCode  # noqa: PT017 - either way is right
