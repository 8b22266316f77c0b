"""What ingest makes of a brand's queries: kept or not, about whom, counted for which."""

from datetime import UTC, datetime
from functools import partial

import pytest

from accounts.models import Brand
from connectors.base import Post
from monitoring import ingest
from monitoring.enums import QueryKind
from monitoring.ingest import Accepted, accept
from monitoring.models import Baseline, Mention, MentionCount, Query, Source
from monitoring.models_queries import QueryCount
from tests.factories.monitoring import QueryFactory, SourceFactory

NOW = datetime(2026, 11, 23, 14, 0, 30, tzinfo=UTC)


@pytest.fixture
def source(brand: Brand) -> Source:
    return SourceFactory.create(brand=brand, config={"network": "x"})


def test_each_mention_knows_its_queries_and_only_the_brands_own_are_counted_as_volume(
    source: Source,
) -> None:
    source.config = {"match": True}
    make = partial(QueryFactory.create, brand=source.brand)
    brand = make(expression="fjordkaffe")
    watch = make(expression="chef", kind=QueryKind.WATCH, watched="executives")
    rival = make(expression="bjergkaffe", kind=QueryKind.COMPETITOR)
    topic = make(expression="kaffe*", kind=QueryKind.TOPIC)
    batch = [
        Post("1", "Fjordkaffe er bedre end bjergkaffe", reach=10),
        Post("2", "kaffen er dyr, siger en chef"),
        Post("3", "Bjergkaffe og andre kaffer"),
        Post("4", "kaffepause"),
        Post("5", "te"),
    ]
    assert accept(source, batch, now=NOW) == Accepted(new=4, unmatched=1)
    found = {m.external_id: (m.about, m.queries) for m in Mention.objects.all()}
    assert found == {
        "1": ("brand", [brand.pk, rival.pk]),
        "2": ("brand", [watch.pk, topic.pk]),
        "3": ("competitor", [rival.pk, topic.pk]),
        "4": ("topic", [topic.pk]),
    }
    assert sum(MentionCount.objects.values_list("total", flat=True)) == 2
    counts = {c.query_id: (c.total, c.reach, c.hour) for c in QueryCount.objects.all()}
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    assert counts == {
        brand.pk: (1, 10, hour),
        watch.pk: (1, 0, hour),
        rival.pk: (2, 10, hour),
        topic.pk: (3, 0, hour),
    }
    accept(source, batch, now=NOW)
    assert QueryCount.objects.get(query=topic).total == 3


def test_talk_of_others_alone_is_neither_volume_nor_to_be_judged(source: Source) -> None:
    source.config = {"match": True}
    QueryFactory.create(brand=source.brand, expression="te", kind=QueryKind.TOPIC)
    assert accept(source, [Post("1", "te")], now=NOW) == Accepted(new=1)
    assert not MentionCount.objects.exists()
    assert not Baseline.objects.exists()
    assert Source.objects.get().mention_at == NOW


def test_all_that_a_source_of_the_brand_brings_is_about_the_brand(source: Source) -> None:
    rival = QueryFactory.create(brand=source.brand, expression="te", kind=QueryKind.COMPETITOR)
    assert accept(source, [Post("1", "te"), Post("2", "x")], now=NOW) == Accepted(new=2)
    assert set(Mention.objects.values_list("about", flat=True)) == {"brand"}
    assert Mention.objects.get(external_id="1").queries == [rival.pk]


def test_a_query_may_ask_for_what_scoring_finds(source: Source) -> None:
    source.config = {"match": True}
    QueryFactory.create(brand=source.brand, expression="lang:da AND sentiment:negative")
    batch = [
        Post("1", "Elendig service og kold kaffe, jeg er rasende over jer"),
        Post("2", "What a terrible, horrible, awful service"),
    ]
    assert accept(source, batch, now=NOW) == Accepted(new=1, unmatched=1)
    assert Mention.objects.get().external_id == "1"


def test_what_a_brand_listens_for_follows_its_queries_at_once(source: Source) -> None:
    source.config = {"match": True}
    query = QueryFactory.create(brand=source.brand, expression="te")
    other = QueryFactory.create(expression="kaffe")
    assert accept(source, [Post("1", "te")], now=NOW).new == 1
    Query.objects.filter(pk=query.pk).update(expression="kakao")
    assert accept(source, [Post("2", "te"), Post("3", "kakao")], now=NOW).new == 1
    query.delete()
    assert accept(source, [Post("4", "te")], now=NOW).new == 1
    other.brand.delete()
    assert list(Mention.objects.get(external_id="4").queries) == []


def test_a_query_that_is_deleted_meanwhile_is_not_counted(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = QueryFactory.create(brand=source.brand, expression="te")
    listening = ingest.listen.of(source.brand_id)
    query.delete()
    monkeypatch.setattr(ingest.listen, "of", lambda _brand: listening)
    assert accept(source, [Post("1", "te")], now=NOW).new == 1
    assert not QueryCount.objects.exists()
