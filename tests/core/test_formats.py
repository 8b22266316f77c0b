from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone, translation

from core import formats

NOW = datetime(2026, 11, 19, 8, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "english", "danish"),
    [
        (0, "0", "0"),
        (900, "900", "900"),
        (999.4, "999", "999"),
        (1000, "1K", "1 tus."),
        (8_200, "8.2K", "8,2 tus."),
        (15_400, "15K", "15 tus."),
        (310_000, "310K", "310 tus."),
        (999_949, "1M", "1 mio."),
        (4_800_000, "4.8M", "4,8 mio."),
        (12_340_000, "12.3M", "12,3 mio."),
        (2_000_000_000, "2B", "2 mia."),
    ],
)
def test_large_numbers_are_short_in_both_languages(value: float, english: str, danish: str) -> None:
    with translation.override("en"):
        assert formats.compact(value) == english
    with translation.override("da"):
        assert formats.compact(value) == danish


def test_numbers_carry_the_marks_of_the_language() -> None:
    with translation.override("en"):
        assert [formats.number(1204), formats.number(6.12, 1)] == ["1,204", "6.1"]
    with translation.override("da"):
        assert [formats.number(1204567.5, 1), formats.percent(0.714)] == ["1.204.567,5", "71%"]


def test_durations_tell_their_two_largest_parts() -> None:
    spans = [0, 59, 60, 26 * 60 + 59, 3600, 3900, 86400, 97200]
    with translation.override("en"):
        assert [formats.duration(each) for each in spans] == [
            "0 s", "59 s", "1 min", "26 min", "1 h", "1 h 5 min", "1 d", "1 d 3 h",
        ]  # fmt: skip
    with translation.override("da"):
        assert formats.duration(97200) == "1 d. 3 t."


def test_a_countdown_says_how_late_it_is() -> None:
    assert formats.countdown(768) == "12:48"
    assert formats.countdown(-151) == "+02:31"
    assert formats.countdown(2832, hours=True) == "00:47:12"
    assert formats.countdown(100 * 3600) == "100:00:00"


def test_times_are_absolute_and_as_short_as_they_may_be() -> None:
    with translation.override("en"), timezone.override("Europe/Copenhagen"):
        assert formats.when(NOW - timedelta(minutes=30), now=NOW) == "08:31"
        assert formats.when(NOW - timedelta(days=1), now=NOW) == "18 Nov 09:01"
        assert formats.when(NOW - timedelta(days=365), now=NOW) == "19 Nov 2025 09:01"
        assert formats.when(NOW, now=NOW, zone="America/New_York") == "03:01"
    with translation.override("da"), timezone.override("Europe/Copenhagen"):
        assert formats.when(NOW - timedelta(days=1), now=NOW) == "18. nov. 09:01"


def test_today_is_the_readers_day_not_the_servers() -> None:
    midnight = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    with translation.override("en"), timezone.override("Europe/Copenhagen"):
        assert formats.when(midnight, now=NOW) == "00:30"
    with translation.override("en"), timezone.override("UTC"):
        assert formats.when(midnight, now=NOW) == "18 Nov 23:30"


def test_languages_are_named_in_the_readers_and_unknown_codes_stay() -> None:
    with translation.override("en"):
        assert formats.language_name("da") == "Danish"
    with translation.override("da"):
        assert formats.language_name("en") == "Engelsk"
    assert [formats.language_name(code) for code in ("xx", "", "<b>")] == ["xx", "", "<b>"]
