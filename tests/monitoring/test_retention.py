"""Mentions leave when they were kept long enough, and nobody waits for it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Brand, User
from connectors.base import Post
from monitoring import partitions, retention
from monitoring.ingest import accept
from monitoring.models import Mention, MentionCount, Source
from monitoring.models_triage import MentionChange, MentionState
from monitoring.services.triage import Place, decide
from tests.factories.monitoring import SourceFactory

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD = datetime(2024, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def months(settings: Any) -> Iterator[None]:
    settings.MENTIONS_KEPT_MONTHS = 24
    partitions.forget()
    yield
    partitions.forget()


@pytest.fixture
def source(brand: Brand) -> Source:
    return SourceFactory.create(brand=brand)


def take(source: Source, name: str, *, said: datetime, received: datetime) -> int:
    post = Post(external_id=name, text="The oats taste of plastic", published_at=said)
    return accept(source, [post], now=received).new


def texts() -> set[str]:
    return set(Mention.objects.values_list("external_id", flat=True))


def has_table(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        return bool(cursor.fetchone()[0])


def test_a_month_that_was_kept_long_enough_goes_and_its_counts_stay(source: Source) -> None:
    take(source, "old", said=OLD, received=OLD)
    take(source, "new", said=NOW - timedelta(days=1), received=NOW)
    assert has_table("monitoring_mention_2024_03")
    assert retention.expire(now=NOW) == 1
    assert not has_table("monitoring_mention_2024_03")
    assert texts() == {"new"}
    assert MentionCount.objects.filter(minute__lt=OLD + timedelta(days=1)).exists()
    assert retention.expire(now=NOW) == 0


def test_what_was_decided_about_a_mention_goes_with_it(source: Source, alice: User) -> None:
    take(source, "old", said=OLD, received=OLD)
    take(source, "imported", said=OLD, received=NOW)
    for mention in Mention.objects.all():
        place = Place(mention.pk, mention.brand_id, mention.published_at)
        answers = {"truth": "true", "kind": "troll", "course": "leave", "note": "Knows her name"}
        decide(place, answers, by=alice, now=OLD)
    retention.expire(now=NOW)
    kept = Mention.objects.get()
    assert kept.external_id == "imported"
    assert list(MentionState.objects.values_list("mention_id", flat=True)) == [kept.pk]
    assert list(MentionChange.objects.values_list("mention_id", flat=True)) == [kept.pk]


def test_the_bound_is_the_beginning_of_a_month(source: Source) -> None:
    assert retention.cutoff(NOW, 24) == datetime(2024, 11, 1, tzinfo=UTC)
    assert retention.cutoff(NOW, 11) == datetime(2025, 12, 1, tzinfo=UTC)
    last = datetime(2024, 10, 31, 23, 59, tzinfo=UTC)
    first = datetime(2024, 11, 1, tzinfo=UTC)
    take(source, "last", said=last, received=last)
    take(source, "first", said=first, received=first)
    retention.expire(now=NOW)
    assert texts() == {"first"}


def test_an_old_case_that_was_imported_lately_stays_and_what_is_beside_it_goes(
    source: Source,
) -> None:
    take(source, "old", said=OLD, received=OLD)
    take(source, "case", said=OLD, received=NOW)
    assert retention.expire(now=NOW) == 0
    assert texts() == {"case"}
    # What stayed is still known, so the file can be imported again.
    assert take(source, "case", said=OLD, received=NOW) == 0


def test_the_days_of_a_replay_stay_as_long_as_if_they_had_come_on_its_day(source: Source) -> None:
    """Its simulated clock makes them look received when they were said."""
    replayed = SourceFactory.create(brand=source.brand, replayed_at=NOW - timedelta(days=1))
    take(replayed, "played", said=OLD, received=OLD)
    take(source, "beside", said=OLD, received=OLD)
    assert retention.expire(now=NOW) == 0
    assert texts() == {"played"}
    two_years_on = NOW + timedelta(days=800)
    assert retention.expire(now=two_years_on)
    assert texts() == set()


def test_what_lies_before_all_months_goes_too(source: Source) -> None:
    ancient = datetime(1999, 5, 1, tzinfo=UTC)
    take(source, "ancient", said=ancient, received=OLD)
    take(source, "ancient and imported", said=ancient, received=NOW)
    retention.expire(now=NOW)
    assert texts() == {"ancient and imported"}


def test_with_zero_months_nothing_goes(source: Source, settings: Any) -> None:
    settings.MENTIONS_KEPT_MONTHS = 0
    take(source, "old", said=OLD, received=OLD)
    assert retention.expire(now=NOW) == 0
    assert texts() == {"old"}


def test_a_dropped_month_can_be_filled_again(source: Source) -> None:
    take(source, "old", said=OLD, received=OLD)
    retention.expire(now=NOW)
    # Its key went along: from an archive that is imported it may come back.
    assert take(source, "old", said=OLD, received=NOW) == 1
    assert texts() == {"old"}


def test_a_month_whose_drop_was_cut_off_goes_with_the_next_run(source: Source) -> None:
    take(source, "old", said=OLD, received=OLD)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitoring_mention DETACH PARTITION monitoring_mention_2024_03")
    assert retention.expire(now=NOW) == 1
    assert not has_table("monitoring_mention_2024_03")


def test_nobody_waits_for_a_month_that_is_being_read(source: Source) -> None:
    take(source, "old", said=OLD, received=OLD)
    reading, done = Event(), Event()

    def read_long() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM monitoring_mention")
            reading.set()
            done.wait(20)
        connection.close()

    reader = Thread(target=read_long)
    reader.start()
    try:
        assert reading.wait(5)
        began = time.monotonic()
        assert retention.expire(now=NOW) == 0
        assert time.monotonic() - began < 5
        # Ingest goes on beside the reader.
        assert take(source, "new", said=NOW, received=NOW) == 1
    finally:
        done.set()
        reader.join()
    assert retention.expire(now=NOW) == 1
    assert texts() == {"new"}
