from datetime import UTC, datetime

import pytest

from connectors.base import Post
from monitoring.enums import RefusalCode
from monitoring.mapping import guess, parse_count, parse_date, to_post
from monitoring.rows import Refusal

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_columns_are_guessed_by_name_in_two_languages() -> None:
    assert guess(["Tweet text", "Screen_Name", "tweet_id", "Link", "Published at"]) == {
        "text": "Tweet text",
        "author": "Screen_Name",
        "external_id": "tweet_id",
        "url": "Link",
        "published_at": "Published at",
    }
    assert guess(["Besked", "Forfatter", "Dato", "Sprog", "Følgere"]) == {
        "text": "Besked",
        "author": "Forfatter",
        "published_at": "Dato",
        "lang": "Sprog",
        "reach": "Følgere",
    }
    assert guess(["text", "body", "zzz"]) == {"text": "text"}


def test_columns_with_unknown_names_are_guessed_by_what_they_hold() -> None:
    rows = [
        {
            "a": "7",
            "b": "see https://x.example",
            "c": "2026-11-23 12:00",
            "d": "https://x.example/1",
        },
        {"a": "8", "b": "nothing", "c": "2026-11-23 12:05", "d": "https://x.example/2"},
    ]
    assert guess(["a", "b", "c", "d"], rows) == {"published_at": "c", "url": "d"}
    rows[1]["c"] = "soon"
    assert guess(["a", "b", "c", "d"], rows) == {"url": "d"}
    assert guess(["a"], [{"a": "20261123"}]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:00:00Z", "2026-11-23T13:00:00+01:00", "2026-11-23 12:00:00", "1795435200",
        "1795435200000", "1795435200.0", "Mon, 23 Nov 2026 12:00:00 GMT", "23-11-2026 12:00",
        "23.11.2026 12:00:00", "23/11/2026 12:00", "Mon Nov 23 12:00:00 +0000 2026",
        "2026-11-23 04:00:00 -0800", " 2026-11-23T12:00 ",
    ],
)  # fmt: skip
def test_dates_are_read_as_exports_write_them(text: str) -> None:
    assert parse_date(text) == NOON


@pytest.mark.parametrize(
    "text", ["", "yesterday", "31-02-2026", "99999999999999999999", "1", "²", "٢٠٢٦", "x" * 5000,
             "0001-01-01T00:00:00+14:00", "1e400", "--", "Mon, 99 Foo 2026"],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("7", 7), ("12,345", 12345), ("12.345", 12345), ("1 234 567", 1234567),
     ("1\u00a0234", 1234), ("1234.0", 1234), ("many", None), ("-5", None), ("1e9", None),
     ("٧", None), ("9" * 60, None)],
)  # fmt: skip
def test_counts_are_read_with_or_without_grouping(text: str, count: int | None) -> None:
    assert parse_count(text) == count


MAPPING = {"text": "t", "published_at": "d", "reach": "r", "author": "a"}


def test_a_row_becomes_a_post() -> None:
    record = {"t": "Hello", "d": "2026-11-23T12:00:00Z", "r": "1,200", "a": "Ida", "z": "?"}
    assert to_post(7, record, MAPPING) == Post("", "Hello", "Ida", published_at=NOON, reach=1200)
    assert to_post(7, {"t": "Hello"}, MAPPING) == Post("", "Hello")


def test_a_bad_cell_is_named_with_its_row_and_column() -> None:
    assert to_post(7, {"t": "x", "d": "soon"}, MAPPING) == Refusal(7, "d", RefusalCode.NOT_A_DATE)
    assert to_post(8, {"r": "many"}, MAPPING) == Refusal(8, "r", RefusalCode.NOT_A_NUMBER)
