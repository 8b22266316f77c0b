from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from accounts.models import Brand
from connectors.base import Post
from monitoring import ingest
from monitoring.enums import RefusalCode
from monitoring.events import mentions_accepted
from monitoring.ingest import Accepted, SourceGone, accept
from monitoring.models import Baseline, Mention, MentionCount, SeenMention, Source
from monitoring.rows import Refusal
from tests.factories.monitoring import QueryFactory, SourceFactory, posts

NOW = datetime(2026, 11, 23, 14, 0, 30, tzinfo=UTC)


@pytest.fixture
def source(brand: Brand) -> Source:
    return SourceFactory.create(brand=brand, config={"network": "x"})


def totals(brand: Brand) -> dict[datetime, int]:
    counts: dict[datetime, int] = {}
    for count in MentionCount.objects.filter(brand=brand):
        counts[count.minute] = counts.get(count.minute, 0) + count.total
    return counts


def test_a_post_becomes_a_mention_with_its_scores_and_counts(source: Source) -> None:
    at = NOW - timedelta(hours=1)
    post = Post(
        "7", "Øl & <b>kaffe</b>", "Åse", "https://x.example/7", at, "da", 900, "Facebook", "T"
    )
    assert accept(source, [post], now=NOW) == Accepted(new=1)
    mention = Mention.objects.get()
    assert (mention.brand_id, mention.source_id) == (source.brand_id, source.pk)
    assert (mention.external_id, mention.network, mention.author) == ("7", "facebook", "Åse")
    assert (mention.title, mention.text, mention.lang) == ("T", "Øl & <b>kaffe</b>", "da")
    assert (mention.url, mention.reach) == ("https://x.example/7", 900)
    assert (mention.published_at, mention.received_at) == (at, NOW)
    assert mention.sentiment in {"negative", "neutral", "positive"}
    count = MentionCount.objects.get()
    assert (count.total, count.network, count.reach) == (1, "facebook", 900)
    assert count.minute == at.replace(second=0)
    assert count.crisis_type == mention.crisis_type
    assert Baseline.objects.get().pending_at == NOW


def test_accepting_again_changes_nothing(source: Source) -> None:
    batch = posts(30, at=NOW - timedelta(minutes=3))
    assert accept(source, batch, now=NOW) == Accepted(new=30)
    Baseline.objects.update(pending_at=None)
    assert accept(source, batch[10:] + posts(5, prefix="more"), now=NOW) == Accepted(
        new=5, known=20
    )
    assert Mention.objects.count() == SeenMention.objects.count() == 35
    assert sum(totals(source.brand).values()) == 35
    assert Baseline.objects.get().pending_at == NOW


def test_nothing_new_leaves_the_brand_unmarked(source: Source) -> None:
    accept(source, posts(3), now=NOW)
    Baseline.objects.update(pending_at=None)
    accept(source, posts(3), now=NOW)
    assert Baseline.objects.get().pending_at is None


def test_doubles_within_a_batch_are_one_and_the_first_stays(source: Source) -> None:
    twice = [Post("1", "first"), Post("1", "second"), Post("2", "third")]
    assert accept(source, twice, now=NOW) == Accepted(new=2, known=1)
    assert set(Mention.objects.values_list("text", flat=True)) == {"first", "third"}


def test_the_same_id_from_two_sources_is_two_mentions(source: Source) -> None:
    other = SourceFactory.create(brand=source.brand)
    accept(source, posts(1), now=NOW)
    assert accept(other, posts(1), now=NOW) == Accepted(new=1)


def test_a_post_without_an_id_is_known_by_its_content(source: Source) -> None:
    nameless = [
        Post("", "the same", "Ida"),
        Post("", "the same", "Ida"),
        Post("", "the same", "Bo"),
    ]
    assert accept(source, nameless, now=NOW) == Accepted(new=2, known=1)
    assert accept(source, nameless, now=NOW) == Accepted(known=3)


