from datetime import UTC, datetime
from importlib import import_module
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import translation

from accounts.models import AuditEntry, Brand, User
from connectors.base import Post
from core.errors import Conflict, Refused
from monitoring import trends
from monitoring.enums import QueryKind, WatchList
from monitoring.ingest import accept
from monitoring.models import Query, Source
from monitoring.models_queries import QueryCount, QueryVersion
from monitoring.queries.parsing import parse
from monitoring.selectors.queries import Days, Series
from monitoring.services import queries
from monitoring.services.queries import Wanted
from monitoring.trends import Line
from tests.factories.accounts import BrandFactory, UserFactory
from tests.factories.monitoring import QueryFactory, SourceFactory

NOW = datetime(2026, 11, 23, 14, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("", "brand", "te"),
        Wanted("a\x00", "brand", "te"),
        Wanted("a", "nonsense", "te"),
        Wanted("a", "brand", "te", WatchList.PRODUCTS),
        Wanted("a", "watch", "te"),
        Wanted("a", "watch", "te", "nonsense"),
        Wanted("a", "brand", "NOT te"),
        Wanted("a", "brand", ""),
    ],
)
def test_what_is_no_query_is_refused(brand: Brand, alice: User, wanted: Wanted) -> None:
    with pytest.raises(Refused):
        queries.create_query(brand, wanted, by=alice)
    assert not Query.objects.exists()


def test_a_brand_has_so_many_queries_and_no_more(
    brand: Brand, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MAX_QUERIES", 1)
    query = queries.create_query(brand, Wanted("a", "brand", "te"), by=alice)
    with pytest.raises(Refused, match="may have 1"):
        queries.create_query(brand, Wanted("b", "brand", "te"), by=alice)
    queries.update_query(query, Wanted("b", "brand", "te"), by=alice)


def test_the_same_again_is_no_change_and_a_deleted_one_a_conflict(
    brand: Brand, alice: User
) -> None:
    wanted = Wanted("a", "watch", "te", WatchList.PRODUCTS)
    query = queries.create_query(brand, wanted, by=alice)
    queries.update_query(query, wanted, by=alice)
    assert AuditEntry.objects.count() == 1
    queries.delete_query(query, by=alice)
    for late in (queries.delete_query, queries.update_query):
        with pytest.raises(Conflict):
            late(query, *([wanted] if late is queries.update_query else []), by=alice)


def test_whoever_changes_a_query_changes_the_stamp(brand: Brand, other_brand: Brand) -> None:
    def stamps() -> tuple[Any, ...]:
        found = dict(QueryVersion.objects.values_list("brand_id", "stamp"))
        return found.get(brand.pk), found.get(other_brand.pk)

    assert stamps() == (None, None)
    query = QueryFactory.create(brand=brand, expression="te")
    first = stamps()
    Query.objects.filter(pk=query.pk).update(brand=other_brand)
    second = stamps()
    assert second[0] not in {None, first[0]}
    assert second[1]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM monitoring_query")
    assert stamps()[1] != second[1]
    QueryFactory.create(brand=brand, expression="te")
    brand.delete()


@pytest.mark.django_db(transaction=True)
def test_deleting_a_query_waits_for_those_who_count_it() -> None:
    brand: Brand = BrandFactory.create()
    person, source = UserFactory.create(), SourceFactory.create(brand=brand)
    query = QueryFactory.create(brand=brand, expression="te")
    outcome: list[str] = []

    def delete() -> None:
        try:
            queries.delete_query(query, by=person)
            outcome.append("deleted")
        finally:
            connection.close()

    with transaction.atomic():
        accept(source, [Post("1", "te")], now=NOW)
        thread = Thread(target=delete)
        thread.start()
        thread.join(0.5)
        assert outcome == []
    thread.join()
    assert outcome == ["deleted"]
    assert not QueryCount.objects.exists()
    assert accept(Source.objects.get(), [Post("2", "te")], now=NOW).new == 1
    assert not QueryCount.objects.exists()


@pytest.mark.parametrize(
    ("any_of", "all_of", "none_of", "expected"),
    [
        (["fjord kaffe"], [], [], '"fjord kaffe"'),
        (["a", 'b"c'], [], [], '("a" OR "b\\"c")'),
        (["a"], ["d", "e"], ["x", "y"], '"a" AND "d" AND "e" AND NOT ("x" OR "y")'),
        ([], ["d"], [], '"d"'),
    ],
)
def test_lists_of_words_became_expressions(
    any_of: list[str], all_of: list[str], none_of: list[str], expected: str
) -> None:
    row = SimpleNamespace(any_of=any_of, all_of=all_of, none_of=none_of, save=lambda **_: None)
    known = SimpleNamespace(objects=SimpleNamespace(all=lambda: [row]))
    migration = import_module("monitoring.migrations.0008_queries")
    migration.write_expressions(SimpleNamespace(get_model=lambda *_: known), None)
    assert row.expression == expected
    assert parse(row.expression).tree


def test_the_days_of_a_period_are_the_brands_own(brand: Brand) -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    period = Days.last(2, zone="Europe/Copenhagen", now=late)
    assert [day.day for day in period.days] == [22, 23]
    assert period.since == datetime(2026, 11, 21, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("total", "before", "words"),
    [(30, 20, "+50%"), (20, 20, "0%"), (10, 20, "-50%"), (80, 20, "×4"), (5, 19, "–")],
)
def test_a_change_is_told_as_far_as_it_is_known(total: int, before: int, words: str) -> None:
    assert Line("x", Series((total,)), before).change_words.replace(".0", "") == words


def test_sentences_are_in_the_readers_language(brand: Brand, alice: User) -> None:
    QueryFactory.create(brand=brand, expression="te", kind=QueryKind.COMPETITOR)
    found = trends.trends(alice, brand, days=7, now=NOW)
    with translation.override("en"):
        assert trends.voice_sentence(found).startswith("Nobody has said anything")
        assert trends.lines_sentence(found.voices, found.period) == "Nothing was said in 7 days."
