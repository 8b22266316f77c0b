from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread

import pytest
from django.db import connection, transaction

from monitoring import partitions

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
INSERT = """INSERT INTO monitoring_mention (brand_id, source_id, external_id, network, author,
    title, text, url, lang, published_at, received_at, sentiment, sentiment_score, confidence,
    crisis_type)
    VALUES (1, 1, 'a', 'x', '', '', 'text', '', 'en', %s, now(), 'neutral', 0, 0, 'none')"""


def tables(*, like: str = "monitoring_mention_2%") -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE %s AND relkind='r'", [like])
        return {name for (name,) in cursor.fetchall()}


def partition_of_the_only_mention() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM monitoring_mention")
        [(name,)] = cursor.fetchall()
    return name


def write(at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [at])


@pytest.fixture(autouse=True)
def no_months_known() -> Iterator[None]:
    partitions.forget()
    yield
    partitions.forget()


@pytest.mark.django_db
def test_a_month_gets_a_table_of_its_own_with_key_and_index() -> None:
    partitions.ensure_months([(2019, 3)], now=NOW)
    write(datetime(2019, 3, 31, 23, 59, tzinfo=UTC))
    assert partition_of_the_only_mention() == "monitoring_mention_2019_03"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_index WHERE indrelid = to_regclass(%s)",
                       ["monitoring_mention_2019_03"])  # fmt: skip
        assert cursor.fetchone() == (2,)


@pytest.mark.django_db
def test_months_out_of_bounds_are_not_made_and_their_posts_go_to_other() -> None:
    before = tables()
    partitions.ensure_months([(1999, 1), (2006, 10), (2027, 1), (9999, 12), (1, 1)], now=NOW)
    assert tables() == before
    write(datetime(1999, 1, 1, tzinfo=UTC))
    assert partition_of_the_only_mention() == "monitoring_mention_other"


@pytest.mark.django_db
def test_the_bound_includes_its_ends() -> None:
    partitions.ensure_months([(2006, 11), (2026, 12)], now=NOW)
    assert {"monitoring_mention_2006_11", "monitoring_mention_2026_12"} <= tables()


@pytest.mark.django_db
def test_rows_that_went_to_other_move_when_their_month_is_made() -> None:
    write(datetime(2018, 5, 5, tzinfo=UTC))
    assert partition_of_the_only_mention() == "monitoring_mention_other"
    partitions.ensure_months([(2018, 5)], now=NOW)
    assert partition_of_the_only_mention() == "monitoring_mention_2018_05"


@pytest.mark.django_db
def test_what_was_undone_is_not_remembered() -> None:
    with transaction.atomic():
        partitions.ensure_months([(2017, 7)], now=NOW)
        assert "monitoring_mention_2017_07" in tables()
        transaction.set_rollback(True)
    assert "monitoring_mention_2017_07" not in tables()
    partitions.ensure_months([(2017, 7)], now=NOW)
    assert "monitoring_mention_2017_07" in tables()


@pytest.mark.django_db
def test_this_month_and_the_next_are_made_ahead_across_the_year() -> None:
    partitions.ensure_ahead(now=datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert {"monitoring_mention_2026_12", "monitoring_mention_2027_01"} <= tables()


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_a_month_once() -> None:
    errors: list[BaseException] = []

    def make() -> None:
        try:
            partitions.ensure_months([(2016, 6)], now=NOW)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert "monitoring_mention_2016_06" in tables()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE monitoring_mention_2016_06")