def test_bad_rows_are_named_and_the_good_ones_kept(source: Source) -> None:
    batch = [
        Post("1", "good"),
        Post("2", " \x00\u200b\n "),
        Post("3", "x" * 30_000),
        Post("4", "soon", published_at=NOW + timedelta(days=9)),
        Post("5", "long ago", published_at=datetime(1, 1, 1, tzinfo=UTC)),
        Post("6", "link", url="javascript:alert(1)"),
        Post("7", "nul \x00 and \ud800 half", author="\udfffA\x00"),
        Post("", "", title="only a title"),
    ]
    outcome = accept(source, batch, now=NOW)
    assert outcome.refused == [Refusal(1, "text", RefusalCode.EMPTY_TEXT)]
    assert outcome.mended == [
        Refusal(2, "text", RefusalCode.TRUNCATED),
        Refusal(3, "published_at", RefusalCode.IN_FUTURE),
        Refusal(4, "published_at", RefusalCode.BEFORE_THE_WEB),
        Refusal(5, "url", RefusalCode.NOT_A_WEB_ADDRESS),
    ]
    stored = {mention.external_id: mention for mention in Mention.objects.all()}
    assert len(stored["3"].text) == 20_000
    assert stored["4"].published_at == stored["5"].published_at == stored["1"].published_at == NOW
    assert stored["6"].url == ""
    assert (stored["7"].text, stored["7"].author) == ("nul  and  half", "A")


def test_a_text_of_nothing_visible_is_refused(source: Source) -> None:
    outcome = accept(source, [Post("1", "\x00 \n\t"), Post("2", "fine")], now=NOW)
    assert outcome == Accepted(new=1, refused=[Refusal(0, "text", RefusalCode.EMPTY_TEXT)])


def test_hostile_ids_stay_apart_and_fit(source: Source) -> None:
    ids = ["a", "a\x00", "a\ud800", "b" * 10_000, "b" * 10_001, "'; DROP TABLE x; --", "\u202ea"]
    assert accept(source, [Post(id_, "text") for id_ in ids], now=NOW) == Accepted(new=len(ids))
    assert accept(source, [Post(id_, "text") for id_ in ids], now=NOW) == Accepted(known=len(ids))


