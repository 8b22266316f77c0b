"""Notices in words, in the reader's language and zone."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import User
from accounts.reading import reading_as
from notifications.messages import MESSAGES, register, tell
from tests.factories.notifications import KIND, ensure_kind

PARAMS = {"severity": 1, "brand": "Lille Ske", "title": "Glass", "until_at": "2026-11-23T08:14:00Z"}


@pytest.fixture(autouse=True)
def _kind() -> None:
    ensure_kind()


@time_machine.travel(datetime(2026, 11, 23, 7, 0, tzinfo=UTC), tick=False)
def test_times_are_told_in_the_readers_zone() -> None:
    with reading_as(User(time_zone="Europe/Copenhagen")):
        assert tell(KIND, PARAMS).title == "SEV1 Lille Ske: approve by 09:14 CET"
    with reading_as(User(time_zone="America/New_York")):
        assert tell(KIND, PARAMS).title == "SEV1 Lille Ske: approve by 03:14 EST"


@time_machine.travel(datetime(2026, 11, 22, 7, 0, tzinfo=UTC), tick=False)
def test_another_days_time_has_its_date() -> None:
    with timezone.override("UTC"), override("da"):
        assert tell(KIND, PARAMS).title.endswith("by 23. nov. 08:14 UTC")


def test_codes_are_told_in_words_of_the_reader() -> None:
    register("tests.codes", title="%(sex)s", body="", words={"sex": lambda code: _("Danish")})
    try:
        assert tell("tests.codes", {"sex": "F"}).title == "Danish"
    finally:
        del MESSAGES["tests.codes"]


def test_hostile_parameters_are_only_text() -> None:
    told = tell(KIND, {**PARAMS, "brand": "100%(title)s %s\r\nBcc: all", "until_at": "never"})
    assert told.title == "SEV1 100%(title)s %s Bcc: all: approve by never"


def test_what_is_missing_does_not_break_the_page() -> None:
    assert tell(KIND, {}).title == "SEV… …: approve by …"
    assert tell("gone.kind", {"a": 1}).title == "News from CrisisDesk"


def test_a_broken_translation_shows_as_it_stands() -> None:
    register("tests.broken", title="%(name)d of %", body="")
    try:
        assert tell("tests.broken", {"name": "x"}).title == "%(name)d of %"
    finally:
        del MESSAGES["tests.broken"]


def test_a_kind_cannot_be_registered_twice() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        register(KIND, title="", body="")
