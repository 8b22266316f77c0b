from datetime import UTC, datetime

import pytest

from connectors.retry_after import LONGEST, seconds

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("17", 17.0),
        (" 0 ", 0.0),
        ("9" * 30, LONGEST),
        ("Mon, 23 Nov 2026 14:01:30 GMT", 90.0),
        ("Mon, 23 Nov 2026 14:01:30 -0000", 90.0),
        ("Mon, 23 Nov 2020 14:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2099 14:00:00 GMT", LONGEST),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wait_is_read_from_seconds_or_a_date(header: str | None, expected: float | None) -> None:
    assert seconds(header, now=NOW) == expected