def test_a_naive_date_is_read_as_utc_and_months_get_their_tables(source: Source) -> None:
    old = datetime(2015, 2, 24, 11, 42)
    accept(source, [Post("1", "text", published_at=old)], now=NOW)
    assert Mention.objects.get().published_at == old.replace(tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM monitoring_mention")
        assert cursor.fetchall() == [("monitoring_mention_2015_02",)]


def test_reach_is_kept_within_bounds(source: Source) -> None:
    accept(source, [Post("1", "a", reach=-5), Post("2", "b", reach=10**30)], now=NOW)
    assert set(Mention.objects.values_list("reach", flat=True)) == {0, 10**12}


def test_only_what_speaks_of_the_brand_is_taken_where_the_source_carries_more(
    source: Source,
) -> None:
    source.config = {"match": True}
    QueryFactory.create(brand=source.brand, expression="fjordkaffe NOT konkurs")
    QueryFactory.create(brand=source.brand, expression="vejret", is_active=False)
    batch = [
        Post("1", "Fjordkaffe er god"),
        Post("2", "Vejret er godt"),
        Post("3", "Om byen", title="FJORDKAFFE åbner"),
        Post("4", "Fjordkaffe konkurs"),
    ]
    assert accept(source, batch, now=NOW) == Accepted(new=2, unmatched=2)
    assert set(Mention.objects.values_list("external_id", flat=True)) == {"1", "3"}


def test_a_source_without_words_to_match_takes_everything(source: Source) -> None:
    source.config = {"match": True}
    assert accept(source, posts(2), now=NOW) == Accepted(new=2)


def test_health_and_cursor_are_written_with_the_posts(source: Source) -> None:
    Source.objects.update(error="It was down.", failures=4)
    accept(source, posts(2), now=NOW, cursor={"after": 2})
    source.refresh_from_db()
    assert (source.cursor, source.error, source.failures) == ({"after": 2}, "", 0)
    assert source.succeeded_at == source.mention_at == NOW
    later = NOW + timedelta(minutes=1)
    accept(source, [], now=later)
    source.refresh_from_db()
    assert (source.cursor, source.succeeded_at, source.mention_at) == ({"after": 2}, later, NOW)


def test_a_batch_larger_than_a_transaction_is_split_and_rows_keep_their_numbers(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MAX_BATCH", 10)
    batch = posts(35)
    batch[27] = Post("bad", "")
    outcome = accept(source, batch, now=NOW, cursor={"n": 35})
    assert outcome == Accepted(new=34, refused=[Refusal(27, "text", RefusalCode.EMPTY_TEXT)])
    assert Source.objects.get().cursor == {"n": 35}


def test_a_row_that_the_database_will_not_have_does_not_cost_the_others(source: Source) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitoring_mention ADD CHECK (text NOT LIKE '%%poison%%')")
    batch = posts(40)
    batch[13] = Post("p1", "poison")
    batch[31] = Post("p2", "more poison")
    outcome = accept(source, batch, now=NOW)
    assert outcome.new == 38
    assert outcome.known == 0
    assert outcome.refused == [
        Refusal(13, "row", RefusalCode.UNWRITABLE),
        Refusal(31, "row", RefusalCode.UNWRITABLE),
    ]
    assert Mention.objects.count() == SeenMention.objects.count() == 38
    assert sum(totals(source.brand).values()) == 38


def test_a_source_that_was_deleted_takes_nothing(source: Source) -> None:
    gone = Source.objects.get()
    source.delete()
    with pytest.raises(SourceGone):
        accept(gone, posts(3), now=NOW)
    assert not Mention.objects.exists()
    assert not SeenMention.objects.exists()


def test_the_news_goes_out_once_it_is_committed(
    source: Source, django_capture_on_commit_callbacks: Callable
) -> None:
    told: list[int] = []

    @mentions_accepted.listener
    def remember(brand_id: int) -> None:
        told.append(brand_id)

    try:
        with django_capture_on_commit_callbacks(execute=True):
            accept(source, posts(2), now=NOW)
            assert told == []
        assert told == [source.brand_id]
    finally:
        mentions_accepted.listeners.pop()


def test_an_undone_batch_leaves_no_trace(source: Source) -> None:
    with transaction.atomic():
        accept(source, posts(5), now=NOW, cursor={"n": 5})
        assert Mention.objects.count() == 5
        transaction.set_rollback(True)
    assert not Mention.objects.exists()
    assert not SeenMention.objects.exists()
    assert not MentionCount.objects.exists()
    assert Source.objects.get().cursor == {}
    assert accept(source, posts(5), now=NOW) == Accepted(new=5)


def test_sixteen_deliverers_of_the_same_posts_make_each_a_mention_once(
    transactional_db: None, brand: Brand
) -> None:
    source = SourceFactory.create(brand=brand)
    batch = posts(500, at=NOW - timedelta(minutes=1))
    outcomes: list[Accepted] = []
    ready = Barrier(16)

    def deliver(number: int) -> None:
        shuffled = batch[number * 31 :] + batch[: number * 31]
        ready.wait()
        try:
            parts = [shuffled[start : start + 125] for start in range(0, 500, 125)]
            outcomes.extend([accept(source, part, now=NOW) for part in parts])
        finally:
            connection.close()

    threads = [Thread(target=deliver, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 64
    assert sum(outcome.new for outcome in outcomes) == 500
    assert Mention.objects.count() == SeenMention.objects.count() == 500
    assert totals(brand) == {NOW.replace(second=0) - timedelta(minutes=1): 500}


def test_a_long_list_with_known_rows_is_scored_and_counted_as_if_it_were_short(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MAX_BATCH", 10)
    accept(source, posts(12), now=NOW)
    angry = [Post(f"a{n}", "This is terrible, I hate it, never again") for n in range(15)]
    assert accept(source, posts(20) + angry, now=NOW) == Accepted(new=23, known=12)
    monkeypatch.undo()
    other = SourceFactory.create(brand=source.brand)
    accept(other, angry[:1], now=NOW)
    marks = Mention.objects.filter(external_id__startswith="a").values_list(
        "sentiment", "sentiment_score", "confidence", "crisis_type", "lang"
    )
    assert len(set(marks)) == 1
    assert len(marks) == 16
    assert sum(totals(source.brand).values()) == Mention.objects.count() == 36


def test_a_large_batch_with_one_known_post_stores_the_others(source: Source) -> None:
    batch = posts(600, at=NOW)
    assert accept(source, [batch[321]], now=NOW) == Accepted(new=1)
    assert accept(source, batch, now=NOW) == Accepted(new=599, known=1)
    assert accept(source, batch, now=NOW) == Accepted(known=600)
    assert sum(totals(source.brand).values()) == Mention.objects.count() == 600
    assert SeenMention.objects.count() == 600
